import ArgumentParser
import Foundation
import Gramdex
import GramdexRescoring

/// Which hypothesis, or which words, of a list are measured.
struct HypothesisChoiceFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Choose the hypothesis with the greatest score of this name.",
      valueName: "name"
    )
  )
  var score: String?

  @Option(
    help: ArgumentHelp(
      "Choose by a weighted sum: a file of weights, or NAME=NUMBER,…; words is the number of words.",
      valueName: "weights"
    )
  )
  var weights: String?

  @Flag(
    help: """
      Choose the hypothesis with the least expected number of errors (minimum Bayes risk), from the 300 likeliest at most.
      """
  )
  var mbr = false

  @Flag(
    help:
      "Choose the likeliest words of all hypotheses aligned, of several systems if several are named."
  )
  var rover = false

  @Option(
    help: ArgumentHelp(
      """
      For --mbr and --rover: multiply totals by this before they become probabilities; one number, or one for each system with \
      commas (default: chosen from 2^-8 to 8 by cross-validation).
      """,
      valueName: "number",
    ),
    transform: NumberList.parse
  )
  var scale: [Double]?

  @Option(
    help: ArgumentHelp(
      "Write the word mesh of each utterance into this folder, as SRILM's nbest-lattice; needs --scale.",
      valueName: "folder"
    )
  )
  var mesh: String?

  /// The score by which hypotheses are weighed when no other is named; `rescore` writes it.
  private static let total = "total"

  func validate() throws {
    if score != nil && weights != nil {
      throw ValidationError("--score and --weights exclude each other")
    }
    if mbr && rover { throw ValidationError("--mbr and --rover exclude each other") }
    if !mbr && !rover && (scale != nil || mesh != nil) {
      throw ValidationError("--scale and --mesh need --mbr or --rover")
    }
    if mesh != nil && scale == nil { throw ValidationError("--mesh needs --scale") }
    if let bad = scale?.first(where: { !$0.isFinite || $0 <= 0 }) {
      throw ValidationError("--scale must be greater than 0, not \(bad)")
    }
  }

  /// What the flags ask for.
  func choice() throws -> ListEvaluationOptions.Choice {
    let named = try score.map { TotalRule(score: $0) } ?? weights.map(Self.rule)
    let rule = named ?? TotalRule(score: Self.total)
    if mbr { return .minimumBayesRisk(rule) }
    if rover { return .consensus(rule) }
    return named.map { .total($0) } ?? .first
  }

  private static func rule(_ weights: String) throws -> TotalRule {
    guard weights.contains("="), !FileManager.default.fileExists(atPath: weights) else {
      return TotalRule(ScoreWeights(try WeightsFile(contentsOf: weights)))
    }
    let parts = weights.split(separator: ",", omittingEmptySubsequences: false)
    let terms = try parts.map { part in
      guard let weight = ScoreWeightArgument(argument: String(part)) else {
        throw ValidationError("--weights: \"\(part)\" is not NAME=NUMBER, such as ac=1,lm=6.5")
      }
      return ScoreWeights.Entry(weight.name, weight.value)
    }
    return TotalRule(ScoreWeights(terms))
  }
}

/// Numbers between commas.
enum NumberList {
  /// Reads them.
  static func parse(_ text: String) throws -> [Double] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let number = Double(part) else {
        throw ValidationError("\"\(part)\" is not a number; give one, or several with commas")
      }
      return number
    }
  }
}
