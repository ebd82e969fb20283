public import GramdexNeuralModels
public import GramdexScoring

/// Which models answer: one of an index, or a mixture of models of one index or several.
public struct ModelSelection: Hashable, Sendable {
  /// A model and its weight.
  public struct Choice: Hashable, Sendable {
    /// The index folder.
    public var path: String
    /// The model's name in it.
    public var name: String
    /// Its weight; nil when none was given.
    public var weight: Double?
  }

  /// The models in the order of their naming.
  public private(set) var choices: [Choice]
  /// How neural models among them are asked.
  public var neural = NeuralScoringOptions()
  /// How many of them were named by `models`.
  private var namedCount: Int

  /// Reads names of models as the command line has them.
  ///
  /// - Parameters:
  ///   - path: the index folder of `models`.
  ///   - models: `NAME`, or `NAME:WEIGHT,NAME:WEIGHT,…`.
  ///   - others: models of other indexes, each `PATH=WEIGHT` or `PATH:NAME=WEIGHT`; without `:NAME` the one that a build
  ///     makes unless told otherwise. A weight may be left out where weights are looked for.
  /// - Throws: `ModelSelectionError`.
  public init(
    index path: String,
    models: String = NGramModel.defaultName,
    others: [String] = []
  ) throws(ModelSelectionError) {
    choices = []
    for part in models.split(separator: ",", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let weight = try pieces.count == 2 ? Self.weight(pieces[1], in: String(part)) : nil
      if pieces[0].isEmpty { throw .noName(String(models)) }
      choices.append(Choice(path: path, name: String(pieces[0]), weight: weight))
    }
    namedCount = choices.count
    for other in others {
      var place = Substring(other)
      var weight: Double?
      if let equals = other.lastIndex(of: "=") {
        place = other[..<equals]
        weight = try Self.weight(other[other.index(after: equals)...], in: other)
      }
      var name = Substring(NGramModel.defaultName)
      let file = place.lastIndex(of: "/").map { place.index(after: $0) } ?? place.startIndex
      if let colon = place[file...].lastIndex(of: ":") {
        name = place[place.index(after: colon)...]
        place = place[..<colon]
      }
      if name.isEmpty || place.isEmpty { throw .noName(other) }
      choices.append(Choice(path: String(place), name: String(name), weight: weight))
    }
  }

  /// The models with their weights.
  ///
  /// The only one has weight 1; where one of the index alone has none, it gets what the others leave.
  ///
  /// - Throws: `ModelSelectionError.noWeight` when others have none.
  public func weighted() throws(ModelSelectionError) -> [(choice: Choice, weight: Double)] {
    let missing = choices.filter { $0.weight == nil }
    var rest: Double?
    if let first = missing.first {
      guard missing.count == 1, namedCount == 1, choices[0].weight == nil else {
        throw .noWeight(first.name)
      }
      rest = 1 - choices.compactMap(\.weight).reduce(0, +)
    }
    return choices.map { ($0, $0.weight ?? rest ?? 1) }
  }

  /// Refuses an option that is about several models where there is one, whose probabilities it would not change.
  ///
  /// - Throws: `ModelSelectionError.oneModel`.
  public func requireSeveral(for option: String) throws(ModelSelectionError) {
    if choices.count == 1, choices[0].weight ?? 1 == 1 {
      throw .oneModel(choices[0].name, option: option)
    }
  }

  /// Opens the model, or the mixture when there are several.
  ///
  /// - Parameters:
  ///   - combination: how the probabilities of several models are put together.
  ///   - missingWords: what a model says of a word that only others know.
  ///   - findsNextWords: whether a model that stands alone is to find next words without looking at all of them, if its kind can.
  /// - Returns: the model.
  /// - Throws: `ModelSelectionError`, `MixtureError`, and errors of opening an index.
  public func open(
    combination: Mixture.Combination = .linear,
    missingWords: Mixture.MissingWords = .unknown,
    findsNextWords: Bool = false
  ) throws -> any LanguageModel {
    let weighted = try weighted()
    try checkNeural()
    if weighted.count == 1, combination == .linear {
      let choice = weighted[0].choice
      if let weight = choice.weight, abs(weight - 1) > 0.005 {
        throw MixtureError.sumOfWeights(weight)
      }
      return findsNextWords
        ? try IndexModel.openForNextWords(choice.path, model: choice.name, neural: neural)
        : try open(choice)
    }
    return try Mixture(
      weighted.map { Mixture.Component(try open($0.choice), weight: $0.weight) },
      combination: combination,
      missingWords: missingWords
    )
  }

  /// Opens what explains the probabilities of the model, or of the linear mixture when there are several.
  ///
  /// - Throws: as `open`.
  public func openExplainer() throws -> any WordExplainer {
    try checkNeural()
    if choices.count > 1 { return try MixtureExplainer(self) }
    return try openExplainer(of: choices[0])
  }

  /// Opens the mixture with equal weights, whatever weights were given.
  public func openEqual(missingWords: Mixture.MissingWords = .unknown) throws -> Mixture {
    try checkNeural()
    return try Mixture(
      choices.map {
        Mixture.Component(try open($0), weight: 1 / Double(choices.count))
      },
      missingWords: missingWords
    )
  }

  /// The arguments that select these models with `weights`, as a command line has them.
  public func arguments(weights: [Double]) -> [String] {
    let texts = weights.map { Readable.fixed($0, 4) }
    let named = zip(choices, texts).prefix(namedCount).map { "\($0.name):\($1)" }
    let others = zip(choices, texts).dropFirst(namedCount).flatMap { choice, weight in
      let name = choice.name == NGramModel.defaultName ? "" : ":" + choice.name
      return ["--mix", "\(choice.path)\(name)=\(weight)"]
    }
    return ["--model", named.joined(separator: ",")] + others
  }

  private func open(_ choice: Choice) throws -> any LanguageModel {
    try IndexModel.open(choice.path, model: choice.name, neural: neural)
  }

  /// Opens what explains the probabilities of one of the models.
  func openExplainer(of choice: Choice) throws -> any WordExplainer {
    try IndexModel.openExplainer(choice.path, model: choice.name, neural: neural)
  }

  /// Refuses options of neural models when there is none.
  private func checkNeural() throws {
    guard let flag = neural.flag else { return }
    for choice in choices where try IndexModel.isNeural(choice.path, model: choice.name) { return }
    throw ModelSelectionError.notNeural(flag: flag, names: choices.map(\.name))
  }

  private static func weight(
    _ text: Substring,
    in whole: String
  ) throws(ModelSelectionError) -> Double {
    guard let weight = Double(text), weight.isFinite, weight >= 0 else { throw .weight(whole) }
    return weight
  }
}

/// Names of models that cannot be read.
public enum ModelSelectionError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A model has no name, or an index no path.
  case noName(String)
  /// A weight is no number from 0 up.
  case weight(String)
  /// Several models, of which this one has no weight.
  case noWeight(String)
  /// An option that only neural models understand, and none of the models is one.
  case notNeural(flag: String, names: [String])
  /// An option that is about several models was given with this one alone.
  case oneModel(String, option: String)

  /// What is wrong, and what to write.
  public var description: String {
    switch self {
    case .noName(let text):
      "\"\(text)\" lacks a name; write --model NAME, --model NAME:WEIGHT,NAME:WEIGHT or --mix INDEX:NAME=WEIGHT"
    case .weight(let text):
      "\"\(text)\" has no weight of 0 or more; write NAME:WEIGHT in --model and INDEX=WEIGHT in --mix, such as 0.4"
    case .notNeural(let flag, let names):
      """
      \(flag) is about neural models, and \(names.joined(separator: ", ")) \
      \(names.count == 1 ? "is none" : "are none"); leave it out, or choose a model that gramdex train has made
      """
    case .noWeight(let name):
      "the model \(name) has no weight; give every model of a mixture one, or find them with gramdex tune-mixture"
    case .oneModel(let name, let option):
      """
      \(option) is about mixtures, and the model \(name) stands alone; leave it out, or name more models with \
      --model NAME:WEIGHT,NAME:WEIGHT or --mix INDEX=WEIGHT
      """
    }
  }
}
