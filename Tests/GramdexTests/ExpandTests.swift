import Foundation
import Gramdex
import GramdexCore
import GramdexScoring
import TestSupport
import Testing

@Suite("Expanded classes")
struct ExpandTests {
  private let workshop: DerivationWorkshop
  private let classes: String

  init() throws {
    workshop = try DerivationWorkshop()
    classes = try workshop.folder.write(
      "classes",
      "ODD 3 w1\nODD 1 w3\nODD 0.5 w5\nEVEN 1 w2\nEVEN 1 w4\nEVEN 2 never\nONE 1 w6\n"
    )
  }

  /// Expects that the models give the same probabilities to all words after the same contexts.
  private func expectSame(
    _ classed: any LanguageModel,
    _ words: NGramModel,
    contexts: [String]
  ) {
    let (left, right) = (NextWords(classed), NextWords(words))
    for context in contexts {
      let before = (left.state(after: context), right.state(after: context))
      let expected = classed.log10Distribution(after: before.0)
      let found = words.log10Distribution(after: before.1)
      for (id, log10Probability) in expected.enumerated() where log10Probability > -.infinity {
        guard let word = classed.lexicon.word(WordID(rawValue: UInt32(id))) else { continue }
        let own = words.lexicon.id(of: word)
        #expect((own == .unknown) == (word == "<unk>"), "\(word)")
        // Single precision.
        #expect(
          abs(found[Int(own.rawValue)] - log10Probability) < 3e-6,
          "\(word) after \"\(context)\""
        )
      }
    }
  }

  @Test(arguments: 1...4)
  func `give every word the probability that the class model gives it`(order: Int) throws {
    try workshop.build(
      Corpora.random(seed: UInt64(order), sentences: 120, wordTypes: 10),
      "classed",
      order: order
    ) { $0.classes = classes }
    let summary = try IndexExpander.run(
      ExpandOptions(index: workshop.index("classed")),
      to: workshop.index("words")
    )
    let classed = try IndexModel.open(workshop.index("classed"))
    let words = try NGramModel.open(workshop.index("words"))
    // The reserved words, w0 and w7 to w9, and seven words of classes.
    #expect(summary.orders[0].after == 14)
    #expect(words.lexicon.id(of: "ODD") == .unknown)
    var generator = SeededGenerator(seed: 5)
    let all = (0..<10).map { "w\($0)" } + ["never", "zebra"]
    let contexts =
      ["", "<s>"]
      + (0..<60).map { number in
        (number % 3 == 0 ? "<s> " : "")
          + (0..<1 + generator.next(below: 5)).map { _ in all[generator.next(below: all.count)] }
          .joined(separator: " ")
      }
    expectSame(classed, words, contexts: contexts)
    #expect(try IndexVerifier.run(path: workshop.index("words")).problems == [])
    try workshop.expectSums("words")
  }

  @Test func `follow pruning, with blank nodes`() throws {
    try workshop.build(
      Corpora.random(seed: 8, sentences: 300, wordTypes: 12),
      "whole",
      order: 4
    ) { $0.classes = classes }
    try workshop.prune("whole", "classed", .threshold(3e-4)) { $0.isSRILMCompatible = true }
    try IndexExpander.run(
      ExpandOptions(index: workshop.index("classed")),
      to: workshop.index("words")
    )
    expectSame(
      try IndexModel.open(workshop.index("classed")),
      try NGramModel.open(workshop.index("words")),
      contexts: ["", "<s>", "w1", "w2 w3", "<s> w0 never", "w5 w5 w4", "w11 w6 w1"]
    )
  }

  @Test func `are refused without classes, or where too many n-grams would come of it`() throws {
    let corpus = Corpora.random(seed: 2)
    try workshop.build(corpus, "words")
    try workshop.build(corpus, "classed") { $0.classes = classes }
    #expect(
      throws: DerivationError.noClasses(index: workshop.index("words"), model: "ngram")
    ) {
      try IndexExpander.run(
        ExpandOptions(index: workshop.index("words")),
        to: workshop.index("out")
      )
    }
    let summary = try IndexExpander.run(
      ExpandOptions(index: workshop.index("classed")),
      to: workshop.index("all")
    )
    let total = summary.orders.map(\.after).reduce(0, +)
    var options = ExpandOptions(index: workshop.index("classed"))
    options.maximumNGrams = total
    try IndexExpander.run(options, to: workshop.index("fits"))
    options.maximumNGrams = total - 1
    #expect(throws: DerivationError.self) {
      try IndexExpander.run(options, to: workshop.index("out"))
    }
    #expect(!FileManager.default.fileExists(atPath: workshop.index("out")))
  }
}
