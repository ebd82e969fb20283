import Foundation
import TestSupport
import Testing

@Suite("The naive Kneser–Ney oracle on small corpora")
struct OraclePropertyTests {
  @Test(arguments: 1...4)
  func `sums to one after every context of every small corpus`(order: Int) {
    for corpus in Corpora.small {
      expectSums(NaiveKneserNey(corpus, options: .init(order: order)), "\(corpus)")
    }
  }

  @Test(arguments: UInt64(1)...8)
  func `sums to one with every option on random corpora`(seed: UInt64) {
    let corpus = Corpora.random(seed: seed)
    for order in 1...4 {
      var options = NaiveKneserNey.Options(order: order)
      expectSums(NaiveKneserNey(corpus, options: options), "seed \(seed)")
      options.pruningThresholds = [0, 1, 2]
      expectSums(NaiveKneserNey(corpus, options: options), "seed \(seed), pruned")
      options.limitVocabulary = ["w0", "w1", "w2", "w5"]
      options.interpolateUnigrams = false
      expectSums(NaiveKneserNey(corpus, options: options), "seed \(seed), limited")
      options.interpolateUnigrams = true
      options.vocabularyPadding = 100
      expectSums(NaiveKneserNey(corpus, options: options), "seed \(seed), padded")
      options = .init(order: order)
      options.vocabulary = ["w0", "w3", "w4", "never"]
      expectSums(NaiveKneserNey(corpus, options: options), "seed \(seed), given vocabulary")
    }
  }

  @Test func `agrees with numbers computed by hand`() throws {
    let model = NaiveKneserNey([["a"]], options: .init(order: 1))
    // a and </s> once each, D1 = 0.5: γ = 0.5, V = 3 with <unk>.
    #expect(model.uniformSize == 3)
    let entry = try #require(model.entries[0][["a"]])
    #expect(abs(entry.log10Probability - log10(0.25 + 0.5 / 3)) < 1e-12)
    #expect(abs(model.score(of: "zz", after: []).log10Probability - log10(0.5 / 3)) < 1e-12)
    #expect(model.ordersWithFallback == [1])
  }

  @Test func `there are 170 small corpora and all differ`() {
    #expect(Corpora.small.count == 170)
    #expect(Set(Corpora.small).count == 170)
  }

  private func expectSums(_ model: NaiveKneserNey, _ comment: String) {
    for context in model.contexts where context.last != "</s>" {
      let total = model.totalProbability(after: context)
      let padded = context.isEmpty ? model.expectedUnigramTotal : 1
      if model.uniformSize > model.events.count, !context.isEmpty {
        #expect(total < 1 + 1e-9, "\(comment), after \(context)")
      } else {
        #expect(abs(total - padded) < 1e-9, "\(comment), after \(context)")
      }
    }
  }
}
