import Foundation
import GramdexCore
import GramdexStorage

/// A model behind a lexicon with more words than its own.
///
/// Words that only the lexicon has are unknown words to the model, have parts of the unknown word's probability, or are
/// impossible.
struct WidenedModel: LanguageModel, RunScoring, ForestScoring {
  let model: any LanguageModel
  let lexicon: Lexicon
  /// For each id of the lexicon the model's id; nil when they are the same.
  let own: [UInt32]?
  let missingWords: Mixture.MissingWords
  /// log10 of the part of the unknown word's probability that it keeps, and that each missing word gets.
  private var log10Share: Float = 0

  /// Gives a model a lexicon in which those of `words` that it lacks follow its own; they are unknown words to it.
  init(_ model: any LanguageModel, adding words: [[UInt8]]) {
    self.model = model
    missingWords = .unknown
    let unknown = words.filter { model.lexicon.id(of: $0) == .unknown }
    if unknown.isEmpty {
      own = nil
      lexicon = model.lexicon
      return
    }
    let union = LexiconUnion([model.lexicon, Lexicon(words: unknown)])
    own = union.parts[0].own
    lexicon = own == nil ? model.lexicon : Lexicon(union)
  }

  init(
    model: any LanguageModel,
    lexicon: Lexicon,
    own: [UInt32]?,
    missingWords: Mixture.MissingWords
  ) {
    self.model = model
    self.lexicon = lexicon
    self.own = own
    self.missingWords = missingWords
    leaveOut([])
  }

  /// Says which words of the lexicon no model predicts, so that they get no part of the unknown word's probability.
  mutating func leaveOut(_ unpredicted: [WordID]) {
    guard missingWords == .shared, let own else { return }
    // Places of the unknown word's id: the unknown word itself and the m words that are missing.
    let places = own.count { $0 == WordID.unknown.rawValue } - unpredicted.count { !knows($0) }
    log10Share = -Float(log10(Double(max(places, 1))))
  }

  var tokenizer: TokenizerOptions { model.tokenizer }
  var maximumOrder: Int? { model.maximumOrder }
  var log10UnknownProbability: Float { model.log10UnknownProbability + log10Share }
  var remembersSentences: Bool { model.remembersSentences }
  var givesProbabilities: Bool { model.givesProbabilities }
  var sentenceStates: [SentenceState] { model.sentenceStates }
  var dynamicEvaluation: DynamicEvaluation? { model.dynamicEvaluation }
  var nullState: AnyModelState { model.anyNullState }
  var beginSentenceState: AnyModelState { model.anyBeginSentenceState }

  func beginSentence(advancing state: inout AnyModelState) {
    model.beginSentence(advancing: &state)
  }

  /// The model's id of a word, and whether the model lacks the word, though the lexicon has it.
  @inline(__always)
  private func own(_ word: UInt32) -> (id: UInt32, isMissing: Bool) {
    guard let own else { return (word, false) }
    let id = Int(word) < own.count ? own[Int(word)] : WordID.unknown.rawValue
    return (id, id == WordID.unknown.rawValue && word != id)
  }

  func score(_ word: WordID, advancing state: inout AnyModelState) -> WordScore {
    let (id, isMissing) = own(lexicon.known(word).rawValue)
    var score = model.score(WordID(rawValue: id), advancing: &state)
    if isMissing { score.isOOV = false }
    if id == WordID.unknown.rawValue {
      score.log10Probability = ofUnknown(score.log10Probability, isMissing: isMissing)
    }
    return score
  }

  func log10Distribution(after state: AnyModelState) -> [Float] {
    let distribution = model.log10Distribution(after: state)
    if own == nil { return distribution }
    return (0..<UInt32(lexicon.count)).map { word in
      let (id, isMissing) = own(word)
      let log10Probability = distribution[Int(id)]
      return id == WordID.unknown.rawValue
        ? ofUnknown(log10Probability, isMissing: isMissing) : log10Probability
    }
  }

  /// What becomes of the log10 probability of the unknown word, which is what a missing word gets, too.
  @inline(__always)
  private func ofUnknown(_ log10Probability: Float, isMissing: Bool) -> Float {
    switch missingWords {
    case .unknown: log10Probability
    case .shared: log10Probability + log10Share
    case .zero: isMissing ? -.infinity : log10Probability
    }
  }

  var unpredictedWords: [WordID] {
    guard let own else { return model.unpredictedWords }
    let words = Set(model.unpredictedWords.map(\.rawValue))
    return own.indices.filter { words.contains(own[$0]) }.map { WordID(rawValue: UInt32($0)) }
  }

  /// Whether the model has the word with this id of the lexicon.
  func knows(_ word: WordID) -> Bool { !own(word.rawValue).isMissing }

  func matchedOrder(of word: WordID, after state: AnyModelState) -> Int {
    model.matchedOrder(of: WordID(rawValue: own(lexicon.known(word).rawValue).id), after: state)
  }

  var sumTolerance: Double { model.sumTolerance }

  func makeRunScorer(threads: Int) -> any RunScorer {
    own == nil ? model.runScorer(threads: threads) : Scorer(self, threads)
  }

  /// Scores runs with the model's own scorer and ids.
  private final class Scorer: RunScorer {
    private let widened: WidenedModel
    private let scorer: any RunScorer
    private var ids = RecordBuffer<UInt32>(uninitialized: 0)
    private var scores = RecordBuffer<Float>(uninitialized: 0)
    private var orders = RecordBuffer<UInt8>(uninitialized: 0)
    let margin = 0

    init(_ widened: WidenedModel, _ threads: Int) {
      self.widened = widened
      scorer = widened.model.runScorer(threads: threads)
    }

    var failure: (any Error)? { scorer.failure }

    func score(
      _ ids: borrowing RecordBuffer<UInt32>,
      _ range: Range<Int>,
      after state: AnyModelState,
      scores: borrowing RecordBuffer<Float>,
      orders: borrowing RecordBuffer<UInt8>
    ) -> AnyModelState {
      let places = scorer.margin..<scorer.margin + range.count
      if self.ids.count < places.upperBound {
        self.ids = RecordBuffer(uninitialized: places.upperBound)
        self.scores = RecordBuffer(uninitialized: places.upperBound)
        self.orders = RecordBuffer(uninitialized: places.upperBound)
      }
      Self.translate(ids, range, widened, into: self.ids, from: places.lowerBound)
      let after = scorer.score(
        self.ids,
        places,
        after: state,
        scores: self.scores,
        orders: self.orders
      )
      Self.copy(self.scores, self.orders, places, into: scores, orders, from: range.lowerBound)
      if widened.missingWords != .unknown { Self.correct(scores, of: ids, range, widened) }
      return after
    }

    fileprivate static func correct(
      _ scores: borrowing RecordBuffer<Float>,
      of ids: borrowing RecordBuffer<UInt32>,
      _ range: Range<Int>,
      _ widened: WidenedModel
    ) {
      for place in range where ids[place] != BatchScorer.breakMarker {
        let (id, isMissing) = widened.own(ids[place])
        if id == WordID.unknown.rawValue {
          scores[place] = widened.ofUnknown(scores[place], isMissing: isMissing)
        }
      }
    }

    fileprivate static func translate(
      _ ids: borrowing RecordBuffer<UInt32>,
      _ range: Range<Int>,
      _ widened: WidenedModel,
      into own: borrowing RecordBuffer<UInt32>,
      from start: Int
    ) {
      for place in range {
        let id = ids[place]
        own[start + place - range.lowerBound] =
          id == BatchScorer.breakMarker ? id : widened.own(id).id
      }
    }

    private static func copy(
      _ ownScores: borrowing RecordBuffer<Float>,
      _ ownOrders: borrowing RecordBuffer<UInt8>,
      _ places: Range<Int>,
      into scores: borrowing RecordBuffer<Float>,
      _ orders: borrowing RecordBuffer<UInt8>,
      from start: Int
    ) {
      for place in places {
        scores[start + place - places.lowerBound] = ownScores[place]
        orders[start + place - places.lowerBound] = ownOrders[place]
      }
    }
  }

  var canEstimate: Bool { model.savesByEstimating }

  func makeForestScorer(_ normalization: Normalization) -> any ForestScorer {
    let scorer = model.forestScorer(normalization)
    return own == nil ? scorer : WidenedForestScorer(self, scorer)
  }

  /// Scores forests with the model's own scorer and ids.
  private final class WidenedForestScorer: ForestScorer {
    private let widened: WidenedModel
    private let scorer: any ForestScorer
    private var ids = RecordBuffer<UInt32>(uninitialized: 0)

    init(_ widened: WidenedModel, _ scorer: any ForestScorer) {
      self.widened = widened
      self.scorer = scorer
    }

    var failure: (any Error)? { scorer.failure }

    func score(
      _ forest: PrefixForest,
      words: borrowing RecordBuffer<UInt32>,
      after state: AnyModelState,
      scores: borrowing RecordBuffer<Float>
    ) {
      let nodes = 0..<forest.count
      if ids.count < nodes.count { ids = RecordBuffer(uninitialized: nodes.count) }
      Scorer.translate(words, nodes, widened, into: ids, from: 0)
      scorer.score(forest, words: ids, after: state, scores: scores)
      if widened.missingWords != .unknown {
        Scorer.correct(scores, of: words, nodes, widened)
      }
    }
  }
}
