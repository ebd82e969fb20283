import GramdexCore
import GramdexScoring

/// How the probability of a word in a class model came about: that of its class, and its share of the class.
public struct ClassExplanation: Hashable, Sendable, Encodable {
  /// The word as it was asked for.
  public var word: String
  /// Whether the model does not know it.
  public var isOOV: Bool
  /// log10 of the probability: what `query` says.
  public var log10Probability: Float
  /// The name of the word's class; the word itself when it has none.
  public var className: String
  /// log10 p(word | class); 0 when the word has no class.
  public var log10Share: Float
  /// How p(class | classes before) came about, with the names of classes for words.
  public var explanation: Explanation

  /// The explanation for people: a line for the word, then that of its class.
  public var text: String {
    let first = Readable.explained(word, log10Probability, isOOV: isOOV)
    let share =
      log10Share == 0 && className == word
      ? "" : ", \(Readable.percent(DecimalLogarithm.power(Double(log10Share)))) of \(className)"
    return first + share + "\n  " + explanation.text
  }
}

/// Explains the probabilities of a class model.
///
/// May be used from any number of threads at once. Cost: that of an `Explainer`.
final class ClassExplainer: WordExplainer {
  private let model: ClassModel
  private let explainer: Explainer
  private let text: ContextText

  /// Explains `model`, whose classes `explainer` explains.
  init(_ model: ClassModel, _ explainer: Explainer) {
    self.model = model
    self.explainer = explainer
    text = ContextText(model)
  }

  func explanations(of line: String, hasSentenceMarks: Bool) throws -> [WordExplanation] {
    let words = text.words(of: line, asSentence: hasSentenceMarks)
    let memberships = words.map { model.membership(of: text.id(of: $0)) }
    let classes = memberships.map { (bytes: text.spelling(of: $0.id.rawValue), id: $0.id) }
    let explanations = try explainer.explain(classes)
    let explained = zip(words, memberships).filter { $0.1.id != .beginOfSentence }
    return zip(explained, explanations).map { word, explanation in
      .classed(
        ClassExplanation(
          word: String(decoding: word.0, as: UTF8.self),
          isOOV: explanation.isOOV,
          log10Probability: explanation.log10Probability + word.1.log10Share,
          className: explanation.word,
          log10Share: word.1.log10Share,
          explanation: explanation
        )
      )
    }
  }
}
