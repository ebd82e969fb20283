import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

@Suite("Cut-offs, vocabularies and orders of a built index")
struct RestrictedVocabularyTests {
  private let workshop: DerivationWorkshop

  init() throws {
    workshop = try DerivationWorkshop()
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `cut-offs leave out rare n-grams, whose mass goes to the backoffs`(seed: UInt64) throws {
    let corpus = Corpora.random(seed: seed, sentences: 80)
    try workshop.build(corpus, "whole")
    var counts: [[String]: Int] = [:]
    for sentence in corpus {
      let words = ["<s>"] + sentence + ["</s>"]
      for end in 1...words.count {
        for order in 2...3 where order <= end {
          counts[Array(words[(end - order)..<end]), default: 0] += 1
        }
      }
    }
    var expected = try workshop.exported("whole")
    expected.entries[2] = expected.entries[2].filter { counts[$0.key] ?? 0 > 2 }
    expected.entries[1] = expected.entries[1].filter { counts[$0.key] ?? 0 > 1 }
    expected.renormalize()
    try workshop.prune("whole", "cut", .cutoffs(PruningThresholds([0, 1, 2])))
    try workshop.expect("cut", equals: expected)
    try workshop.expectSums("cut")
  }

  @Test(arguments: [[], [0, 2, 1], [1, 1]] as [[UInt64]])
  func `cut-offs that drop words or go down are refused`(values: [UInt64]) throws {
    #expect(throws: DerivationError.cutoffs(values)) {
      try workshop.prune("whole", "cut", .cutoffs(PruningThresholds(values)))
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `words outside a vocabulary are <unk>, which gets their mass`(seed: UInt64) throws {
    try workshop.build(Corpora.random(seed: seed, sentences: 80), "whole")
    let words: Set = ["w0", "w2", "w3", "w5"]
    let file = try workshop.folder.write(
      "words",
      words.sorted().joined(separator: "\n") + "\nnew\n"
    )
    let whole = try workshop.exported("whole")
    let kept = words.union(["<unk>", "<s>", "</s>"])
    var expected = whole
    for order in 0..<3 {
      expected.entries[order] = whole.entries[order].filter { kept.isSuperset(of: $0.key) }
    }
    let others = whole.entries[0].filter { !kept.contains($0.key[0]) }.values
      .reduce(whole.probability("<unk>", [])) { $0 + pow(10, $1.log10Probability) }
    expected.entries[0][["<unk>"]]?.log10Probability = log10(others)
    expected.renormalize()
    let summary = try workshop.prune("whole", "few", .vocabulary(file))
    #expect(summary.warnings == ["\(file): 1 words are not in \(workshop.index("whole"))"])
    try workshop.expect("few", equals: expected)
    try workshop.expectSums("few")
  }

  @Test func `<unk> gets what is left where no other word is left to back off to`() throws {
    let corpus = Corpora.random(seed: 6, sentences: 80, wordTypes: 5)
      .map { $0.map { $0 == "w1" ? "<unk>" : $0 } }
    try workshop.build(corpus, "whole")
    let whole = try workshop.exported("whole")
    // After a word that <unk>, </s> and w0 follow, all words of the new vocabulary are listed.
    let context = try #require(
      ["w0", "<unk>"].first { h in
        ["<unk>", "</s>", "w0"].allSatisfy { whole.entries[1][[h, $0]] != nil }
      }
    )
    try workshop.prune("whole", "few", .vocabulary(try workshop.folder.write("words", "w0\n")))
    try workshop.expectSums("few")
    let few = try workshop.exported("few")
    let others = ["</s>", "w0"].reduce(0) { $0 + few.probability($1, [context]) }
    #expect(abs(few.probability("<unk>", [context]) - (1 - others)) < 1e-5)
    for word in ["</s>", "w0"] {
      #expect(abs(few.probability(word, [context]) - whole.probability(word, [context])) < 1e-5)
    }
  }

  @Test func `a lower order keeps what the shorter n-grams say`() throws {
    try workshop.build(Corpora.random(seed: 5), "whole", order: 4)
    try workshop.prune("whole", "short", .none) { $0.order = 2 }
    var expected = try workshop.exported("whole")
    expected.entries.removeLast(2)
    for ngram in expected.entries[1].keys { expected.entries[1][ngram]?.log10Backoff = 0 }
    try workshop.expect("short", equals: expected, tolerance: 1e-6)
    try workshop.expectSums("short")
  }
}
