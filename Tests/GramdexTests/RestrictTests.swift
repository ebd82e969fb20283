import Foundation
import Gramdex
import GramdexCore
import GramdexText
import TestSupport
import Testing

@Suite("Restricting")
struct RestrictTests {
  private let workshop: DerivationWorkshop

  init() throws {
    workshop = try DerivationWorkshop()
  }

  /// Sentences over the model's words, and some that it does not know.
  private static func text(seed: UInt64, words: [String]) -> Corpora.Corpus {
    var generator = SeededGenerator(seed: seed)
    return (0..<12).map { _ in
      (0..<(1 + generator.next(below: 9))).map { _ in
        words[generator.next(below: words.count)]
      }
    }
  }

  private func restrict(_ need: RestrictOptions.Need, _ name: String) throws -> DerivationSummary {
    try IndexRestrictor.run(
      RestrictOptions(index: workshop.index("whole"), need: need),
      to: workshop.index(name)
    )
  }

  /// Expects that both indexes give the sentences the very same scores, bit for bit.
  private func expectSameScores(_ corpus: Corpora.Corpus, _ name: String) throws {
    let whole = try NGramModel.open(workshop.index("whole"))
    let part = try NGramModel.open(workshop.index(name))
    for sentence in corpus {
      let line = sentence.joined(separator: " ")
      #expect(
        part.scoreSentence(line).words.map(Answer.init)
          == whole.scoreSentence(line).words.map(Answer.init)
      )
    }
  }

  private struct Answer: Equatable {
    let bits: UInt32
    let order: Int
    let isOOV: Bool

    init(_ score: WordScore) {
      bits = score.log10Probability.bitPattern
      order = score.order
      isOOV = score.isOOV
    }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `gives the text the very same scores and keeps what its words make up`(
    seed: UInt64
  ) throws {
    try workshop.build(
      Corpora.random(seed: seed, sentences: 200, wordTypes: 30),
      "whole",
      order: 4
    )
    let model = try workshop.exported("whole")
    let corpus = Self.text(seed: seed, words: model.events.prefix(12) + ["new"])
    let file = try workshop.folder.write("text.txt", Corpora.text(corpus))
    let always: Set = ["<unk>", "<s>", "</s>"]
    let all = always.union(corpus.joined())
    _ = try restrict(.text(InputOptions(paths: [file])), "text")
    _ = try restrict(.sentences(InputOptions(paths: [file])), "sentences")
    let byText = try workshop.exported("text")
    let bySentence = try workshop.exported("sentences")
    for order in 0..<4 {
      let ngrams = model.entries[order].keys
      #expect(Set(byText.entries[order].keys) == Set(ngrams.filter { all.isSuperset(of: $0) }))
      let wanted = ngrams.filter { ngram in
        corpus.contains { always.union($0).isSuperset(of: ngram) }
      }
      #expect(Set(bySentence.entries[order].keys) == Set(wanted))
    }
    for name in ["text", "sentences"] {
      try expectSameScores(corpus, name)
      #expect(try IndexVerifier.run(path: workshop.index(name)).problems == [])
    }
  }

  @Test func `keeps scores of a model with blank nodes, too`() throws {
    try workshop.build(Corpora.random(seed: 4, sentences: 300, wordTypes: 40), "built", order: 4)
    try workshop.prune("built", "whole", .threshold(3e-4)) { $0.isSRILMCompatible = true }
    let model = try workshop.exported("whole")
    let corpus = Self.text(seed: 4, words: Array(model.events.prefix(14)))
    let file = try workshop.folder.write("text.txt", Corpora.text(corpus))
    let summary = try restrict(.text(InputOptions(paths: [file])), "text")
    #expect(summary.orders.contains { $0.blankNodes > 0 })
    try expectSameScores(corpus, "text")
  }

  @Test func `takes a vocabulary in place of a text`() throws {
    try workshop.build(Corpora.random(seed: 2, wordTypes: 20), "whole")
    let file = try workshop.folder.write("words", "w1 w2\nw3\n")
    _ = try restrict(.vocabulary(file), "few")
    #expect(Set(try workshop.exported("few").events) == ["<unk>", "</s>", "w1", "w2", "w3"])
    try expectSameScores([["w1", "w3"], ["w2", "w2", "w1"]], "few")
  }
}
