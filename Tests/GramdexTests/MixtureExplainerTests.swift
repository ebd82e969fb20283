import Foundation
import Gramdex
import TestSupport
import Testing

@Suite("An explained mixture")
struct MixtureExplainerTests {
  @Test func `has the mixture's probabilities, and shares that sum to one`() throws {
    let folder = try TemporaryFolder()
    for (name, seed) in [("a", 31), ("b", 32)] as [(String, UInt64)] {
      let corpus = Corpora.random(seed: seed, sentences: 80, wordTypes: name == "a" ? 20 : 30)
      var options = BuildOptions(inputs: [try folder.write(name + ".txt", Corpora.text(corpus))])
      options.order = 3
      options.memoryBytes = 64 << 20
      try IndexBuilder.build(options, to: folder.path(name))
    }
    let selection = try ModelSelection(
      index: folder.path("a"),
      models: "ngram:0.3",
      others: [folder.path("b") + "=0.7"]
    )
    let mixture = try selection.open()
    let explainer = try MixtureExplainer(selection)
    for text in ["w0 w1 w25 w2", "nowhere w3", ""] {
      let words = try explainer.explain(text)
      let scores = mixture.query(text)[0].words
      #expect(words.count == scores.count)
      for (word, expected) in zip(words, scores) {
        // Single precision.
        #expect(
          abs(word.log10Probability - Double(expected.score.log10Probability)) < 1e-5,
          "\(word.word)"
        )
        #expect(word.isOOV == expected.score.isOOV)
        #expect(abs(word.parts.map(\.share).reduce(0, +) - 1) < 1e-12)
        #expect(word.parts.map(\.weight) == [0.3, 0.7])
        for part in word.parts {
          let own = part.weight * pow(10, Double(part.explanation.log10Probability))
          #expect(abs(part.share * pow(10, word.log10Probability) - own) < 1e-12)
        }
      }
    }
  }

  @Test func `needs weights that sum to one`() throws {
    let folder = try TemporaryFolder()
    var options = BuildOptions(inputs: [
      try folder.write("t", Corpora.text(Corpora.random(seed: 1)))
    ])
    options.order = 2
    try IndexBuilder.build(options, to: folder.path("a"))
    let selection = try ModelSelection(
      index: folder.path("a"),
      models: "ngram:0.3",
      others: [folder.path("a") + "=0.3"]
    )
    #expect(throws: MixtureError.sumOfWeights(0.6)) { try MixtureExplainer(selection) }
  }
}
