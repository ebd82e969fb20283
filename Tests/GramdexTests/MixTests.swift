import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

@Suite("Static mixtures")
struct MixTests {
  private let workshop: DerivationWorkshop

  init() throws {
    workshop = try DerivationWorkshop()
  }

  private func mix(_ names: [String], _ weights: MixOptions.Weights) throws -> DerivationSummary {
    try IndexMixer.run(
      MixOptions(indexes: names.map(workshop.index), weights: weights),
      to: workshop.index("mixed")
    )
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `are the weighted sums of all models, whatever their orders and words`(
    seed: UInt64
  ) throws {
    try workshop.build(Corpora.random(seed: seed, wordTypes: 14), "a", order: 3)
    let others = Corpora.random(seed: seed + 100, wordTypes: 9).map { sentence in
      sentence.map { $0 == "w2" ? "other" : $0 }
    }
    try workshop.build(others, "b", order: 2)
    try workshop.build(Corpora.random(seed: seed + 200, sentences: 10), "c", order: 4)
    _ = try mix(["a", "b", "c"], .given([1, 2, 1]))
    let models = try ["a", "b", "c"].map { try workshop.exported($0) }
    try workshop.expect("mixed", equals: NaiveBackoff.mixture(models, [0.25, 0.5, 0.25]))
    try workshop.expectSums("mixed")
    #expect(try IndexVerifier.run(path: workshop.index("mixed")).problems == [])
  }

  @Test func `of a model with itself are that model`() throws {
    try workshop.build(Corpora.random(seed: 8), "a", order: 4)
    _ = try mix(["a", "a"], .given([0.3, 0.7]))
    try workshop.expect("mixed", equals: workshop.exported("a"))
  }

  @Test func `get the weights that make a text most probable`() throws {
    let first = Corpora.random(seed: 1, sentences: 200)
    let second = Corpora.random(seed: 2, sentences: 200, wordTypes: 40)
    try workshop.build(first, "a")
    try workshop.build(second, "b")
    // Blank lines are no sentences, and a word that no model knows tells nothing.
    let development = Corpora.text(Array(first.prefix(30) + second.prefix(10))) + "\n\nnew\n"
    let file = try workshop.folder.write("development", development)
    let summary = try mix(["a", "b"], .tuned([file]))
    let weights = try #require(summary.parameters["weights"]).split(separator: ",")
      .compactMap { Double($0) }
    try #require(weights.count == 2)
    #expect(abs(weights[0] + weights[1] - 1) < 1e-9)
    let models = try ["a", "b"].map { try workshop.exported($0) }
    let sentences = NaiveText.sentences(Data(development.utf8), convention: .gramdex)
    func logarithm(_ weight: Double) -> Double {
      var sum = 0.0
      for sentence in sentences {
        let words = ["<s>"] + sentence + ["</s>"]
        for place in 1..<words.count {
          let p = zip(models, [weight, 1 - weight]).reduce(0.0) { p, part in
            let (model, weight) = part
            if !model.knows(words[place]) { return p }
            let history = words[..<place].map { model.knows($0) ? $0 : "<unk>" }
            return p + weight * model.probability(words[place], history)
          }
          if p > 0 { sum += log(p) }
        }
      }
      return sum
    }
    let best = logarithm(weights[0])
    #expect(best > logarithm(weights[0] + 0.01) && best > logarithm(weights[0] - 0.01))
  }

  @Test func `need one weight a model, none negative, and the same tokenizer`() throws {
    try workshop.build(Corpora.random(seed: 8), "a")
    try workshop.build(Corpora.random(seed: 8), "b") { $0.tokenizer.lowercase = true }
    for weights in [[1], [1, 1, 1], [-1, 2], [0, 0], [.nan, 1]] {
      #expect(throws: DerivationError.self) { try mix(["a", "a"], .given(weights)) }
    }
    #expect(
      throws: DerivationError.otherTokenizer(
        first: workshop.index("a"),
        other: workshop.index("b")
      )
    ) { try mix(["a", "b"], .given([1, 1])) }
    #expect(throws: DerivationError.standardInputTwice) { try mix(["a", "a"], .tuned(["-"])) }
    #expect(!FileManager.default.fileExists(atPath: workshop.index("mixed")))
  }
}
