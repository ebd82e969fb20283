import Foundation
import GramdexCore
import GramdexNeural
import GramdexNeuralModels
import GramdexScoring
import GramdexStorage
import GramdexText
import TestSupport
import Testing

@Suite("Scoring by networks")
struct NeuralScoringTests {
  private let workshop: NeuralWorkshop
  /// How far numbers may be apart that oneDNN computes for other numbers of rows.
  private static let tolerance: Float = 2e-3

  init() throws {
    workshop = try NeuralWorkshop()
  }

  /// The ids of lines, each with `<s>` and `</s>`.
  private func ids(_ lines: String) -> [WordID] {
    lines.split(separator: "\n").flatMap { line in
      [.beginOfSentence] + line.split(separator: " ").map { workshop.unigrams.id(of: String($0)) }
        + [.endOfSentence]
    }
  }

  /// Scores word by word; `<s>` begins a sentence and gets 0.
  private func stepwise<Model: LanguageModel>(_ model: Model, _ words: [WordID]) -> [Float] {
    var state = model.nullState
    return words.map { word in
      if word == .beginOfSentence {
        model.beginSentence(advancing: &state)
        return 0
      }
      return model.score(word, advancing: &state).log10Probability
    }
  }

  private func isClose(_ left: [Float], _ right: [Float]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { abs($0 - $1) <= Self.tolerance }
  }

  @Test(arguments: NeuralWorkshop.Setting.all)
  func `all words of the index sum to one after any context`(
    setting: NeuralWorkshop.Setting
  ) throws {
    let model = try workshop.model(setting)
    #expect(model.givesProbabilities && model.maximumOrder == nil)
    var state = model.nullState
    for (number, word) in ids(workshop.lines(12, seed: 1)).enumerated() {
      if word == .beginOfSentence {
        model.beginSentence(advancing: &state)
      } else {
        _ = model.score(word, advancing: &state)
      }
      if number % 5 != 0 { continue }
      let distribution = model.log10Distribution(after: state)
      #expect(distribution.count == model.lexicon.count)
      #expect(distribution[Int(WordID.beginOfSentence.rawValue)] == -.infinity)
      let sum = distribution.reduce(0) { $0 + pow(10, Double($1)) }
      #expect(abs(sum - 1) < 1e-5, "\(sum)")
      for id in 0..<UInt32(model.lexicon.count) where id != WordID.beginOfSentence.rawValue {
        let score = model.score(WordID(rawValue: id), after: state).score
        #expect(abs(score.log10Probability - distribution[Int(id)]) < 1e-5)
        #expect(score.order == 0 && score.isOOV == (id == WordID.unknown.rawValue))
      }
    }
  }

  @Test func `words outside the short list share what the network gives unknown words`() throws {
    let model = try workshop.model(NeuralWorkshop.Setting())
    let list = try workshop.shortList(limit: 20)
    let state = model.score(WordID(rawValue: 5), after: model.nullState).state
    let outside = (0..<UInt32(model.lexicon.count)).filter { !list.contains($0) }
    func unigram(_ id: UInt32) -> Double {
      let score = workshop.unigrams.score(
        WordID(rawValue: id),
        after: workshop.unigrams.nullState
      ).score
      return pow(10, Double(score.log10Probability))
    }
    let mass = outside.reduce(0) { $0 + unigram($1) }
    let whole = try workshop.model(NeuralWorkshop.Setting(shares: false))
    #expect(!whole.givesProbabilities)
    let unknown = pow(10, Double(whole.score(.unknown, after: state).score.log10Probability))
    for id in outside {
      let word = WordID(rawValue: id)
      let shared = pow(10, Double(model.score(word, after: state).score.log10Probability))
      #expect(abs(shared / (unknown * unigram(id) / mass) - 1) < 1e-5)
      #expect(
        whole.score(word, after: state).score.log10Probability == Float(log10(unknown))
          || abs(whole.score(word, after: state).score.log10Probability - Float(log10(unknown)))
            < 1e-6
      )
      let parts = model.parts(of: word, after: state)
      #expect(!parts.isInShortList)
      #expect(abs(pow(10, parts.log10UnknownShare ?? 0) - unigram(id) / mass) < 1e-9)
    }
    let sum = whole.log10Distribution(after: state).reduce(0) { $0 + pow(10, Double($1)) }
    #expect(sum > 1 + unknown)
    #expect(model.parts(of: .endOfSentence, after: state).log10UnknownShare == nil)
    // Ids that no word has are unknown words.
    let absent = model.score(WordID(rawValue: 1 << 30), after: state).score
    #expect(absent == model.score(.unknown, after: state).score)
    #expect(
      model.log10UnknownProbability
        == model.score(.unknown, after: model.beginSentenceState).score.log10Probability
    )
  }

  @Test(arguments: NeuralWorkshop.Setting.all)
  func `runs are scored as one word after the other`(setting: NeuralWorkshop.Setting) throws {
    let model = try workshop.model(setting)
    let words = ids(workshop.lines(120, seed: 2))
    let expected = stepwise(model, words)
    let whole = model.scoreBatch(words, after: model.nullState)
    #expect(isClose(whole.scores.map(\.log10Probability), expected))
    #expect(whole.scores.allSatisfy { $0.order == 0 })
    // In pieces, the state goes from one to the next.
    var generator = SeededGenerator(seed: 9)
    var pieces: [Float] = []
    var state = model.nullState
    var place = 0
    while place < words.count {
      let end = min(words.count, place + generator.next(below: 200))
      let part = model.scoreBatch(Array(words[place..<end]), after: state)
      pieces += part.scores.map(\.log10Probability)
      state = part.state
      place = end
    }
    #expect(isClose(pieces, expected))
    let next = [whole.state, state].map {
      model.score(.endOfSentence, after: $0).score.log10Probability
    }
    #expect(abs(next[0] - next[1]) <= Self.tolerance)
  }

  @Test(arguments: NeuralWorkshop.Setting.all)
  func `perplexity does not depend on threads`(setting: NeuralWorkshop.Setting) throws {
    let model = try workshop.model(setting)
    // Several blocks.
    let text = workshop.lines(5000, seed: 4)
    let path = try workshop.folder.write("long", text)
    let reports = try [1, 2, 5].map { threads in
      try model.perplexity(
        of: TextInputs(InputOptions(paths: [path])),
        threads: threads
      )
    }
    #expect(reports[0] == reports[1] && reports[0] == reports[2])
    #expect(reports[0].sentenceState == setting.sentenceState.rawValue)
    #expect(reports[0].hitsPerOrder.isEmpty && reports[0].dynamicEvaluation == nil)
    let words = ids(text.split(separator: "\n").joined(separator: "\n"))
    #expect(reports[0].tokens == words.count { $0 != .beginOfSentence })
    let few = Array(words.prefix(900))
    let sums = [
      stepwise(model, few),
      model.scoreBatch(few, after: model.nullState).scores.map(\.log10Probability),
    ].map { $0.reduce(0) { $0 + Double($1) } }
    #expect(abs(sums[0] - sums[1]) < 1e-3 * abs(sums[0]))
  }

  @Test func `carried states know earlier sentences, reset states do not`() throws {
    let lines = workshop.lines(300, seed: 6).split(separator: "\n").filter { !$0.isEmpty }
    let forward = lines.joined(separator: "\n") + "\n"
    let backward = lines.reversed().joined(separator: "\n") + "\n"
    for state in SentenceState.allCases {
      let model = try workshop.model(NeuralWorkshop.Setting(sentenceState: state))
      let one = model.perplexity(of: forward).perplexity
      let other = model.perplexity(of: backward).perplexity
      #expect((abs(one / other - 1) < 1e-6) == (state == .reset), "\(state) \(one) \(other)")
      #expect(model.remembersSentences == (state == .carry))
    }
  }

  @Test func `states are equal after equal words`() throws {
    for sentenceState in SentenceState.allCases {
      let model = try workshop.model(NeuralWorkshop.Setting(sentenceState: sentenceState))
      func state(_ words: [UInt32]) -> NeuralState {
        words.reduce(into: model.nullState) {
          _ = model.score(WordID(rawValue: $1), advancing: &$0)
        }
      }
      let one = state([4, 5, 6])
      let same = state([4, 5, 6])
      let other = state([5, 4, 6])
      #expect(one == same && one.hashValue == same.hashValue && !(one < same))
      #expect(one != other && (one < other) != (other < one))
      let boxes = [one, same, other].map { AnyModelState($0) }
      #expect(Set(boxes).count == 2 && boxes.sorted().count == 3)
      var next = state([4, 5, 2])
      let before = next
      model.beginSentence(advancing: &next)
      #expect(next == (sentenceState == .reset ? model.beginSentenceState : before))
    }
  }

  @Test func `many threads ask one model`() async throws {
    let model = try workshop.model(NeuralWorkshop.Setting(sentenceState: .reset))
    let words = ids(workshop.lines(20, seed: 8))
    let expected = stepwise(model, words)
    let end = model.log10Distribution(after: model.nullState)
    let unigrams = workshop.unigrams
    await withTaskGroup(of: Bool.self) { group in
      for number in 0..<8 {
        group.addTask {
          if number % 2 == 0 {
            return model.scoreBatch(words, after: model.nullState).scores.count == words.count
              && model.log10Distribution(after: model.nullState) == end
          }
          var state = model.nullState
          let found = words.map { word in
            if word == .beginOfSentence {
              model.beginSentence(advancing: &state)
              return Float(0)
            }
            return model.score(word, advancing: &state).log10Probability
          }
          return found == expected && unigrams.lexicon.count > 0
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test func `mixtures with an n-gram model are sums of both`() throws {
    let network = try workshop.model(NeuralWorkshop.Setting())
    let words = ids(workshop.lines(60, seed: 3))
    let parts = [stepwise(workshop.unigrams, words), stepwise(network, words)]
    let components = [
      Mixture.Component(workshop.unigrams, weight: 0.3), Mixture.Component(network, weight: 0.7),
    ]
    let mixture = try Mixture(components)
    #expect(mixture.sentenceStates == [.carry] && mixture.remembersSentences)
    let expected = words.indices.map { place in
      words[place] == .beginOfSentence
        ? 0
        : Float(
          log10(0.3 * pow(10, Double(parts[0][place])) + 0.7 * pow(10, Double(parts[1][place])))
        )
    }
    #expect(isClose(stepwise(mixture, words), expected))
    let batch = mixture.scoreBatch(words, after: mixture.nullState).scores
    #expect(isClose(batch.map(\.log10Probability), expected))
    #expect(Set(batch.map(\.order)) == [0, 1, 2])
    let product = try Mixture(components, combination: .logLinear)
    let state = words.prefix(7).dropFirst().reduce(into: product.nullState) {
      _ = product.score($1, advancing: &$0)
    }
    for model in [mixture, product] {
      let sum = model.log10Distribution(after: state).reduce(0) { $0 + pow(10, Double($1)) }
      #expect(abs(sum - 1) < 1e-4)
    }
    let path = try workshop.folder.write("tuning", workshop.lines(400, seed: 12))
    let inputs = try TextInputs(InputOptions(paths: [path]))
    let tuning = try mixture.tuned(on: inputs)
    #expect(tuning.hasConverged && abs(tuning.weights.reduce(0, +) - 1) < 1e-9)
    #expect(tuning == (try mixture.tuned(on: TextInputs(InputOptions(paths: [path])), threads: 1)))
    let cached = try CacheModel(mixture, options: CacheModel.Options(length: 50, weight: 0.2))
    #expect(
      isClose(
        cached.scoreBatch(words, after: cached.nullState).scores.map(\.log10Probability),
        stepwise(cached, words)
      )
    )
  }

  @Test func `ranks and closed perplexity are those of the distributions`() throws {
    let model = try workshop.model(NeuralWorkshop.Setting(sentenceState: .reset))
    var options = PerplexityOptions()
    options.reportsRanks = true
    options.reportsClosed = true
    let text = workshop.lines(15, seed: 21)
    let report = model.perplexity(of: text, options: options)
    var hits = [0, 0, 0]
    var closed = 0.0
    var state = model.nullState
    for word in ids(text) {
      if word == .beginOfSentence {
        model.beginSentence(advancing: &state)
        continue
      }
      let distribution = model.log10Distribution(after: state)
      if word != .unknown {
        let own = distribution[Int(word.rawValue)]
        let rank = 1 + distribution.dropFirst().count { $0 > own }
        for (place, limit) in PerplexityDetails.ranks.enumerated() where rank <= limit {
          hits[place] += 1
        }
        closed += Double(own) - log10(1 - pow(10, Double(distribution[0])))
      }
      _ = model.score(word, advancing: &state)
    }
    #expect(report.details?.hitsPerRank == hits)
    #expect(abs((report.details?.closedLog10Probability ?? 0) - closed) < 1e-3)
  }
}
