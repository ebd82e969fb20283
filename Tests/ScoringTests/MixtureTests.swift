import Foundation
import GramdexCore
import GramdexText
import TestSupport
import Testing

@testable import GramdexScoring

@Suite("Mixtures")
struct MixtureTests {
  /// Twelve logarithms in single precision.
  private let tolerance = 2e-5

  @Test(arguments: Mixture.MissingWords.allCases, 1...4 as ClosedRange<UInt64>)
  func `a linear mixture is the weighted sum of its models`(
    missing: Mixture.MissingWords,
    seed: UInt64
  ) throws {
    var naive = NaiveMixture(seed: seed)
    naive.missing = missing
    let mixture = try naive.mixture()
    for sentence in naive.sentences(80) {
      let scores = mixture.scoreSentence(sentence.map(mixture.id(of:))).words
      let words = ["<s>"] + sentence + ["</s>"]
      for (place, score) in scores.enumerated() {
        let word = words[place + 1]
        let history = Array(words[...place])
        let expected = log10(naive.linear(word, after: history))
        #expect(abs(Double(score.log10Probability) - expected) < tolerance, "\(word) \(history)")
        #expect(score.order == naive.order(word, after: history))
        #expect(score.isOOV == naive.isUnknown(word))
      }
    }
  }

  @Test func `a log-linear mixture is the product of powers over its sum`() throws {
    let naive = NaiveMixture(weights: [0.9, 0.4])
    let mixture = try naive.mixture(.logLinear)
    let scores = try naive.mixture(.logLinearScore)
    for sentence in naive.sentences(40) {
      let ids = sentence.map(mixture.id(of:))
      let ours = mixture.scoreSentence(ids).words
      let products = scores.scoreSentence(ids).words
      let words = ["<s>"] + sentence + ["</s>"]
      for place in ours.indices {
        let history = Array(words[...place])
        let expected = log10(naive.logLinear(words[place + 1], after: history))
        let product = log10(naive.product(words[place + 1], after: history))
        #expect(abs(Double(ours[place].log10Probability) - expected) < tolerance)
        #expect(abs(Double(products[place].log10Probability) - product) < tolerance)
      }
    }
  }

  @Test(arguments: [
    (Mixture.Combination.linear, Mixture.MissingWords.zero), (.linear, .shared),
    (.logLinear, .unknown), (.logLinear, .shared),
  ])
  func `probabilities after every context sum to one`(
    combination: Mixture.Combination,
    missing: Mixture.MissingWords
  ) throws {
    var naive = NaiveMixture(weights: [0.6, 0.4])
    naive.missing = missing
    let mixture = try naive.mixture(combination)
    for sentence in naive.sentences(40) {
      var state = mixture.beginSentenceState
      for word in sentence.map(mixture.id(of:)) {
        let distribution = mixture.log10Distribution(after: state)
        let sum = distribution.reduce(0) { $0 + pow(10, Double($1)) }
        #expect(abs(sum - 1) < 1e-5)
        let score = mixture.score(word, advancing: &state)
        #expect(abs(distribution[Int(word.rawValue)] - score.log10Probability) < 1e-5)
      }
    }
  }

  @Test func `a linear mixture sums to more than one by what missing words get`() throws {
    let naive = NaiveMixture()
    let mixture = try naive.mixture()
    let excess = zip(naive.models, naive.weights).reduce(0) { sum, part in
      let missing = naive.events.count { !part.0.events.contains($0) }
      return sum + part.1 * Double(missing)
        * pow(10, part.0.score(of: "<unk>", after: []).log10Probability)
    }
    let sum = mixture.log10Distribution(after: mixture.nullState)
      .reduce(0) { $0 + pow(10, Double($1)) }
    #expect(excess > 0.001 && abs(sum - 1 - excess) < 1e-5)
  }

  @Test func `shared missing words of a log-linear mixture are in its product and its sum`() throws
  {
    var naive = NaiveMixture(weights: [0.7, 0.6])
    naive.missing = .shared
    let mixture = try naive.mixture(.logLinear)
    for sentence in naive.sentences(20) {
      let words = ["<s>"] + sentence + ["</s>"]
      let scores = mixture.scoreSentence(sentence.map(mixture.id(of:))).words
      for (place, score) in scores.enumerated() {
        let expected = log10(naive.logLinear(words[place + 1], after: Array(words[...place])))
        #expect(abs(Double(score.log10Probability) - expected) < tolerance)
      }
    }
  }

  @Test(arguments: [Mixture.Combination.linear, .logLinear, .logLinearScore], [false, true])
  func `text and batches give what one word after the other gives`(
    combination: Mixture.Combination,
    areShared: Bool
  ) throws {
    var naive = NaiveMixture()
    if areShared { naive.missing = .shared }
    let mixture = try naive.mixture(combination)
    let sentences = naive.sentences(60)
    let ids = sentences.map { $0.map(mixture.id(of:)) }
    let expected = ids.map { mixture.scoreSentence($0) }
    #expect(mixture.scoreBatch(ids) == expected)
    let text = sentences.map { $0.joined(separator: " ") + "\n" }.joined()
    let answers = mixture.query(text).map { SentenceScore(words: $0.words.map(\.score)) }
    #expect(answers == expected)
    let report = mixture.perplexity(of: text)
    let lines = zip(sentences, expected).filter { !$0.0.isEmpty }.map(\.1)
    #expect(report.tokens == lines.reduce(0) { $0 + $1.words.count })
    #expect(report.oov == lines.reduce(0) { $0 + $1.oovCount } && report.oov > 0)
    let sum = lines.reduce(0) { $0 + $1.log10Probability }
    #expect(abs(report.log10Probability - sum) < 1e-6)
  }

  @Test func `the report does not depend on threads`() throws {
    let naive = NaiveMixture()
    let mixture = try naive.mixture()
    let text = naive.sentences(40_000).map { $0.joined(separator: " ") + "\n" }.joined()
    let folder = try TemporaryFolder()
    let inputs = try TextInputs(InputOptions(paths: [folder.write("text.txt", text)]))
    let one = try mixture.perplexity(of: inputs, threads: 1)
    #expect(one == (try mixture.perplexity(of: inputs, threads: 3)))
  }

  @Test func `a mixture of mixtures is a mixture`() throws {
    let naive = NaiveMixture(weights: [0.5, 0.5])
    let models = try naive.open()
    let third = try MemoryModel.random(order: 3, words: 20, seed: 3).open()
    let inner = try Mixture([.init(models[0], weight: 0.25), .init(models[1], weight: 0.75)])
    let outer = try Mixture([.init(third, weight: 0.2), .init(inner, weight: 0.8)])
    let flat = try Mixture([
      .init(third, weight: 0.2), .init(models[0], weight: 0.2), .init(models[1], weight: 0.6),
    ])
    for sentence in naive.sentences(40) {
      let nested = outer.scoreSentence(sentence.map(outer.id(of:))).words
      let expected = flat.scoreSentence(sentence.map(flat.id(of:))).words
      for (ours, theirs) in zip(nested, expected) {
        #expect(abs(ours.log10Probability - theirs.log10Probability) < 1e-5)
      }
    }
  }

  @Test func `what cannot be mixed is refused`() throws {
    let models = try NaiveMixture().open()
    #expect(throws: MixtureError.noModels) { try Mixture([]) }
    #expect(throws: MixtureError.sumOfWeights(0.75)) {
      try Mixture([.init(models[0], weight: 0.5), .init(models[1], weight: 0.25)])
    }
    #expect(throws: MixtureError.weight(-0.5)) {
      try Mixture([.init(models[0], weight: 1.5), .init(models[1], weight: -0.5)])
    }
    #expect(throws: MixtureError.zeroInLogLinear) {
      try Mixture([.init(models[0], weight: 1)], combination: .logLinear, missingWords: .zero)
    }
    let other = try MemoryModel.random(order: 2, words: 3, seed: 1)
      .open(tokenizer: TokenizerOptions(lowercase: true))
    #expect(throws: MixtureError.differentTokenizers(model: 2)) {
      try Mixture([.init(models[0], weight: 0.5), .init(other, weight: 0.5)])
    }
  }

  @Test func `a union has the words of all lexicons, each once`() throws {
    let lexicons = [["a", "b", "c"], ["c", "d"], ["b", "e", "d", "f"]].map { words in
      Lexicon(words: words.map { Array($0.utf8) })
    }
    let union = Lexicon(LexiconUnion(lexicons))
    let words = (0..<UInt32(union.count)).map { union.word(WordID(rawValue: $0)) }
    #expect(words == ["<unk>", "<s>", "</s>", "a", "b", "c", "d", "e", "f"])
    for (id, word) in words.enumerated() {
      #expect(union.id(of: word ?? "") == WordID(rawValue: UInt32(id)))
    }
    #expect(union.id(of: "g") == .unknown && union.word(WordID(rawValue: 9)) == nil)
  }
}

@Suite("Weights of a mixture")
struct MixtureTuningTests {
  /// Expectation maximization as the papers have it, with text and dictionaries.
  private func naiveWeights(_ naive: NaiveMixture, _ sentences: [[String]]) -> [[Double]] {
    var events: [[Double]] = []
    for sentence in sentences where !sentence.isEmpty {
      let words = ["<s>"] + sentence + ["</s>"]
      for place in 1..<words.count where !naive.isUnknown(words[place]) {
        events.append(
          naive.models.map {
            naive.probability(of: words[place], after: Array(words[..<place]), model: $0)
          }
        )
      }
    }
    var weights = [[0.5, 0.5]]
    while true {
      let old = weights[weights.count - 1]
      var next = [0.0, 0.0]
      for event in events {
        let sum = old[0] * event[0] + old[1] * event[1]
        for model in 0..<2 { next[model] += old[model] * event[model] / sum / Double(events.count) }
      }
      if zip(next, old).allSatisfy({ abs($0 - $1) < 1e-4 }) { return weights }
      weights.append(next)
    }
  }

  @Test(arguments: Mixture.MissingWords.allCases, 1...3 as ClosedRange<UInt64>)
  func `are those of plain expectation maximization`(
    missing: Mixture.MissingWords,
    seed: UInt64
  ) throws {
    var naive = NaiveMixture(seed: seed)
    naive.missing = missing
    let mixture = try naive.mixture()
    let sentences = naive.sentences(100)
    let folder = try TemporaryFolder()
    let text = sentences.map { $0.joined(separator: " ") + "\n" }.joined()
    let inputs = try TextInputs(InputOptions(paths: [folder.write("text.txt", text)]))
    let tuning = try mixture.tuned(on: inputs, threads: 2)
    let expected = naiveWeights(naive, sentences)
    #expect(tuning.hasConverged && tuning.steps.count == expected.count)
    for (step, weights) in zip(tuning.steps, expected) {
      for (ours, theirs) in zip(step.weights, weights) { #expect(abs(ours - theirs) < 1e-5) }
    }
    for (before, after) in zip(tuning.steps, tuning.steps.dropFirst()) {
      #expect(after.perplexity <= before.perplexity * (1 + 1e-12))
    }
    let words = sentences.joined()
    #expect(tuning.oov == words.count(where: naive.isUnknown))
    let lines = sentences.count { !$0.isEmpty }
    #expect(tuning.tokens == words.count + lines - tuning.oov)
    let components = zip(try naive.open(), tuning.weights)
      .map { Mixture.Component($0, weight: $1) }
    let best = try Mixture(components, missingWords: missing)
    let report = try best.perplexity(of: inputs).perplexityExcludingOOV
    #expect(abs(report / (tuning.steps.last?.perplexity ?? 0) - 1) < 1e-5)
  }

  @Test func `go to the model that alone explains the text`() throws {
    let naive = NaiveMixture()
    let folder = try TemporaryFolder()
    let text = Corpora.text(Corpora.random(seed: 101, sentences: 40, wordTypes: 9))
      .replacing("w1", with: "vw1").replacing("w4", with: "vw4").replacing("w6", with: "vw6")
    let inputs = try TextInputs(InputOptions(paths: [folder.write("text.txt", text)]))
    let weights = try naive.mixture().tuned(on: inputs).weights
    #expect(weights[1] > 0.8 && abs(weights[0] + weights[1] - 1) < 1e-12)
  }

  @Test(arguments: ["", "\n"])
  func `cannot be found on a text without words`(text: String) throws {
    let folder = try TemporaryFolder()
    let inputs = try TextInputs(InputOptions(paths: [folder.write("text.txt", text)]))
    let mixture = try NaiveMixture().mixture()
    #expect(throws: MixtureError.noKnownWords) { try mixture.tuned(on: inputs) }
  }
}
