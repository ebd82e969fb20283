import Foundation
import GramdexRescoring
import GramdexStorage
import TestSupport
import Testing

@Suite("Bad lists")
struct BadListTests {
  @Test func `wrong JSON names the line and the place`() throws {
    let good = #"{"utt":"u","nbest":[{"text":"a","ac":1}]}"# + "\n"
    let cases: [(String, NBestError.Problem)] = [
      (#"{"nbest":[]}"#, .missingID),
      (#"{"utt":"","nbest":[]}"#, .missingID),
      (
        #"{"utt":"v","nbest":[{"ac":1}]}"#,
        .missingField(name: "text", alternatives: ["words", "hyp"])
      ),
      (#"{"utt":"v"}"#, .missingField(name: "nbest", alternatives: ["hypotheses"])),
      (#"{"utt":"v","nbest":[{"text":"a","ac":NaN}]}"#, .notFinite(score: "ac", text: "NaN")),
      (
        #"{"utt":"v","nbest":[{"text":"a","ac":-Infinity}]}"#,
        .notFinite(score: "ac", text: "-Infinity")
      ),
      (#"{"utt":"v","nbest":[{"text":"a","ac":1e999}]}"#, .notFinite(score: "ac", text: "1e999")),
      (
        #"{"utt":"v","nbest":[{"text":"a","scores":{"ac":"x"}}]}"#,
        .notANumber(score: "ac", text: "\"x\"")
      ),
      (
        #"{"utt":"v","nbest":[{"text":"a","ac":1},{"text":"b"}]}"#,
        .missingScore(score: "ac", utterance: "v")
      ),
      (#"{"utt":"v","nbest":[{"text":"a","ac":1,"ac":2}]}"#, .fieldTwice(name: "ac")),
      (
        #"{"utt":"v","nbest":[{"text":"a","rank":1},{"text":"b","rank":1}]}"#,
        .duplicateRank(rank: 1, utterance: "v", firstLine: 2)
      ),
      (#"{"utt":"v","nbest":[]"#, .malformedJSON(column: 22, expected: "',' or '}'")),
      (#"{"utt":"v","nbest":[]} x"#, .malformedJSON(column: 24, expected: "the end of the line")),
      (#"["u"]"#, .malformedJSON(column: 1, expected: "'{'")),
    ]
    for (line, problem) in cases {
      let error = try #require(
        try ListFiles.error(good + line, NBestReadingOptions(format: .json)),
        "\(line)"
      )
      #expect(error.line == 2, "\(line)")
      #expect(error.problem == problem, "\(line)")
      #expect(error.description.hasPrefix("lists, line 2: "))
    }
  }

  @Test(arguments: [NBestFormat.json, .jsonHypotheses, .tsv, .rnnlm])
  func `an utterance that is split names both places`(format: NBestFormat) throws {
    let folder = try TemporaryFolder()
    let list = NBestList(utterance: "u", hypotheses: [Hypothesis(rank: 1, text: "a")])
    var other = list
    other.utterance = "v"
    var third = list
    third.hypotheses[0].rank = 2
    let path = folder.path("x")
    _ = try FormatRoundTripTests.write([list, other, third], .init(format: format), to: path)
    let error = #expect(throws: NBestError.self) {
      try ListFiles.read([path], NBestReadingOptions(format: format))
    }
    let first = format == .tsv ? 2 : 1
    #expect(error?.line == first + 2)
    #expect(error?.problem == .splitUtterance(id: "u", firstFile: path, firstLine: first))
    var options = NBestReadingOptions(format: format)
    options.gathers = true
    if format != .json {
      let lists = try ListFiles.read([path], options)
      #expect(lists.map { $0.hypotheses.count } == [2, 1])
    }
    #expect(throws: NBestError.self) {
      try ListFiles.read([path, path], NBestReadingOptions(format: format))
    }
  }

  @Test func `bytes that are no UTF-8 name the line`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("x.tsv", Data("u\ta\nu\t".utf8) + Data([0xC3, 0x28, 0x0A]))
    let error = #expect(throws: NBestError.self) { try ListFiles.read([path]) }
    #expect(error?.problem == .notUTF8)
    #expect(error?.line == 2)
  }

  @Test func `values that are nested without end are refused`() throws {
    let deep = String(repeating: "[", count: 100_000)
    for contents in [
      deep, #"{"utt":"u","x":"# + deep, #"{"utt":"u","nbest":[{"text":"a","x":"# + deep,
    ] {
      let error = try ListFiles.error(contents, NBestReadingOptions(format: .json))
      guard case .malformedJSON = error?.problem else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func `folders are read with those within, and one without lists is an error`() throws {
    let folder = try TemporaryFolder()
    try folder.write("b/2.nbest", "-1 -1 1 x\n")
    try folder.write("a/deep/1.nbest", "\n-1 -1 1 y\n")
    try folder.write(".hidden", "junk")
    #expect(try ListFiles.read([folder.path("")]).map(\.utterance) == ["1", "2"])
    let empty = try TemporaryFolder()
    let error = #expect(throws: NBestError.self) { try ListFiles.read([empty.path("")]) }
    #expect(error?.problem == .emptyFolder)
    #expect(throws: NBestError.self) { try ListFiles.read([]) }
    #expect(throws: NBestError.self) { try ListFiles.read(["-", "-"]) }
    #expect(throws: CompressionError.self) { try ListFiles.read([empty.path("none")]) }
  }

  @Test func `a truncated gzip file is an error`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x.gz")
    var output = try CompressedOutput(path: path)
    for number in 0..<500 { try output.write("{\"utt\":\"\(number)\",\"nbest\":[]}\n") }
    try output.finish()
    let whole = try Data(contentsOf: URL(filePath: path))
    let cut = try folder.write("cut.gz", whole.prefix(whole.count - 20))
    #expect(throws: CompressionError.self) { try ListFiles.read([cut]) }
  }

  @Test func `long lists and long hypotheses are read`() throws {
    let long = (0..<5000).map { "w\($0)" }.joined(separator: " ")
    var lines = "#utt\tac\ttext\nlong\t1\t\(long)\n"
    for number in 0..<10_000 { lines += "many\t\(number)\tword \(number)\n" }
    let lists = try ListFiles.lists(lines)
    #expect(lists[0].hypotheses[0].words.count == 5000)
    #expect(lists[1].hypotheses.count == 10_000)
    let folder = try TemporaryFolder()
    _ = try FormatRoundTripTests.write(lists, .init(format: .json), to: folder.path("x"))
    let back = try ListFiles.read([folder.path("x")])
    #expect(back.map(\.hypotheses.count) == [1, 10_000])
    #expect(back[1].hypotheses.last?.text == "word 9999")
  }

  @Test func `a format that cannot be told is asked for`() throws {
    for contents in ["a b c\n", "", "\n\n"] {
      let error = try #require(try ListFiles.error(contents))
      guard case .unknownFormat = error.problem else {
        Issue.record("\(error)")
        continue
      }
      #expect(error.description.contains("json-hypotheses"))
    }
    #expect(
      try ListFiles.lists("a b\nc\n\n\nd\n", .init(format: .text)).map(\.utterance) == ["1", "2"]
    )
  }

  @Test func `files of a Kaldi folder must go together`() throws {
    func problem(_ acwt: String) throws -> NBestError? {
      let folder = try TemporaryFolder()
      try folder.write("words_text", "u-1 a\nu-2 b\n")
      try folder.write("acwt", acwt)
      do {
        _ = try ListFiles.read([folder.path("")])
        return nil
      } catch let error as NBestError {
        return error
      }
    }
    let other = try #require(try problem("u-1 1\nv-2 2\n"))
    #expect(other.line == 2)
    guard case .keysDiffer("v-2", "u-2", _, 2) = other.problem else {
      Issue.record("\(other)")
      return
    }
    let short = try #require(try problem("u-1 1\n"))
    guard case .endsEarly("u-2", _, 2) = short.problem else {
      Issue.record("\(short)")
      return
    }
    let long = try #require(try problem("u-1 1\nu-2 2\nu-3 3\n"))
    guard case .endsEarly("u-3", _, 3) = long.problem else {
      Issue.record("\(long)")
      return
    }
    #expect(try problem("u-1 1\nu-2 x\n")?.problem == .notANumber(score: "ac", text: "x"))
  }

  @Test func `a file without ids gets a warning`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("x.rnnlm-nbest", "the cat sat\na cat sat\nthis cat sat\n")
    let reader = try NBestReader([path])
    while try reader.next() != nil {}
    #expect(reader.warnings.first?.contains("begins with its utterance's id") == true)
  }

  @Test func `no mutation of a sample crashes a reader`() throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 7)
    let rich = folder.path("rich.json")
    _ = try FormatRoundTripTests.write(FormatRoundTripTests.rich, .init(format: .json), to: rich)
    let hypotheses = folder.path("rich.jsonl")
    _ = try FormatRoundTripTests.write(
      FormatRoundTripTests.rich,
      .init(format: .jsonHypotheses),
      to: hypotheses
    )
    let tsv = folder.path("rich.tsv")
    _ = try FormatRoundTripTests.write(FormatRoundTripTests.rich, .init(format: .tsv), to: tsv)
    let names = [
      "sample.nbest", "sample.nbest1", "sample.nbest2", "sample.rnnlm-nbest", "words_text",
    ].map(ListFiles.fixture)
    var outcomes = (read: 0, refused: 0)
    for source in names + [rich, hypotheses, tsv] {
      let bytes = Array(try Data(contentsOf: URL(filePath: source)))
      for round in 0..<60 {
        let mutated = Self.mutate(bytes, &generator)
        let format = NBestFormat.allCases[round % NBestFormat.allCases.count]
        let path = try folder.write("mutated", Data(mutated))
        for options in [NBestReadingOptions(), NBestReadingOptions(format: format)] {
          do {
            let lists = try ListFiles.read([path], options)
            try Self.rewrite(lists, folder.path("again"))
            outcomes.read += 1
          } catch is NBestError {
            outcomes.refused += 1
          } catch is CompressionError {
            outcomes.refused += 1
          }
        }
        _ = try? References(reading: path)
      }
    }
    #expect(outcomes.read > 100)
    #expect(outcomes.refused > 100)
  }

  /// What was read can be written and read again, the same.
  private static func rewrite(_ lists: [NBestList], _ path: String) throws {
    _ = try FormatRoundTripTests.write(lists, .init(format: .json), to: path)
    let again = try ListFiles.read([path], NBestReadingOptions(format: .json))
    #expect(FormatRoundTripTests.plain(again) == FormatRoundTripTests.plain(lists))
  }

  /// A few bytes changed, left out, put in or repeated.
  static func mutate(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    let signs = Array("{}[]\":,\t\n -.e0\\()=#\u{1}".utf8) + [0xFF, 0xC3, 0, 0x0D]
    for _ in 0...generator.next(below: 3) where !bytes.isEmpty {
      let place = generator.next(below: bytes.count)
      let sign = signs[generator.next(below: signs.count)]
      switch generator.next(below: 5) {
      case 0: bytes[place] = sign
      case 1: bytes.insert(sign, at: place)
      case 2: bytes.remove(at: place)
      case 3:
        let end = min(bytes.count, place + 1 + generator.next(below: 20))
        bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
      default: bytes.removeSubrange(place..<min(bytes.count, place + generator.next(below: 30)))
      }
    }
    return bytes
  }
}
