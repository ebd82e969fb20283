import GramdexCore
import GramdexIndex
import GramdexStorage
import TestSupport
import Testing

@testable import GramdexScoring

@Suite("Forests")
struct ForestTests {
  /// Sentences that share beginnings and middles, as hypotheses do, some of them equal, some empty.
  private func hypotheses(_ count: Int, words: Int, seed: UInt64) -> [[String]] {
    var generator = SeededGenerator(seed: seed)
    func word() -> String { "w\(Int.random(in: 0..<words, using: &generator))" }
    var sentences: [[String]] = [[], [word()]]
    while sentences.count < count {
      var sentence =
        Int.random(in: 0..<6, using: &generator) == 0
        ? (0..<Int.random(in: 0..<14, using: &generator)).map { _ in word() }
        : sentences[sentences.count - 1]
      for _ in 0..<Int.random(in: 0..<3, using: &generator) where !sentence.isEmpty {
        let place = Int.random(in: 0..<sentence.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: sentence[place] = word()
        case 1: sentence.insert(word(), at: place)
        default: sentence.remove(at: place)
        }
      }
      sentences.append(sentence)
    }
    return sentences
  }

  private func forest(_ sentences: [[UInt32]]) -> PrefixForest {
    let ids = RecordBuffer<UInt32>(uninitialized: sentences.reduce(1) { $0 + $1.count })
    var starts = [0]
    var place = 0
    for id in sentences.joined() {
      ids[place] = id
      place += 1
    }
    for sentence in sentences { starts.append((starts.last ?? 0) + sentence.count) }
    let forest = PrefixForest()
    forest.plant(ids, starts: starts)
    return forest
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `each beginning is one node, and every sentence is a path`(seed: UInt64) {
    let sentences = hypotheses(120, words: 4, seed: seed).map {
      $0.map { (UInt32($0.dropFirst()) ?? 0) + 5 }
    }
    let forest = forest(sentences)
    var beginnings = Set<[UInt32]>()
    for sentence in sentences {
      let words = sentence + [WordID.endOfSentence.rawValue]
      for length in 1...words.count { beginnings.insert(Array(words[..<length])) }
    }
    #expect(forest.count == beginnings.count)
    for (sentence, end) in zip(sentences, forest.ends) {
      var words: [UInt32] = []
      var node = Int(end)
      while node >= 0 {
        words.append(forest.words[node])
        node = Int(forest.parents[node])
      }
      #expect(words.reversed() == sentence + [WordID.endOfSentence.rawValue])
    }
    #expect(forest.levels.map(\.count).reduce(0, +) == forest.count)
    for (depth, level) in forest.levels.enumerated() {
      for node in level {
        #expect(forest.children(of: node).allSatisfy { Int(forest.parents[$0]) == node })
        let parent = Int(forest.parents[node])
        #expect(depth == 0 ? parent == -1 : forest.levels[depth - 1].contains(parent))
        if parent >= 0 { #expect(forest.children(of: parent).contains(node)) }
      }
    }
  }

  @Test(arguments: ScoreLayout.allCases, [1, 2, 3, 4, 5, 6, 12])
  func `a forest gives exactly what one sentence after the other gives`(
    layout: ScoreLayout,
    order: Int
  ) throws {
    let model = try MemoryModel.random(order: order, words: 9, layout: layout, seed: UInt64(order))
      .open()
    let scorer = model.forestScorer()
    for seed in 1...4 as ClosedRange<UInt64> {
      // More than a batch of distinct n-grams, and few, by turns: memory is used again.
      let sentences = hypotheses(seed % 2 == 0 ? 30 : 600, words: 10, seed: seed)
      let forest = forest(sentences.map { $0.map { model.id(of: $0).rawValue } })
      let scores = RecordBuffer<Float>(repeating: .nan, count: forest.count)
      for start in [model.beginSentenceState, model.nullState, longest(model)] {
        scorer.score(
          forest,
          words: forest.words,
          after: AnyModelState(start),
          scores: scores
        )
        for (sentence, end) in zip(sentences, forest.ends) {
          var state = start
          let expected = (sentence.map { model.id(of: $0) } + [.endOfSentence]).map {
            model.score($0, advancing: &state).log10Probability
          }
          var node = Int(end)
          var path: [Float] = []
          while node >= 0 {
            path.append(scores[node])
            node = Int(forest.parents[node])
          }
          #expect(Array(path.reversed()) == expected)
        }
      }
    }
  }

  /// A state that holds as many words as it can.
  private func longest(_ model: NGramModel) -> State {
    var state = model.beginSentenceState
    for word in ["w1", "w2", "w1", "w3", "w2"] { _ = model.score(word, advancing: &state) }
    return state
  }

  @Test(arguments: [Mixture.Combination.linear, .logLinear, .logLinearScore])
  func `a mixture scores forests as it scores sentences`(combination: Mixture.Combination) throws {
    let naive = NaiveMixture(seed: 4)
    let mixture = try naive.mixture(combination)
    let sentences = naive.sentences(60)
    let scorer = try Ensemble([Ensemble.Member("both", mixture)]).makeScorer()
    let totals = try scorer.score(sentences.map { $0.joined(separator: " ") })
    for (sentence, total) in zip(sentences, totals) {
      let expected = mixture.scoreSentence(sentence.map { mixture.id(of: $0) })
      let sum = expected.words.reduce(0) { $0 + Double($1.log10Probability) }
      #expect(abs(total.log10Probabilities[0] - sum) < 1e-5)
      #expect(total.words == sentence.count)
      #expect(total.unknownWords == expected.words.count(where: \.isOOV))
    }
  }

  @Test func `an ensemble lets each model answer for itself`() throws {
    let naive = NaiveMixture(seed: 2)
    let models = try naive.open()
    let scorer = try Ensemble([
      Ensemble.Member("first", models[0]), Ensemble.Member("second", models[1]),
    ]).makeScorer()
    let sentences = naive.sentences(50)
    let totals = try scorer.score(sentences.map { $0.joined(separator: "  ") + " " })
    for (sentence, total) in zip(sentences, totals) {
      for (index, model) in models.enumerated() {
        let expected = model.scoreSentence(sentence.map { model.id(of: $0) }).words
          .reduce(0) { $0 + Double($1.log10Probability) }
        #expect(abs(total.log10Probabilities[index] - expected) < 1e-6)
      }
      #expect(total.unknownWords == sentence.count { naive.isUnknown($0) })
    }
    // What stands beside a sentence does not matter.
    for (sentence, total) in zip(sentences, totals).prefix(9) {
      #expect(try scorer.score([sentence.joined(separator: " ")]) == [total])
    }
    #expect(try scorer.score([]).isEmpty)
  }

  @Test func `sentence marks are no words, and ends of lines are spaces`() throws {
    let model = try MemoryModel.random(order: 3, words: 5, seed: 1).open()
    let scorer = try Ensemble([Ensemble.Member("model", model)]).makeScorer()
    let plain = try scorer.score(["w1 w2 w3", ""])
    let marked = try scorer.score(["<s> w1\nw2\tw3 </s>", "\n"])
    #expect(plain == marked)
    #expect(plain[1].words == 0)
    #expect(plain[0].words == 3)
  }
}
