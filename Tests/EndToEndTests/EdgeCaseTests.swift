import Foundation
import TestSupport
import Testing

/// What `info --json` says, as far as these tests look.
struct IndexInfo: Decodable {
  var order: Int
  var ngrams: [Int]
  var vocabulary: Int
}

@Suite("gramdex build on unusual texts", .needsBinary)
struct EdgeCaseTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  private func info() throws -> IndexInfo {
    let outcome = try BuiltBinary.run("info", workshop.index(), "--json")
    try #require(outcome.exitCode == 0, "\(outcome)")
    return try outcome.json(IndexInfo.self)
  }

  @Test(arguments: [1, 2, 3, 5, 9])
  func `every order answers`(order: Int) throws {
    try workshop.mustBuild(Texts.small, "index", ["--order", "\(order)"])
    #expect(try info().order == order)
    #expect(try info().ngrams.count == order)
    let words = try #require(try workshop.scores("the cat sat\n").sentences.first)
    #expect(words.map(\.word) == ["the", "cat", "sat", "</s>"])
    #expect(words.allSatisfy { $0.log10Probability < 0 && $0.log10Probability > -20 })
    #expect(words.map(\.order).max() == min(order, 5))
  }

  @Test(arguments: ["", "\n", "\n\n \t\n", "<s> </s>\n"])
  func `a text without words is refused`(text: String) throws {
    let outcome = try workshop.build(text)
    #expect(outcome.exitCode == 65, "\(outcome)")
    #expect(outcome.errorText.hasPrefix("gramdex: "))
    #expect(workshop.files().isEmpty)
  }

  @Test func `one word is enough`() throws {
    try workshop.mustBuild("word")
    #expect(try info().ngrams == [4, 2, 1, 0, 0])
    #expect(try workshop.scores("word\n").sentences[0].map(\.order) == [2, 3])
  }

  @Test func `one sentence is enough`() throws {
    try workshop.mustBuild("a b a\n")
    #expect(try workshop.scores("a b\n").sentences[0].count == 3)
  }

  @Test func `a vocabulary of one word is enough`() throws {
    try workshop.mustBuild(String(repeating: "a a a a\n", count: 50))
    #expect(try info().vocabulary == 4)
  }

  @Test func `blank lines are no sentences`() throws {
    try workshop.mustBuild("\n\na b\n\n \nb a\n\n", "blank")
    try workshop.mustBuild("a b\nb a\n", "plain")
    let name = try #require(workshop.files(of: "plain").first { $0.hasSuffix(".mdb") })
    #expect(try workshop.contents(of: "blank")[name] == workshop.contents(of: "plain")[name])
  }

  @Test func `a line of a megabyte is a sentence`() throws {
    let line = String(repeating: "the cat sat on the mat ", count: 45_000) + "\n"
    try workshop.mustBuild(line)
    #expect(try workshop.scores(line).sentences[0].count == 270_001)
  }

  @Test func `a word of 64 KB is a word`() throws {
    let word = String(repeating: "x", count: 64 << 10)
    try workshop.mustBuild("a \(word) b\n")
    let words = try workshop.scores("a \(word) b\n").sentences[0]
    #expect(words.map(\.order) == [2, 3, 4, 5])
    #expect(words[1].word == word)
  }

  @Test func `separators are space, tab, CR and NUL, and a byte order mark is dropped`() throws {
    try workshop.mustBuild("\u{FEFF}a\tb  c\r\nd\0e\u{0B}f g\u{A0}h\n")
    let words = try workshop.scores("a b c\nd e\u{0B}f g\u{A0}h\n").sentences
    #expect(words.flatMap { $0 }.allSatisfy { $0.order > 1 })
    #expect(try info().vocabulary == 3 + 6)
  }

  @Test func `invalid UTF-8 keeps its bytes`() throws {
    let text = Data([0x61, 0x20, 0xFF, 0xFE, 0x20, 0xC3, 0x0A, 0x61, 0x20, 0xC3, 0x0A])
    let outcome = try workshop.build(text)
    try #require(outcome.exitCode == 0, "\(outcome)")
    #expect(try info().vocabulary == 3 + 3)
    var setting = BuiltBinary.Setting()
    setting.input = .data(Data([0x61, 0x20, 0xC3, 0x0A]))
    let answer = try BuiltBinary.run(
      ["query", workshop.index(), "-", "--format", "kenlm"],
      setting: setting
    )
    #expect(answer.output.firstRange(of: Data([0xC3, 0x3D])) != nil, "\(answer)")
    #expect(answer.outputText.contains("OOV: 0"))
  }

  @Test func `reserved words in the text are skipped, and the unknown word is an event`() throws {
    try workshop.mustBuild("<s> a <unk> b </s>\n", "marked")
    try workshop.mustBuild("a <unk> b\n", "plain")
    let name = try #require(workshop.files(of: "plain").first { $0.hasSuffix(".mdb") })
    #expect(try workshop.contents(of: "marked")[name] == workshop.contents(of: "plain")[name])
  }

  @Test(.enabled(if: SharedData.hasData, "\(SharedData.absent)"))
  func `the nastiest text builds, verifies and answers`() throws {
    let nasty = SharedData.url("data/dev/lm/nasty.txt").path
    let outcome = try BuiltBinary.run(
      "build",
      nasty,
      "--output",
      workshop.index(),
      "--order",
      "3",
      "--memory",
      "256M"
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
    for oddity in ["UTF-8", "NUL", "blank"] {
      #expect(
        outcome.errorText.contains(oddity) || outcome.outputText.contains(oddity),
        "\(outcome)"
      )
    }
    let check = try BuiltBinary.run("verify", workshop.index())
    #expect(check.exitCode == 0, "\(check)")
    let answer = try BuiltBinary.run("perplexity", workshop.index(), nasty, "--json")
    #expect(answer.exitCode == 0, "\(answer)")
  }
}
