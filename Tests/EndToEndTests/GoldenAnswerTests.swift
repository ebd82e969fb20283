import Foundation
import TestSupport
import Testing

@Suite(
  "gramdex against lmplz and query",
  .needsBinary,
  .enabled(if: SharedData.hasGolden, "\(SharedData.absent)")
)
struct GoldenAnswerTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  /// The report of `perplexity --json`, as far as these tests look.
  struct Report: Decodable {
    var tokens: Int
    var oov: Int
    var perplexity: Double
    var perplexityExcludingOOV: Double
  }

  private func flags(_ model: GoldenModel) -> [String] {
    let options = model.options
    var flags = ["--order", "\(options.order)", "--lmplz-compatible"]
    if !options.pruningThresholds.isEmpty {
      flags += ["--prune", options.pruningThresholds.map { "\($0)" }.joined(separator: ",")]
    }
    if options.limitVocabulary != nil { flags += ["--limit-vocabulary", model.wordList.path] }
    if options.vocabularyPadding > 0 {
      flags += ["--vocabulary-padding", "\(options.vocabularyPadding)"]
    }
    if !options.interpolateUnigrams { flags += ["--interpolate-unigrams", "false"] }
    if options.discountFallback != [0.5, 1, 1.5] {
      flags += [
        "--discount-fallback",
        options.discountFallback.map { "\($0)" }.joined(separator: ","),
      ]
    }
    return flags
  }

  private func build(_ model: GoldenModel) throws {
    let outcome = try BuiltBinary.run(
      ["build", model.text.path, "--output", workshop.index()] + flags(model)
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
  }

  @Test(arguments: GoldenModel.toy + GoldenModel.micro + GoldenModel.wikitext)
  func `export writes what lmplz writes`(model: GoldenModel) throws {
    try build(model)
    let path = workshop.folder.path("model.arpa")
    let outcome = try BuiltBinary.run("export", workshop.index(), "--output", path)
    try #require(outcome.exitCode == 0, "\(outcome)")
    let golden = try model.arpa()
    let exported = ArpaText(try Data(contentsOf: URL(filePath: path)))
    #expect(exported.announced == golden.announced)
    for (order, expected) in golden.entries.enumerated() {
      let actual = exported.entries[order]
      #expect(Set(actual.keys) == Set(expected.keys), "n-grams of order \(order + 1)")
      for (ngram, entry) in expected {
        let found = actual[ngram] ?? .init(log10Probability: .infinity, log10Backoff: 0)
        let isClose =
          abs(found.log10Backoff - entry.log10Backoff) < 1e-5
          && (abs(found.log10Probability - entry.log10Probability) < 1e-5 || ngram == ["<s>"])
        #expect(isClose, "\(ngram): \(found) against \(entry)")
      }
    }
  }

  @Test(arguments: (GoldenModel.toy + GoldenModel.wikitext).filter { $0.testText != nil })
  func `query and perplexity answer what KenLM answers`(model: GoldenModel) throws {
    try build(model)
    let golden = try model.query()
    let text = try #require(model.testText?.path)
    let outcome = try BuiltBinary.run("query", workshop.index(), text, "--format", "kenlm")
    try #require(outcome.exitCode == 0, "\(outcome)")
    let answer = KenLMQuery(outcome.output)
    try #require(answer.sentences.count == golden.sentences.count)
    for (actual, expected) in zip(answer.sentences, golden.sentences) {
      #expect(actual.map(\.word) == expected.map(\.word))
      #expect(actual.map(\.order) == expected.map(\.order))
      let differences = zip(actual, expected).map { abs($0.log10Probability - $1.log10Probability) }
      #expect((differences.max() ?? 0) < 1e-5)
    }
    for (name, value) in golden.report {
      let found = answer.report[name] ?? .nan
      #expect(abs(found / value - 1) < 5e-5 || found == value, "\(name): \(found), \(value)")
    }
    let report = try BuiltBinary.run("perplexity", workshop.index(), text, "--json")
      .json(Report.self)
    #expect(Double(report.tokens) == golden.report["Tokens"])
    #expect(Double(report.oov) == golden.report["OOVs"])
    let including = golden.report["Perplexity including OOVs"] ?? .nan
    #expect(abs(report.perplexity / including - 1) < 5e-5)
    let excluding = golden.report["Perplexity excluding OOVs"] ?? .nan
    #expect(abs(report.perplexityExcludingOOV / excluding - 1) < 5e-5)
  }

  /// The lines of a WikiText-2 file as they were for KenLM: no blank lines, no headings, `UNK` for `<unk>`.
  private func preparedWikiText(_ name: String) throws -> String {
    let text = try SharedData.contents("data/dev/lm/wikitext2/\(name).txt")
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").filter { line in
      let first = line.first { $0 != " " }
      return first != nil && first != "="
    }
    return lines.joined(separator: "\n").replacing("<unk>", with: "UNK") + "\n"
  }

  @Test(.enabled(if: SharedData.hasData, "\(SharedData.absent)"), arguments: 2...5)
  func `perplexity of WikiText-2 is KenLM's to four digits`(order: Int) throws {
    let train = try workshop.folder.write("train.txt", preparedWikiText("valid"))
    let test = try workshop.folder.write("test.txt", preparedWikiText("test"))
    let golden = String(decoding: try SharedData.contents("golden/ppl_wt2.txt"), as: UTF8.self)
    let line = try #require(
      golden.split(separator: "\n").first { $0.hasPrefix("kenlm wt2valid->test o\(order) ") }
    )
    let numbers = line.split { " \t".contains($0) }.compactMap { Double($0) }
    try #require(numbers.count == 4)
    for (layout, tolerance) in [("exact", 5e-5), ("compact", 1e-3)] {
      let built = try BuiltBinary.run(
        "build",
        train,
        "--output",
        workshop.index(layout),
        "--order",
        "\(order)",
        "--layout",
        layout
      )
      try #require(built.exitCode == 0, "\(built)")
      let outcome = try BuiltBinary.run("perplexity", workshop.index(layout), test, "--json")
      try #require(outcome.exitCode == 0, "\(outcome)")
      let report = try outcome.json(Report.self)
      #expect(abs(report.perplexity / numbers[0] - 1) < tolerance)
      #expect(abs(report.perplexityExcludingOOV / numbers[1] - 1) < tolerance)
      #expect(report.oov == 11_788 && report.tokens == 238_028)
    }
  }
}
