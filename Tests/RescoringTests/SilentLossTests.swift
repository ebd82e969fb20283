import Foundation
import GramdexRescoring
import TestSupport
import Testing

@Suite("Nothing is lost silently")
struct SilentLossTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private static func list(
    _ id: String,
    _ text: String = "a",
    reference: String? = nil,
    scores: [Hypothesis.Score] = [],
    extras: [ExtraField] = []
  ) -> NBestList {
    NBestList(
      utterance: id,
      hypotheses: [Hypothesis(rank: 1, text: text, scores: scores, extras: extras)],
      reference: reference
    )
  }

  private func write(_ lists: [NBestList], _ options: NBestWritingOptions) throws -> (
    path: String, warnings: [String]
  ) {
    let path = folder.path("out")
    return (path, try FormatRoundTripTests.write(lists, options, to: path))
  }

  private func refusal(_ lists: [NBestList], _ options: NBestWritingOptions) -> String {
    let error = #expect(throws: NBestError.self) { try write(lists, options) }
    return error.map { "\($0)" } ?? ""
  }

  @Test func `a list without a reference among others has none when it is read again`() throws {
    let lists = [Self.list("u", reference: "a b"), Self.list("v")]
    let back = try ListFiles.read([try write(lists, .init(format: .tsv)).path])
    #expect(back.map(\.reference) == ["a b", nil])
  }

  @Test func `references that TSV cannot hold are refused`() throws {
    var options = NBestWritingOptions(format: .tsv)
    let late = [Self.list("u"), Self.list("v", reference: "a")]
    #expect(refusal(late, options).contains("utterance v has a reference where the first list"))
    #expect(refusal([Self.list("u", reference: "")], options).contains("empty reference"))
    options.extraColumns = ["ref"]
    #expect(try ListFiles.read([try write(late, options).path]).map(\.reference) == [nil, "a"])
  }

  @Test func `columns that are named are written even if the first list lacks them`() throws {
    var options = NBestWritingOptions(format: .tsv)
    options.extraColumns = ["estimated"]
    let lists = [
      Self.list("u"), Self.list("v", extras: [ExtraField(name: "estimated", json: "true")]),
    ]
    let (path, warnings) = try write(lists, options)
    #expect(warnings.isEmpty)
    #expect(
      try String(contentsOfFile: path, encoding: .utf8)
        == "#utt-id-rank\testimated\ttext\nu-1\t\ta\nv-1\ttrue\ta\n"
    )
    #expect(try ListFiles.read([path])[1].hypotheses[0].extras.map(\.name) == ["estimated"])
    options.extraColumns = ["a\tb"]
    #expect(refusal(lists, options).contains("gets a column called"))
  }

  @Test func `of several columns with text the preferred one counts and others are kept`() throws {
    let list = try ListFiles.lists("#id\tutt\thyp\ttext\tlm\n7\tu\tx y\ta b\t-1\n", name: "x.tsv")[
      0
    ]
    #expect(list.utterance == "u")
    #expect(list.hypotheses[0].text == "a b")
    #expect(
      list.hypotheses[0].extras
        == [ExtraField(name: "id", json: "\"7\""), ExtraField(name: "hyp", json: "\"x y\"")]
    )
  }

  @Test(arguments: [
    "#utt\tref\treference\ttext", "#utt-id-rank\trank\ttext", "#utt-id-rank\tutt\ttext",
  ])
  func `two columns that say the same are refused`(header: String) throws {
    let error = try #require(try ListFiles.error(header + "\nu-1\t1\tb\tc\n", name: "x.tsv"))
    #expect(error.line == 1 && error.description.contains("which say the same"))
  }

  @Test func `parts that are gathered may not contradict each other`() throws {
    let other = "{\"utt\":\"v\",\"nbest\":[\"a\"]}\n"
    func error(_ first: String, _ second: String) throws -> NBestError? {
      try ListFiles.error(
        "{\"utt\":\"u\",\(first),\"nbest\":[\"a\"]}\n\(other){\"utt\":\"u\",\(second),\"nbest\":[\"b\"]}\n",
        .gathering
      )
    }
    #expect(try error(#""ref":"x","who":1"#, #""ref":"x","who":1"#) == nil)
    for (name, first, second) in [
      ("ref", #""ref":"x""#, #""ref":"y""#), ("who", #""who":1"#, #""who":2"#),
    ] {
      let error = try #require(try error(first, second))
      #expect(error.line == 3)
      #expect(
        error.problem
          == .wrongField(name: name, expected: "the same in all hypotheses of an utterance")
      )
    }
  }

  @Test func `errors in gathered lists name the file of the line`() throws {
    let first = try folder.write("a.tsv", "#utt-id-rank\tlm\ttext\nu-1\t1\ta\n")
    let second = try folder.write("b.tsv", "#utt-id-rank\tlm\ttext\nv-1\t1\ta\nu-1\t1\tb\n")
    let error = #expect(throws: NBestError.self) {
      try ListFiles.read([first, second], .gathering)
    }
    #expect(error?.file == second && error?.line == 3)
    #expect(error?.description.contains("the first on line 2 of \(first)") == true)
    let third = try folder.write("c.tsv", "#utt-id-rank\tam\ttext\nw-1\t1\ta\nu-2\t1\tb\n")
    let missing = #expect(throws: NBestError.self) {
      try ListFiles.read([first, third], .gathering)
    }
    #expect(missing?.problem == .missingScore(score: "am", utterance: "u"))
    #expect(missing?.file == first && missing?.line == 2)
    var options = NBestReadingOptions.gathering
    options.missingScore = 0
    let list = try ListFiles.read([first, third], options)[0]
    // A line of another file than the list's would be looked for in the wrong place.
    #expect(list.source.file == first && list.hypotheses.map(\.line) == [2, 0])
  }

  @Test func `scores of a timed hypothesis without words are noted`() throws {
    var options = NBestWritingOptions(format: .decipher2)
    options.totalScore = "ac"
    let silent = Self.list("u", "", scores: [.init("ac", -2), .init("lm", 0)])
    #expect(try write([silent], options).warnings.contains { $0.contains("without words") })
    let zero = Self.list("u", "", scores: [.init("ac", 0), .init("lm", 0)])
    #expect(try write([zero], options).warnings.isEmpty)
  }

  @Test func `Kaldi's words under another name are read without scores, with a warning`() throws {
    let path = try folder.write("hyps", "u-1 a\n")
    let reader = try NBestReader([path], options: .init(format: .kaldi))
    #expect(try reader.next()?.hypotheses.map(\.text) == ["a"])
    #expect(try reader.next() == nil)
    #expect(reader.warnings.count == 1 && reader.warnings[0].contains("read without scores"))
  }

  @Test func `a folder with scores of other lists is refused`() throws {
    for name in ["lmwt.old", "acwt.gz", "words_text.zst"] {
      let folder = try TemporaryFolder()
      try folder.write("k/\(name)", "")
      try folder.write("k/acwt", "")
      try folder.write("k/ali", "")
      let error = #expect(throws: NBestError.self) {
        try FormatRoundTripTests.write(
          [Self.list("u", scores: [.init("ac", 1)])],
          .init(format: .kaldi),
          to: folder.path("k")
        )
      }
      #expect(error?.description.contains("remove \(name) or") == true)
      #expect(!folder.listing("k").contains("words_text"))
    }
  }

  @Test func `the bytes of Kaldi's scores count in the total`() throws {
    try folder.write("k/words_text", "u-1 a\nu-2 b\n")
    try folder.write("k/acwt", "u-1 1\nu-2 2\n")
    try folder.write("k/ali", "not read")
    let reader = try NBestReader([folder.path("k")])
    #expect(reader.totalBytes == 24)
    while try reader.next() != nil {}
    #expect(reader.consumedBytes == 24)
  }

  @Test func `scores find their columns without being named`() throws {
    let kaldi = Self.list("u", scores: [.init("am", -1), .init("nolm", -2)])
    let (path, _) = try write([kaldi], .init(format: .srilm))
    #expect(try String(contentsOfFile: path + "/u.nbest", encoding: .utf8) == "-1 -2 1 a\n")
    var options = NBestWritingOptions(format: .srilm)
    options.languageScore = "am"
    let text = try write([kaldi], options).path + "/u.nbest"
    #expect(try String(contentsOfFile: text, encoding: .utf8) == "-2 -1 1 a\n")
    let single = Self.list("u", scores: [.init("ac", -3)])
    #expect(refusal([single], .init(format: .srilm)).contains("--language-score"))
    let decipher = try write([single], .init(format: .decipher1)).path + "/u.nbest1"
    #expect(try String(contentsOfFile: decipher, encoding: .utf8) == "NBestList1.0\n(-3) a\n")
    let total = Self.list("u", scores: [.init("ac", -3), .init("total", -7)])
    _ = try write([total], .init(format: .decipher1))
    #expect(try String(contentsOfFile: decipher, encoding: .utf8) == "NBestList1.0\n(-7) a\n")
    #expect(refusal([kaldi], .init(format: .decipher1)).contains("--weight NAME=VALUE"))
    options.languageScore = "rnn"
    #expect(refusal([kaldi], options).contains("no score rnn"))
  }

  @Test(arguments: ["a/b%", ".hidden", "100%25", "é.1", ".."])
  func `any id can name a file`(id: String) throws {
    let list = Self.list(id, scores: [.init("ac", -1), .init("lm", -2)])
    let back = try ListFiles.read([try write([list], .init(format: .srilm)).path])
    #expect(back.map(\.utterance) == [id])
  }

  @Test func `a combining mark after a space does not glue words`() throws {
    // A hypothesis of two words, of which the second begins with a vowel sign.
    let text = "\u{0915} \u{0941}\u{0916}"
    #expect(Hypothesis(rank: 1, text: text).words.count == 2)
    #expect(WordAlignment(of: text, reference: "\u{0915}").counts.insertions == 1)
    #expect(ErrorCounts(of: text, reference: text).correct == 2)
    var confusions = Confusions()
    confusions.add(WordAlignment(of: text, reference: "x y"), hypothesis: text, reference: "x y")
    #expect(confusions.commonest(9).map(\.count) == [1, 1])
    let weighted = WeightedTexts(texts: [text], totals: [0], scale: 1)
    var builder = WordMeshBuilder()
    builder.add(weighted)
    let mesh = builder.mesh(name: "u", numbers: weighted.numbers)
    #expect(mesh.places.count == 2)
    #expect(try WordMesh(text: mesh.text, file: "m") == mesh)
  }

  @Test func `meshes with lines that end in CR and LF are read`() throws {
    let text = "name u\r\nnumaligns 1\r\nposterior 1\r\nalign 0 a 1\r\n"
    let mesh = try WordMesh(text: text, file: "m")
    #expect(mesh.name == "u" && mesh.consensus == "a")
    let error = #expect(throws: WordMeshError.self) {
      try WordMesh(text: "name u\r\nnumaligns x\r\n", file: "m")
    }
    #expect(error?.line == 2)
  }

  @Test func `the number of words is what it is in rescoring`() throws {
    let list = Self.list("u", "a b c", scores: [.init("words", 40), .init("ac", 1)])
    let rule = TotalRule(ScoreWeights([.init("words", 2), .init("oov", 0), .init("ac", 1)]))
    #expect(try rule.totals(of: list) == [7])
    let error = #expect(throws: TotalRuleError.self) {
      try TotalRule(ScoreWeights([.init("oov", -1)])).totals(of: list)
    }
    #expect(error?.description.contains("--score total") == true)
  }
}
