import Foundation
import GramdexScoring

/// How the probability of a word in a linear mixture came about: what each model gave, and how that came about.
public struct MixtureExplanation: Hashable, Sendable, Encodable {
  /// What one model gave.
  public struct Part: Hashable, Sendable, Encodable {
    /// The index folder.
    public var index: String
    /// The model's name in it.
    public var model: String
    /// Its weight; the weights of all models sum to one.
    public var weight: Double
    /// Which part of the mixture's probability it gave, 0…1.
    public var share: Double
    /// How its own probability came about.
    public var explanation: WordExplanation
  }

  /// The word as it was asked for.
  public var word: String
  /// log10 of the mixture's probability: what `query` says.
  public var log10Probability: Double
  /// Whether no model knows the word.
  public var isOOV: Bool
  /// The models in the order of their naming.
  public var parts: [Part]

  /// The explanation for people: a table with a row a model, then each model's own explanation.
  public var text: String {
    let probability = Readable.scientific(log10Probability: log10Probability)
    var text =
      "\(word)  log10 p = \(Readable.fixed(log10Probability, 7)), p = \(probability)"
      + (isOOV ? ", unknown word\n" : "\n")
    var table = TextTable(["  model", "weight", "log10 p", "share"])
    for part in parts {
      table.add([
        "  \(part.index):\(part.model)", Readable.fixed(part.weight, 4),
        Readable.fixed(part.explanation.log10Probability, 4), Readable.percent(part.share),
      ])
    }
    text += table.text
    for part in parts { text += "  \(part.index):\(part.model): \(part.explanation.text)" }
    return text
  }
}

/// Explains probabilities of a linear mixture of models of any kind, model by model.
///
/// A word that one model lacks is explained there as its unknown word, as `Mixture.MissingWords.unknown` scores it.
/// May be used from any number of threads at once. Cost: that of an explainer for each model.
public final class MixtureExplainer: WordExplainer {
  private struct Component: Sendable {
    var choice: ModelSelection.Choice
    var weight: Double
    var explainer: any WordExplainer
  }

  private let components: [Component]

  /// Opens the models of `selection`.
  ///
  /// - Throws: `ModelSelectionError`, `MixtureError` for weights that do not sum to one or texts that are cut in different
  ///   ways, and what `IndexModel.openExplainer` throws.
  public init(_ selection: ModelSelection) throws {
    // Opening the mixture checks all that a mixture needs.
    guard let mixture = try selection.open() as? Mixture else {
      let choice = selection.choices[0]
      components = [
        Component(
          choice: choice,
          weight: 1,
          explainer: try selection.openExplainer(of: choice)
        )
      ]
      return
    }
    components = try zip(selection.choices, mixture.weights).map { choice, weight in
      Component(
        choice: choice,
        weight: weight,
        explainer: try selection.openExplainer(of: choice)
      )
    }
  }

  /// The explanations of the words of a line of text.
  public func explanations(of text: String, hasSentenceMarks: Bool) throws -> [WordExplanation] {
    try explain(text, hasSentenceMarks: hasSentenceMarks).map(WordExplanation.mixture)
  }

  /// Explains the words of a line of text; see `Explainer.explain`.
  public func explain(
    _ text: String,
    hasSentenceMarks: Bool = true
  ) throws -> [MixtureExplanation] {
    let all = try components.map {
      try $0.explainer.explanations(of: text, hasSentenceMarks: hasSentenceMarks)
    }
    return (0..<(all.map(\.count).min() ?? 0)).map { place in
      let explanations = all.map { $0[place] }
      let gains = zip(components, explanations).map { component, explanation in
        component.weight * pow(10, explanation.log10Probability)
      }
      let sum = gains.reduce(0, +)
      return MixtureExplanation(
        word: explanations[0].word,
        log10Probability: sum > 0 ? log10(sum) : -99,
        isOOV: explanations.allSatisfy(\.isOOV),
        parts: zip(zip(components, explanations), gains).map { pair, gain in
          MixtureExplanation.Part(
            index: pair.0.choice.path,
            model: pair.0.choice.name,
            weight: pair.0.weight,
            share: sum > 0 ? gain / sum : 0,
            explanation: pair.1
          )
        }
      )
    }
  }
}
