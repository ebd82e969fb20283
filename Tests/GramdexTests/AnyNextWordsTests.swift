import Foundation
import Gramdex
import GramdexCore
import GramdexScoring
import TestSupport
import Testing

/// Next words and drawn sentences of models that are no n-gram models of one index.
@Suite("The next words of mixtures, class models and overlays")
struct AnyNextWordsTests {
  /// Ways to put a model together.
  enum Kind: String, CaseIterable, CustomTestStringConvertible {
    case linear, linearSRILM, linearShared, classesShared, logLinear, logLinearScore, classes,
      classesMixed, cache, boost
    case boostNormalized, wrapped

    var testDescription: String { rawValue }
    var givesProbabilities: Bool { self != .logLinearScore && self != .boost }
    /// Whether no word is unknown to one part and known to another, which makes the sum more than one.
    var sumsToOne: Bool { givesProbabilities && ![.linear, .cache].contains(self) }
  }

  /// A model that has no distribution of its own, as a new kind of model may begin.
  private struct Wrapped: LanguageModel {
    let model: NGramModel
    var lexicon: Lexicon { model.lexicon }
    var tokenizer: TokenizerOptions { model.tokenizer }
    var maximumOrder: Int? { nil }
    var log10UnknownProbability: Float { model.log10UnknownProbability }
    var nullState: State { model.nullState }
    var beginSentenceState: State { model.beginSentenceState }
    func score(_ word: WordID, advancing state: inout State) -> WordScore {
      var score = model.score(word, advancing: &state)
      score.order = 0
      return score
    }
  }

  private let folder: TemporaryFolder
  private let words: String
  private let other: String
  private let classes: String

  init() throws {
    folder = try TemporaryFolder()
    words = folder.path("words")
    other = folder.path("other")
    classes = folder.path("classes")
    try Self.build(folder, Corpora.random(seed: 51, sentences: 80, wordTypes: 9), words)
    let shifted = Corpora.random(seed: 52, sentences: 60, wordTypes: 9).map { sentence in
      sentence.map { ["w1", "w4", "w6"].contains($0) ? "v" + $0 : $0 }
    }
    try Self.build(folder, shifted, other) { $0.order = 2 }
    let file = try folder.write("classes.txt", "ODD 3 w1\nODD 1 w3\nEVEN 1 w2\nEVEN 1 w4\n")
    try Self.build(folder, Corpora.random(seed: 51, sentences: 80, wordTypes: 9), classes) {
      $0.classes = file
    }
  }

  private static func build(
    _ folder: TemporaryFolder,
    _ corpus: Corpora.Corpus,
    _ path: String,
    _ change: (inout BuildOptions) -> Void = { _ in }
  ) throws {
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = 3
    options.memoryBytes = 64 << 20
    options.threads = 1
    change(&options)
    try IndexBuilder.build(options, to: path)
  }

  private func model(_ kind: Kind) throws -> any LanguageModel {
    let selection = try ModelSelection(index: words, others: ["\(other)=0.3"])
    let mixed = try ModelSelection(index: words, others: ["\(classes)=0.4"])
    let base = try NGramModel.open(words)
    let phrases = try PhraseList(
      contentsOf: folder.write("phrases", "w1 w2\t1.5\nw3\t-0.7\nzebra w0\n"),
      defaultWeight: 1
    )
    switch kind {
    case .linear: return try selection.open()
    case .linearSRILM: return try selection.open(missingWords: .zero)
    case .linearShared: return try selection.open(missingWords: .shared)
    case .classesShared: return try mixed.open(missingWords: .shared)
    case .logLinear: return try selection.open(combination: .logLinear)
    case .logLinearScore: return try selection.open(combination: .logLinearScore)
    case .classes: return try IndexModel.open(classes)
    case .classesMixed: return try mixed.open()
    case .cache:
      let history = try WordHistory(
        contentsOf: folder.write("history", "w1 w1 zebra w7\n"),
        capacity: 20
      )
      let options = CacheModel.Options(length: 20, weight: 0.2, order: 2)
      return try CacheModel(base, options: options, history: history)
    case .boost: return try BoostedModel(base, phrases: phrases)
    case .boostNormalized: return try BoostedModel(base, phrases: phrases, isNormalized: true)
    case .wrapped: return Wrapped(model: base)
    }
  }

  private func isLabel(_ word: String?) -> Bool { word == "ODD" || word == "EVEN" }

  /// Every word but `<s>` and names of classes, scored one by one, likeliest first.
  private func force(
    _ model: any LanguageModel,
    after state: AnyModelState
  ) -> [(id: WordID, score: WordScore)] {
    BruteForce(model: model).words(after: state) { !isLabel(model.lexicon.word($0)) }
  }

  private static let contexts = [
    "", "<s>", "w1", "<s> w3 w1", "w2 w2", "zebra", "vw1 w0", "w7 zebra w1", "w1 w2 <s> w5",
  ]

  @Test(arguments: Kind.allCases)
  func `are those of scoring and sorting all words`(kind: Kind) throws {
    let model = try model(kind)
    let next = NextWords(model)
    for context in Self.contexts {
      let state = next.state(after: context)
      for includesUnknown in [true, false] {
        let expected = force(model, after: state).filter {
          (includesUnknown || $0.id != .unknown) && $0.score.log10Probability > -99
        }
        for limit in [1, 4, expected.count + 3] {
          let answer = try next.words(
            after: state,
            limit: limit,
            includesUnknown: includesUnknown
          )
          let place = "\(kind), \"\(context)\", \(limit)"
          #expect(answer.words.count == min(limit, expected.count), "\(place)")
          for (word, wanted) in zip(answer.words, expected) {
            let own = expected.first { $0.id == word.id }?.score
            // Mixtures and overlays compute in double precision what they round to single.
            let slack: Float = 3e-6
            #expect(
              abs(word.log10Probability - wanted.score.log10Probability) < slack,
              "\(place)"
            )
            #expect(
              abs(word.log10Probability - (own?.log10Probability ?? 0)) < slack,
              "\(place) \(word.text)"
            )
            #expect(word.order == own?.order, "\(place) \(word.text)")
            #expect(word.bytes == model.lexicon.bytes(of: word.id), "\(place)")
          }
        }
      }
    }
  }

  @Test(arguments: Kind.allCases)
  func `leave what the other words have`(kind: Kind) throws {
    let model = try model(kind)
    let next = NextWords(model)
    for context in Self.contexts {
      let state = next.state(after: context)
      let answer = try next.words(after: state, limit: 3)
      #expect((answer.leftover != nil) == kind.givesProbabilities, "\(kind)")
      let all = force(model, after: state)
      let others = all.filter { word in !answer.words.contains { $0.id == word.id } }
      func sum(_ words: [(id: WordID, score: WordScore)]) -> Double {
        words.reduce(0) { $0 + pow(10, Double($1.score.log10Probability)) }
      }
      if let leftover = answer.leftover {
        // About 15 numbers of single precision.
        #expect(abs(leftover - sum(others)) < 1e-5, "\(kind) \"\(context)\"")
      }
      let total = try next.sum(after: state)
      #expect(abs(total - sum(all)) < 1e-5, "\(kind) \"\(context)\"")
      if kind.sumsToOne { #expect(abs(total - 1) < 1e-5, "\(kind) \"\(context)\"") }
    }
  }

  @Test(arguments: Kind.allCases, ["", "w", "vw", "zeb", "O", "<"])
  func `complete half-typed words`(kind: Kind, prefix: String) throws {
    let model = try model(kind)
    let next = NextWords(model)
    let state = next.state(after: "w3 w1")
    let expected = force(model, after: state).filter {
      $0.id != .unknown && $0.score.log10Probability > -99
        && model.lexicon.word($0.id)?.hasPrefix(prefix) == true
    }
    let answer = try next.completions(of: Array(prefix.utf8), after: state, limit: 100)
    #expect(Set(answer.words.map(\.id)) == Set(expected.map(\.id)), "\(kind)")
    for (word, wanted) in zip(answer.words, expected) {
      #expect(abs(word.log10Probability - wanted.score.log10Probability) < 3e-6, "\(kind)")
    }
    let typed = try next.completions(of: "w3 w1 \(prefix)", limit: 100)
    #expect(typed == answer)
  }

  @Test(arguments: Kind.allCases, [1, 0.5])
  func `are drawn in proportion to their probabilities`(kind: Kind, temperature: Double) throws {
    let model = try model(kind)
    let draws = 2000
    let generator = try SentenceGenerator(
      model,
      options: GenerationOptions(
        seed: 11,
        temperature: temperature,
        prefix: "w3 w1",
        maximumWords: 1,
        includesUnknown: false
      )
    )
    var state = model.anyBeginSentenceState
    for word in ["w3", "w1"] { _ = model.score(model.lexicon.id(of: word), advancing: &state) }
    let weights = force(model, after: state).filter { $0.id != .unknown }.map {
      (model.lexicon.word($0.id) ?? "", pow(10, Double($0.score.log10Probability) / temperature))
    }
    let total = weights.reduce(0) { $0 + $1.1 }
    var counts: [String: Int] = [:]
    for number in 0..<UInt64(draws) {
      let sentence = try generator.sentence(number)
      let word = sentence.isEnded ? "</s>" : sentence.text.split(separator: " ").last ?? ""
      counts[String(word), default: 0] += 1
    }
    #expect(counts.keys.allSatisfy { word in weights.contains { $0.0 == word } })
    for (word, weight) in weights {
      let share = weight / total
      let deviation = Double(counts[word] ?? 0) - share * Double(draws)
      // A right sampler exceeds five standard deviations of a binomial count, and one for rounding, almost never.
      let bound = 5 * (share * (1 - share) * Double(draws)).squareRoot() + 1
      #expect(abs(deviation) < bound, "\(kind) \(word)")
    }
  }

  @Test(arguments: Kind.allCases)
  func `make sentences with the probability that the model gives them`(kind: Kind) throws {
    let model = try model(kind)
    let generator = try SentenceGenerator(
      model,
      options: GenerationOptions(seed: 3, topK: kind == .linear ? 4 : nil, maximumWords: 12)
    )
    for number in 0..<20 as Range<UInt64> {
      let sentence = try generator.sentence(number)
      #expect(try generator.sentence(number) == sentence)
      let words = sentence.words.map { model.lexicon.id(of: $0) }
      let scores = model.scoreSentence(words).words
      let drawn = sentence.isEnded ? scores : scores.dropLast()
      let sum = drawn.reduce(0) { $0 + Double($1.log10Probability) }
      #expect(abs(sum - sentence.log10Probability) < 1e-9, "\(kind)")
    }
  }

  @Test func `of an n-gram model are the same with its lists as without`() throws {
    let fast = try NextWords(path: words)
    let slow = NextWords(try NGramModel.open(words))
    for context in Self.contexts {
      let left = try fast.words(after: context, limit: 5)
      let right = try slow.words(after: context, limit: 5)
      #expect(left.words == right.words)
      #expect(abs((left.leftover ?? -1) - (right.leftover ?? 1)) < 1e-5)
    }
  }
}
