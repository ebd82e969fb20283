import Foundation
import GramdexCore
import TestSupport
import Testing

@Suite("The naive Kneser–Ney oracle", .enabled(if: SharedData.hasGolden, "\(SharedData.absent)"))
struct OracleGoldenTests {
  @Test(arguments: GoldenModel.toy + GoldenModel.micro)
  func `is what lmplz writes`(model: GoldenModel) throws {
    try check(model)
  }

  @Test(arguments: GoldenModel.wikitextSelection + GoldenModel.micro)
  func `needs no quirk of lmplz on these texts`(model: GoldenModel) throws {
    var model = model
    model.options.countsLastNGramsRaw = false
    try check(model)
  }

  @Test(arguments: GoldenModel.wikitext)
  func `is what lmplz writes for WikiText-2`(model: GoldenModel) throws {
    try check(model)
  }

  @Test(arguments: GoldenModel.toy.filter { $0.testText != nil } + GoldenModel.wikitextSelection)
  func `scores as KenLM's query does`(model: GoldenModel) throws {
    let golden = try model.query()
    let oracle = NaiveKneserNey(try model.sentences(), options: model.options)
    let text = try Data(contentsOf: try #require(model.testText))
    let sentences = NaiveText.sentences(text, convention: .lmplz)
    #expect(sentences.count == golden.sentences.count)
    for (sentence, expected) in zip(sentences, golden.sentences) {
      let scores = oracle.scores(of: sentence)
      #expect(scores.map(\.order) == expected.map(\.order), "\(sentence)")
      let differences = zip(scores, expected).map { abs($0.log10Probability - $1.log10Probability) }
      #expect((differences.max() ?? 0) < 1e-5, "\(sentence)")
    }
  }

  private func check(_ model: GoldenModel) throws {
    let text = try SharedData.contents("golden/in/\(model.corpus).txt")
    let path = "golden/arpa/\(model.name).arpa"
    let golden = ArpaText(try SharedData.contentsMaybePacked(path))
    let oracle = NaiveKneserNey(
      NaiveText.sentences(text, convention: .lmplz),
      options: model.options
    )

    #expect(golden.entries.count == oracle.entries.count)
    #expect(golden.entries.count == model.options.order)
    #expect(golden.announced == oracle.entries.map(\.count))
    try checkDiscounts(of: oracle, model)
    for (order, (expected, actual)) in zip(golden.entries, oracle.entries).enumerated() {
      #expect(Set(expected.keys) == Set(actual.keys), "n-grams of order \(order + 1)")
      let worst = expected.max { difference($0, actual) < difference($1, actual) }
      guard let worst else { continue }
      #expect(
        difference(worst, actual) < 1e-5,
        "\(worst) against \(String(describing: actual[worst.key]))"
      )
    }
  }

  /// Compares discounts and counts with lmplz's messages: `3 761/2212 D1=0.668356 D2=1.25367 D3+=1.08471`.
  private func checkDiscounts(of oracle: NaiveKneserNey, _ model: GoldenModel) throws {
    let messages = try SharedData.contents("golden/arpa/\(model.name).err")
    let fields = String(decoding: messages, as: UTF8.self).split(separator: "\n")
      .filter { $0.contains(" D3+=") && !$0.contains("Substituting") }
      .map { $0.split { " /=".contains($0) }.map(String.init) }
    #expect(fields.count == oracle.discounts.count)
    for (order, fields) in fields.enumerated() {
      let named = fields.enumerated().filter { $0.element.hasPrefix("D") }
      let discounts = named.compactMap { Double(fields[$0.offset + 1]) }
      #expect(zip(discounts, oracle.discounts[order]).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(discounts.count == 3)
      #expect(Int(fields[1]) == oracle.entries[order].count)
      if named[0].offset == 3 { #expect(Int(fields[2]) == oracle.adjustedCounts[order].count) }
    }
  }

  /// The larger difference of probability and backoff between `expected` and the entry of the same n-gram.
  private func difference(
    _ expected: (key: [String], value: NaiveKneserNey.Entry),
    _ actual: [[String]: NaiveKneserNey.Entry]
  ) -> Double {
    guard let entry = actual[expected.key] else { return .infinity }
    return max(
      abs(expected.value.log10Probability - entry.log10Probability),
      abs(expected.value.log10Backoff - entry.log10Backoff)
    )
  }
}
