import Foundation
import GramdexRescoring
import TestSupport
import Testing

@Suite("Formats of lists")
struct FormatRoundTripTests {
  /// Writes lists, and returns the path and the warnings.
  static func write(
    _ lists: [NBestList],
    _ options: NBestWritingOptions,
    to path: String
  ) throws -> [String] {
    let writer = try NBestWriter(path: path, options: options)
    for list in lists { try writer.write(list) }
    try writer.finish()
    return writer.warnings
  }

  /// Lists without what only their file says: places, and ranks that are those of the file.
  static func plain(_ lists: [NBestList]) -> [NBestList] {
    lists.map { list in
      var list = list
      list.source = NBestList.Source(file: "", line: 0)
      for index in list.hypotheses.indices { list.hypotheses[index].line = 0 }
      return list
    }
  }

  /// Lists with everything that can be said.
  static let rich = [
    NBestList(
      utterance: "a-1",
      hypotheses: [
        Hypothesis(
          rank: 2,
          text: "x \"y\" \\z é",
          scores: [.init("ac", -585.289), .init("lm", -1e-7), .init("ngram", -3)],
          extras: [ExtraField(name: "nwords", json: "4"), ExtraField(name: "who", json: "\"me\"")]
        ),
        Hypothesis(
          rank: 1,
          text: "",
          scores: [.init("ac", 1e22), .init("lm", -0.1), .init("ngram", 0)],
          extras: [
            ExtraField(name: "nwords", json: "0"), ExtraField(name: "who", json: "\"x17 \\\"\""),
          ]
        ),
      ],
      reference: "x y"
    ),
    NBestList(
      utterance: "b",
      hypotheses: [
        Hypothesis(
          rank: 1,
          text: "z",
          scores: [.init("ac", 1), .init("lm", 2), .init("ngram", -1.25)],
          extras: [ExtraField(name: "nwords", json: "1"), ExtraField(name: "who", json: "\"you\"")]
        )
      ],
      reference: "z"
    ),
  ]

  @Test(arguments: [NBestFormat.json, .jsonHypotheses, .tsv])
  func `formats with named fields keep everything`(format: NBestFormat) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("lists.gz")
    let warnings = try Self.write(Self.rich, NBestWritingOptions(format: format), to: path)
    #expect(warnings.isEmpty)
    #expect(try Self.plain(ListFiles.read([path])) == Self.rich)
  }

  @Test(arguments: [NBestFormat.srilm, .decipher1, .decipher2, .kaldi, .rnnlm, .text])
  func `other formats keep what they can and say what they cannot`(format: NBestFormat) throws {
    let folder = try TemporaryFolder()
    var lists = Self.rich
    for index in lists.indices {
      lists[index].hypotheses.removeAll { $0.text.isEmpty && format == .text }
      if format == .text { lists[index].utterance = String(index + 1) }
    }
    var options = NBestWritingOptions(format: format)
    options.totalScore = "ac"
    options.languageScore = "ngram"
    let path = folder.path("lists")
    let warnings = try Self.write(lists, options, to: path)
    #expect(warnings.contains { $0.contains("the reference") })
    #expect(warnings.contains { $0.contains("the field who") })
    let back = try ListFiles.read([path], NBestReadingOptions(format: format))
    #expect(back.map(\.utterance) == lists.map(\.utterance))
    #expect(back.map { $0.hypotheses.map(\.text) } == lists.map { $0.hypotheses.map(\.text) })
    func scores(_ lists: [NBestList], _ name: String) -> [Double?] {
      lists.flatMap { $0.hypotheses.map { $0[score: name] } }
    }
    switch format {
    case .kaldi:
      for name in ["ac", "lm", "ngram"] { #expect(scores(back, name) == scores(lists, name)) }
      #expect(back[0].hypotheses.map(\.rank) == [2, 1])
    case .srilm:
      #expect(scores(back, "ac") == scores(lists, "ac"))
      #expect(scores(back, "lm") == scores(lists, "ngram"))
      #expect(warnings.contains { $0.contains("the score lm") })
    case .decipher1, .decipher2: #expect(scores(back, "score") == scores(lists, "ac"))
    default: #expect(warnings.contains { $0.contains("the score ac") })
    }
    #expect(Set(warnings).count == warnings.count)
  }

  @Test(
    .enabled(if: SharedData.hasData, "\(SharedData.absent)"),
    arguments: ["nbest.jsonl", "nbest.tsv"]
  )
  func `the shared lists come back byte for byte`(name: String) throws {
    let folder = try TemporaryFolder()
    let source = SharedData.url(ListFiles.shared + "/" + name)
    let reader = try NBestReader([source.path])
    let first = try #require(try reader.next())
    let format = try #require(reader.format)
    let writer = try NBestWriter(path: folder.path(name), options: .init(format: format))
    try writer.write(first)
    while let list = try reader.next() { try writer.write(list) }
    try writer.finish()
    #expect(writer.warnings.isEmpty)
    #expect(reader.warnings.isEmpty)
    #expect(reader.consumedBytes == reader.totalBytes)
    #expect(try Data(contentsOf: source) == Data(contentsOf: URL(filePath: folder.path(name))))
  }

  @Test(arguments: [
    ("sample.nbest", NBestFormat.srilm), ("sample.nbest1", .decipher1),
    ("sample.nbest2", .decipher2),
    ("sample.rnnlm-nbest", .rnnlm),
  ])
  func `samples come back byte for byte`(name: String, format: NBestFormat) throws {
    let folder = try TemporaryFolder()
    let lists = try ListFiles.read([ListFiles.fixture(name)])
    let path = folder.path("out")
    #expect(try Self.write(lists, NBestWritingOptions(format: format), to: path).isEmpty)
    let written =
      format == .rnnlm ? path : path + "/sample." + (name.split(separator: ".").last ?? "")
    let expected = try String(contentsOfFile: ListFiles.fixture(name), encoding: .utf8)
    #expect(try String(contentsOfFile: written, encoding: .utf8) == expected)
  }

  @Test func `samples mean what they say`() throws {
    let srilm = try ListFiles.read([ListFiles.fixture("sample.nbest")])
    #expect(srilm.map(\.utterance) == ["sample"])
    #expect(srilm[0].hypotheses.map(\.text) == ["a b a", "a b"])
    #expect(srilm[0].hypotheses[1].scores == [.init("ac", -1792.08), .init("lm", -16.7978)])
    let timed = try ListFiles.read([ListFiles.fixture("sample.nbest2")])
    #expect(timed[0].hypotheses[0].text == "a b")
    #expect(
      timed[0].hypotheses[0].scores == [
        .init("score", -1820), .init("ac", -1420), .init("lm", -400),
      ]
    )
    let kaldi = try ListFiles.read([ListFiles.fixture("words_text")])
    #expect(kaldi.map(\.utterance) == ["utt1", "utt2"])
    #expect(kaldi[0].hypotheses[1].scores == [.init("ac", -1023.9), .init("nolm", -7.93)])
    let words = try ListFiles.read(
      [ListFiles.fixture("sample.rnnlm-nbest")],
      NBestReadingOptions(format: .rnnlm)
    )
    #expect(words.map(\.hypotheses.count) == [2, 1])
  }

  @Test func `a Kaldi folder is found by itself, with archives within`() throws {
    let folder = try TemporaryFolder()
    for (number, id) in [(10, "c"), (2, "b"), (1, "a")] {
      try folder.write("archives.\(number)/words_text", "\(id)-x-1 one two\n\(id)-x-2\n")
      try folder.write("archives.\(number)/acwt.gz", "\(id)-x-1 5\n\(id)-x-2 -0\n")
      try folder.write("archives.\(number)/lmwt.rnn", "\(id)-x-1 1.5\n\(id)-x-2 1e1\n")
      try folder.write("archives.\(number)/ali", "junk\n")
    }
    let reader = try NBestReader([folder.path("")])
    var lists: [NBestList] = []
    while let list = try reader.next() { lists.append(list) }
    #expect(lists.map(\.utterance) == ["a-x", "b-x", "c-x"])
    #expect(lists[0].hypotheses.map(\.text) == ["one two", ""])
    #expect(lists[2].hypotheses[1].scores == [.init("ac", 0), .init("rnn", -10)])
    #expect(reader.warnings.count == 3)
  }

  @Test func `log10 scores are named in JSON and become costs for Kaldi`() throws {
    let folder = try TemporaryFolder()
    var options = NBestWritingOptions(format: .json)
    options.log10Scores = ["ngram"]
    _ = try Self.write(Self.rich, options, to: folder.path("a.json"))
    let text = try String(contentsOfFile: folder.path("a.json"), encoding: .utf8)
    #expect(text.contains(#""base": {"ngram": "log10"}"#))
    let again = try ListFiles.read([folder.path("a.json")])
    options.log10Scores = ["lm"]
    _ = try Self.write(again, options, to: folder.path("b.json"))
    let both = try String(contentsOfFile: folder.path("b.json"), encoding: .utf8)
    #expect(both.contains(#""base": {"ngram": "log10", "lm": "log10"}"#))
    options = NBestWritingOptions(format: .kaldi)
    options.log10Scores = ["ngram"]
    _ = try Self.write(Self.rich, options, to: folder.path("kaldi"))
    let costs = try String(contentsOfFile: folder.path("kaldi/lmwt.ngram"), encoding: .utf8)
    #expect(costs == "a-1-2 6.907755278982138\na-1-1 0\nb-1 2.8782313662425576\n")
  }

  @Test func `SRILM's marks of sentences are no words, and are written again`() throws {
    let folder = try TemporaryFolder()
    try folder.write("in/u.1.nbest", "-1 -2 2 <s> a b </s>\n-3 -4 0 <s> </s>\n")
    let lists = try ListFiles.read([folder.path("in")])
    #expect(lists.map(\.utterance) == ["u.1"])
    #expect(lists[0].hypotheses.map(\.text) == ["a b", ""])
    _ = try Self.write(lists, NBestWritingOptions(format: .srilm), to: folder.path("out"))
    #expect(
      try String(contentsOfFile: folder.path("out/u.1.nbest"), encoding: .utf8)
        == "-1 -2 2 <s> a b </s>\n-3 -4 0 <s> </s>\n"
    )
  }

  @Test func `Decipher words that touch are kept, with a warning`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "u.nbest2",
      "NBestList2.0\n(-1) a ( st: 0.1 et: 0.3 g: -2 a: -7 ) b ( st: 0.3 et: 0.5 g: -1 a: -7 )\n"
    )
    let reader = try NBestReader([path])
    #expect(try reader.next()?.hypotheses.first?.text == "a b")
    #expect(try reader.next() == nil)
    #expect(reader.warnings.first?.contains("1 words begin") == true)
  }

  @Test func `what a format cannot hold at all is an error`() throws {
    let folder = try TemporaryFolder()
    let empty = NBestList(utterance: "u", hypotheses: [])
    let silent = NBestList(utterance: "u", hypotheses: [Hypothesis(rank: 1, text: "")])
    let spaced = NBestList(utterance: "u\tv", hypotheses: [Hypothesis(rank: 1, text: "a")])
    let infinite = NBestList(
      utterance: "u",
      hypotheses: [Hypothesis(rank: 1, text: "a", scores: [.init("x", -.infinity)])]
    )
    let cases: [(NBestList, NBestFormat)] = [
      (empty, .tsv), (empty, .kaldi), (empty, .rnnlm), (empty, .text), (empty, .jsonHypotheses),
      (silent, .text), (spaced, .tsv), (spaced, .kaldi), (spaced, .rnnlm), (infinite, .json),
      (infinite, .tsv), (silent, .srilm), (silent, .decipher1),
    ]
    for (index, (list, format)) in cases.enumerated() {
      let error = #expect(throws: NBestError.self, "\(format)") {
        try Self.write([list], NBestWritingOptions(format: format), to: folder.path("x\(index)"))
      }
      guard case .cannotWrite = error?.problem else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(folder.listing().filter { !$0.contains("/") && $0.hasSuffix(".tmp") }.isEmpty)
    _ = try Self.write([empty], NBestWritingOptions(format: .json), to: folder.path("empty.json"))
    #expect(try ListFiles.read([folder.path("empty.json")])[0].hypotheses.isEmpty)
  }

  @Test(.enabled(if: SharedData.hasData, "\(SharedData.absent)"))
  func `conversions keep what both formats can hold`() throws {
    let folder = try TemporaryFolder()
    let lists = try ListFiles.read([SharedData.url(ListFiles.shared + "/nbest.jsonl").path])
    func hypotheses(_ lists: [NBestList]) -> [[[String]]] {
      lists.map { list in
        list.hypotheses.map {
          [list.utterance, $0.text, "\($0.scores.map(\.value))", "\($0.rank)"]
        }
      }
    }
    var path = SharedData.url(ListFiles.shared + "/nbest.jsonl").path
    for (index, format) in [NBestFormat.kaldi, .tsv, .jsonHypotheses, .json, .srilm].enumerated() {
      let next = folder.path("step\(index)")
      let given = try ListFiles.read([path])
      _ = try Self.write(given, NBestWritingOptions(format: format), to: next)
      path = next
    }
    let back = try ListFiles.read([path])
    #expect(hypotheses(back) == hypotheses(lists.sorted { $0.utterance < $1.utterance }))
  }
}
