import Foundation
import GramdexClasses
import GramdexCore
import TestSupport
import Testing

@Suite("Exchange clustering")
struct ExchangeClusteringTests {
  /// Runs both to the end and compares them after every round.
  private func expectSameMoves(
    _ corpus: Corpora.Corpus,
    classes: Int,
    initial: [String: Int]? = nil,
    _ comment: Comment
  ) throws {
    let corpusCounts = try ClusteredCorpus(corpus)
    var clustering = try corpusCounts.clustering(classes, initial: initial)
    var naive = NaiveExchangeClustering(corpus, classCount: classes, initial: initial)
    var moves = 0
    repeat {
      let before = clustering.criterion
      #expect(clustering.criterion == Int64(naive.criterion), comment)
      moves = try clustering.runRound(cancellation: Cancellation())
      naive.runRound()
      let found = corpusCounts.classes(clustering)
      #expect(found == naive.classes.filter { $0.value >= 0 }, comment)
      #expect(moves == naive.moves, comment)
      #expect(clustering.criterion >= before, comment)
      #expect(moves == 0 || clustering.criterion > before, comment)
      let measures = clustering.measures
      // Terms are rounded to a millionth of a bit.
      #expect(abs(measures.perplexity - naive.perplexity) < 1e-4 * naive.perplexity, comment)
      let information = naive.averageMutualInformation
      #expect(abs(measures.averageMutualInformation - information) < 1e-4, comment)
    } while moves > 0 && clustering.criterion == Int64(naive.criterion)
  }

  @Test(arguments: UInt64(1)...8)
  func `makes the moves of the naive one on random corpora`(seed: UInt64) throws {
    let corpus = Corpora.random(seed: seed, sentences: 60, wordTypes: 14)
    for classes in [1, 2, 3, 5, 20] {
      try expectSameMoves(corpus, classes: classes, "seed \(seed), \(classes) classes")
    }
  }

  @Test func `makes the moves of the naive one on all corpora of up to four words`() throws {
    for corpus in Corpora.small { try expectSameMoves(corpus, classes: 2, "\(corpus)") }
  }

  @Test(arguments: UInt64(1)...4)
  func `makes the moves of the naive one from any initial classes`(seed: UInt64) throws {
    let corpus = Corpora.random(seed: seed, sentences: 50, wordTypes: 10)
    var generator = SeededGenerator(seed: seed + 100)
    var initial: [String: Int] = [:]
    for word in Set(corpus.joined()).sorted() { initial[word] = generator.next(below: 4) }
    try expectSameMoves(corpus, classes: 4, initial: initial, "seed \(seed)")
  }

  @Test func `finds the two classes of four words, as computed by hand`() throws {
    // <s> A 4, A X 4, X </s> 4 of 12: information log2 3; half of the 8 words of A and X cost a bit each.
    let corpus = [["a", "x"], ["a", "y"], ["b", "x"], ["b", "y"]]
    let counts = try ClusteredCorpus(corpus)
    var clustering = try counts.clustering(2, initial: ["a": 0, "x": 0, "b": 1, "y": 1])
    while try clustering.runRound(cancellation: Cancellation()) > 0 {}
    let classes = counts.classes(clustering)
    #expect(classes["a"] == classes["b"] && classes["x"] == classes["y"])
    #expect(classes["a"] != classes["x"])
    #expect(abs(clustering.measures.averageMutualInformation - log2(3)) < 1e-6)
    #expect(abs(clustering.measures.perplexity - exp2(8.0 / 12)) < 1e-6)
  }

  @Test func `knows how often each word occurs`() throws {
    let corpus = Corpora.random(seed: 3)
    let counts = try ClusteredCorpus(corpus)
    let clustering = try counts.clustering(3)
    let words = corpus.joined().reduce(into: [String: UInt64]()) { $0[$1, default: 0] += 1 }
    #expect(counts.counts(clustering) == words)
    #expect(clustering.tokens == Int64(corpus.reduce(0) { $0 + $1.count + 1 }))
  }

  @Test func `stops when it is asked to`() throws {
    let counts = try ClusteredCorpus([["a", "b"]])
    var clustering = try counts.clustering(2)
    let cancellation = Cancellation()
    cancellation.cancel(signal: 15)
    var failure: Interrupted?
    do throws(Interrupted) {
      _ = try clustering.runRound(cancellation: cancellation)
    } catch {
      failure = error
    }
    #expect(failure == Interrupted(signal: 15))
  }
}
