import Foundation
public import GramdexCore

/// Several models that answer together, each with its weight: a linear or a log-linear mixture.
///
/// Linear: p(w | h) = Σ λk · pk(w | h), where the weights sum to one (Jelinek and Mercer 1980).
/// Log-linear: p(w | h) = Π pk(w | h)^λk / Z(h), where Z(h) is the sum of the products over all words (Klakow 1998).
///
/// The mixture's words are those that any model knows. A word that one model lacks is an unknown word to it and gets
/// what the model alone would give it, so a linear mixture of models with different vocabularies sums to more than one;
/// with `MissingWords.shared` it gets an equal part of that, with `zero` nothing, as in SRILM, and the mixture sums to one.
/// A word that no model knows is an unknown word of the mixture.
public struct Mixture: LanguageModel {
  /// A model and its weight.
  public struct Component: Sendable {
    /// The model.
    public var model: any LanguageModel
    /// Its share of a linear mixture, or its exponent in a log-linear one.
    public var weight: Double

    /// Makes a component.
    public init(_ model: any LanguageModel, weight: Double) {
      self.model = model
      self.weight = weight
    }
  }

  /// How probabilities are put together.
  public enum Combination: Sendable {
    /// The weighted sum.
    case linear
    /// The product of powers, divided by the sum over all words.
    ///
    /// Cost: the probabilities of all words in every model for each word that is scored, about 20 ns a word type and model.
    case logLinear
    /// The product of powers alone: a score, which does not sum to one.
    case logLinearScore
  }

  /// What a model says of a word that only other models know.
  public enum MissingWords: String, Sendable, Hashable, CaseIterable {
    /// The probability of its unknown word, p(`<unk>` | h).
    case unknown
    /// p(`<unk>` | h) / (m + 1), for each of the m words that others predict and it lacks, and for `<unk>` itself.
    case shared
    /// Probability 0.
    case zero
  }

  /// What each model remembers.
  public struct ModelState: Hashable, Comparable, Sendable {
    var parts: [AnyModelState]

    /// Orders states by the first model that tells them apart.
    public static func < (left: Self, right: Self) -> Bool {
      left.parts.lexicographicallyPrecedes(right.parts)
    }
  }

  /// The words that any of the models knows.
  public let lexicon: Lexicon
  /// How text becomes words, for all models.
  public let tokenizer: TokenizerOptions
  /// How probabilities are put together.
  public let combination: Combination
  /// The weights in the order of the models; those of a linear mixture sum to one.
  public let weights: [Double]
  /// The models, each behind the common lexicon.
  let models: [WidenedModel]
  /// Words that no model predicts which has them.
  public let unpredictedWords: [WordID]

  /// Puts models together.
  ///
  /// - Parameters:
  ///   - components: the models and their weights; weights of a linear mixture that sum to nearly one are divided by their sum.
  ///   - combination: how probabilities are put together.
  ///   - missingWords: what a model says of a word that only others know; log-linear mixtures need `unknown` or `shared`.
  /// - Throws: `MixtureError`.
  public init(
    _ components: [Component],
    combination: Combination = .linear,
    missingWords: MissingWords = .unknown
  ) throws(MixtureError) {
    guard let first = components.first else { throw .noModels }
    let tokenizer = first.model.tokenizer
    if let other = components.firstIndex(where: { $0.model.tokenizer != tokenizer }) {
      throw .differentTokenizers(model: other + 1)
    }
    var weights = components.map(\.weight)
    if let weight = weights.first(where: { !$0.isFinite || $0 < 0 }) { throw .weight(weight) }
    let sum = weights.reduce(0, +)
    switch combination {
    case .linear:
      if abs(sum - 1) > Self.sumTolerance { throw .sumOfWeights(sum) }
      weights = weights.map { $0 / sum }
    case .logLinear, .logLinearScore:
      if missingWords == .zero { throw .zeroInLogLinear }
    }
    self.weights = weights
    self.tokenizer = tokenizer
    self.combination = combination
    let union = LexiconUnion(components.map(\.model.lexicon))
    let lexicon = union.parts.allSatisfy { $0.own == nil } ? first.model.lexicon : Lexicon(union)
    self.lexicon = lexicon
    var models = zip(components, union.parts).map { component, part in
      WidenedModel(
        model: component.model,
        lexicon: lexicon,
        own: part.own,
        missingWords: missingWords
      )
    }
    let unpredictedWords = Self.unpredictedWords(of: models)
    for index in models.indices { models[index].leaveOut(unpredictedWords) }
    self.models = models
    self.unpredictedWords = unpredictedWords
  }

  /// Words that no model predicts which has them: the name of a class in one model may be a word in another.
  private static func unpredictedWords(of models: [WidenedModel]) -> [WordID] {
    let unpredicted = models.map { Set($0.unpredictedWords) }
    let all = unpredicted.reduce(into: Set()) { $0.formUnion($1) }
    return all.filter { word in
      zip(models, unpredicted).allSatisfy { !$0.knows(word) || $1.contains(word) }
    }.sorted()
  }

  /// How far from one the weights of a linear mixture may sum: what rounding to three digits does.
  static let sumTolerance = 0.005

  /// The greatest order of the models.
  public var maximumOrder: Int? { models.compactMap(\.maximumOrder).max() }

  /// log10 of the probability of a word that no model knows, without context.
  public var log10UnknownProbability: Float {
    score(.unknown, after: nullState).score.log10Probability
  }

  /// Whether any of the models remembers sentences.
  public var remembersSentences: Bool { models.contains(where: \.remembersSentences) }

  /// Those of all models.
  public var sentenceStates: [SentenceState] { models.flatMap(\.sentenceStates) }

  /// That of the first model that learns.
  public var dynamicEvaluation: DynamicEvaluation? {
    models.lazy.compactMap(\.dynamicEvaluation).first
  }

  /// Whether all models do, and their combination sums to one.
  public var givesProbabilities: Bool {
    combination != .logLinearScore && models.allSatisfy(\.givesProbabilities)
  }

  /// The models' states that know no words.
  public var nullState: ModelState { ModelState(parts: models.map(\.nullState)) }

  /// The models' states before the first word of a text.
  public var beginSentenceState: ModelState {
    ModelState(parts: models.map(\.beginSentenceState))
  }

  /// Begins the next sentence in every model.
  public func beginSentence(advancing state: inout ModelState) {
    for (index, model) in models.enumerated() {
      model.beginSentence(advancing: &state.parts[index])
    }
  }

  /// The probability of `word`, with the longest order that matched in any model.
  public func score(_ word: WordID, advancing state: inout ModelState) -> WordScore {
    let word = lexicon.known(word)
    let normalizer = combination == .logLinear ? log10Normalizer(after: state) : 0
    var sum = 0.0
    var order = 0
    for (index, model) in models.enumerated() {
      let score = model.score(word, advancing: &state.parts[index])
      sum += term(Double(score.log10Probability), of: index)
      order = max(order, score.order)
    }
    return WordScore(
      log10Probability: log10Probability(sum, normalizer),
      order: order,
      isOOV: word == .unknown
    )
  }

  /// The mixture of all models' distributions.
  public func log10Distribution(after state: ModelState) -> [Float] {
    let sums = sums(after: state)
    let normalizer = combination == .logLinear ? Self.log10Normalizer(sums) : 0
    var result = sums.map { log10Probability($0, normalizer) }
    for word in unpredictedWords { result[Int(word.rawValue)] = -.infinity }
    return result
  }

  /// The longest order that matched in any model.
  public func matchedOrder(of word: WordID, after state: ModelState) -> Int {
    zip(models, state.parts).map { $0.matchedOrder(of: word, after: $1) }.max() ?? 0
  }

  /// The greatest of the models.
  public var sumTolerance: Double { models.map(\.sumTolerance).max() ?? 0 }

  // MARK: Sums

  /// What a model adds to the sum of a word: λ · p in a linear mixture, λ · log10 p in a log-linear one.
  @inline(__always)
  func term(_ log10Probability: Double, of model: Int) -> Double {
    combination == .linear
      ? weights[model] * exp(log10Probability * Self.ln10)
      : weights[model] == 0 ? 0 : weights[model] * log10Probability
  }

  /// log10 of the probability of a word, from its sum and log10 of the normalizer.
  @inline(__always)
  func log10Probability(_ sum: Double, _ normalizer: Double) -> Float {
    let value = combination == .linear ? log10(sum) : sum - normalizer
    return value < Double(Logarithm.ofZero) ? Logarithm.ofZero : Float(value)
  }

  /// The sums of all words after `state`.
  private func sums(after state: ModelState) -> [Double] {
    var sums = [Double](repeating: 0, count: lexicon.count)
    for (index, model) in models.enumerated() {
      let distribution = model.log10Distribution(after: state.parts[index])
      for word in sums.indices { sums[word] += term(Double(distribution[word]), of: index) }
    }
    let nothing = combination == .linear ? 0 : -Double.infinity
    for word in unpredictedWords { sums[Int(word.rawValue)] = nothing }
    return sums
  }

  /// log10 of the normalizer of a log-linear mixture after `state`.
  func log10Normalizer(after state: ModelState) -> Double {
    Self.log10Normalizer(sums(after: state))
  }

  /// log10 Σ 10^sum over all words but `<s>`, from the greatest on, so that nothing overflows.
  private static func log10Normalizer(_ sums: [Double]) -> Double {
    let begin = Int(WordID.beginOfSentence.rawValue)
    var greatest = -Double.infinity
    for (word, sum) in sums.enumerated() where word != begin { greatest = max(greatest, sum) }
    guard greatest.isFinite else { return 0 }
    var total = 0.0
    for (word, sum) in sums.enumerated() where word != begin {
      total += exp((sum - greatest) * ln10)
    }
    return greatest + log10(total)
  }

  private static let ln10 = log(10.0)
}

/// Models that cannot be mixed.
public enum MixtureError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is no model.
  case noModels
  /// A model, counted from 1, cuts text into words in another way than the first one.
  case differentTokenizers(model: Int)
  /// A weight is negative or no number.
  case weight(Double)
  /// The weights of a linear mixture do not sum to one.
  case sumOfWeights(Double)
  /// A log-linear mixture was asked to give missing words probability 0.
  case zeroInLogLinear
  /// The text on which weights are to be found has no word that any of the models knows.
  case noKnownWords

  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .noModels: "a mixture needs at least one model"
    case .differentTokenizers(let model):
      """
      model \(model) of the mixture cuts text into words in another way than the first one, so they cannot \
      be mixed; build both with the same tokenizer options (gramdex info shows them)
      """
    case .weight(let weight):
      "a mixture cannot have the weight \(weight); give a number from 0 to 1"
    case .sumOfWeights(let sum):
      "the weights of the mixture sum to \(sum); make them sum to 1"
    case .zeroInLogLinear:
      """
      in a log-linear mixture a word that one model lacks would make the whole product 0; \
      leave out --missing-words zero
      """
    case .noKnownWords:
      "no word of the text is known to any of the models; find weights on a text that they know"
    }
  }
}
