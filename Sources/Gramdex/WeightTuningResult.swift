public import GramdexRescoring

/// The weights that were found, and what they do.
public struct WeightTuningResult: Sendable {
  /// What is written.
  public var weights: WeightsFile
  /// The features in the order of the search.
  public var names: [String]
  /// What was made best.
  public var criterion: Criterion
  /// Lists with references.
  public var lists: Int
  /// Their hypotheses.
  public var hypotheses: Int
  /// The measure of the hypotheses that stand first.
  public var first: Double
  /// That of the best choice there is.
  public var oracle: Double
  /// That of the choice by the weights found, on the lists on which they were sought.
  public var tuned: Double
  /// That of choices by weights that were sought without the list.
  public var crossValidated: Double?
  /// The weights of each fold, in the order of `names`.
  public var foldWeights: [[Double]] = []
  /// How likely a difference as large as that between cross-validated choices and those that stand first is by chance.
  public var p: Double?
  /// What looked odd, one line each.
  public var warnings: [String] = []

  /// For a person to read.
  public var text: String {
    var lines = [
      row(
        "lists",
        "\(Readable.grouped(UInt64(lists))), \(Readable.grouped(UInt64(hypotheses))) hypotheses"
      ),
      row("\(name) of the first", percent(first)),
      row("\(name) of the best there is", percent(oracle)),
      row("\(name) with these weights", "\(percent(tuned)) on the lists on which they were sought"),
    ]
    if let crossValidated {
      let p = p.map { ", p = \(Readable.fixed($0, 4)) against the first" } ?? ""
      lines.append(
        row(
          "\(name) to expect",
          "\(percent(crossValidated)) on lists left out (\(foldWeights.count) folds\(p))"
        )
      )
    }
    for name in names {
      let spread = foldWeights.isEmpty ? "" : "   \(range(of: name)) over folds"
      lines.append(row("weight of \(name)", Readable.fixed(weights.weights[name] ?? 0, 4) + spread))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var name: String { criterion.rawValue.uppercased() }

  private func range(of name: String) -> String {
    let place = names.firstIndex(of: name) ?? 0
    let values = foldWeights.map { $0[place] }
    return "\(Readable.fixed(values.min() ?? 0, 4)) to \(Readable.fixed(values.max() ?? 0, 4))"
  }

  private func percent(_ fraction: Double) -> String { Readable.fixed(100 * fraction, 2) + " %" }

  private func row(_ name: String, _ value: String) -> String {
    name + String(repeating: " ", count: max(1, 34 - name.count)) + value
  }
}

extension WeightTuningResult: Encodable {
  private enum Key: String, CodingKey {
    case criterion, lists, hypotheses, first, oracle, tuned, crossValidated, folds, p, weights
  }

  /// One object; measures are fractions.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(criterion, forKey: .criterion)
    try container.encode(lists, forKey: .lists)
    try container.encode(hypotheses, forKey: .hypotheses)
    try container.encode(first, forKey: .first)
    try container.encode(oracle, forKey: .oracle)
    try container.encode(tuned, forKey: .tuned)
    try container.encodeIfPresent(crossValidated, forKey: .crossValidated)
    try container.encode(foldWeights.count, forKey: .folds)
    try container.encodeIfPresent(p, forKey: .p)
    try container.encode(weights.weights, forKey: .weights)
  }
}

/// Lists and references that weights cannot be sought with.
public enum WeightTuningError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Lists without references, or references without lists; a line for each kind.
  case unmatched([String])
  /// No score tells hypotheses of a list apart.
  case noFeatures
  /// A score was asked for that is a feature already.
  case scoreTwice(String)
  /// A weight is held, or begins somewhere, that is not sought.
  case unknownFeature(String, known: [String])

  /// What is wrong, and what to do.
  public var description: String {
    switch self {
    case .unmatched(let lines):
      """
      \(lines.joined(separator: "; ")); give the missing ones, or tune on what is there with --allow-missing
      """
    case .noFeatures:
      """
      no score tells hypotheses of a list apart, so there is nothing to weigh; give lists of several hypotheses
      """
    case .scoreTwice(let name):
      """
      --scores names "\(name)" twice, or as a model or a number of words that gets a weight anyway; name each \
      score of the lists once
      """
    case .unknownFeature(let name, let known):
      """
      there is no score "\(name)" that tells hypotheses of a list apart; there are \(known.joined(separator: ", "))
      """
    }
  }
}
