import Foundation
import GramdexCore
import GramdexNeuralModels
import GramdexScoring

/// Where the probability of a word stands among those of all words, in a model that has no parts to tell of.
public struct RankExplanation: Hashable, Sendable, Encodable {
  /// A word and its probability.
  public struct Word: Hashable, Sendable, Encodable {
    /// The word.
    public var word: String
    /// log10 of its probability.
    public var log10Probability: Float
  }

  /// What the network of a neural model gave, before P(`<unk>`) was shared.
  public struct Network: Hashable, Sendable, Encodable {
    /// What the network took the word for: itself, or `<unk>` for words outside its short list.
    public var word: String
    /// log10 P of that.
    public var log10Probability: Float
    /// log10 of the word's share of P(`<unk>`); nil for words of the short list, and where nothing is shared.
    public var log10UnknownShare: Double?

    /// The product, for people.
    fileprivate var text: String {
      let probability = Readable.scientific(log10Probability: Double(log10Probability))
      guard let log10UnknownShare else { return "p(\(word)) = \(probability)" }
      let share = Readable.scientific(log10Probability: log10UnknownShare)
      return
        "p(\(word)) = \(probability), times \(share), the word's share of what the network does not know"
    }
  }

  /// The word as it was asked for.
  public var word: String
  /// Whether the model does not know it.
  public var isOOV: Bool
  /// log10 of the probability: what `query` says.
  public var log10Probability: Float
  /// What the network said, in a neural model; nil in others.
  public var network: Network?
  /// 1 and the number of likelier words.
  public var rank: Int
  /// The entropy of the next word, −Σ p log2 p.
  public var entropyBits: Double
  /// The likeliest words.
  public var likeliest: [Word]

  /// The explanation for people: a line for the word, one for all words, and a table of the likeliest.
  public var text: String {
    var text = Readable.explained(word, log10Probability, isOOV: isOOV)
    text += ", rank \(Readable.grouped(UInt64(rank)))\n"
    if let network { text += "  network: \(network.text)\n" }
    text += "  entropy of the next word \(Readable.fixed(entropyBits, 2)) bits\n"
    var table = TextTable(["  likeliest", "log10 p"])
    for word in likeliest {
      table.add(["  " + word.word, Readable.fixed(Double(word.log10Probability), 4)])
    }
    return text + table.text
  }
}

/// Explains the probabilities of a model of any kind by its distributions.
///
/// May be used from any number of threads at once. Cost: a distribution over all words for each word.
final class RankExplainer: WordExplainer {
  private let model: any LanguageModel
  private let text: ContextText
  private static let listed = 5

  /// Explains `model`.
  init(_ model: any LanguageModel) {
    self.model = model
    text = ContextText(model)
  }

  func explanations(of line: String, hasSentenceMarks: Bool) -> [WordExplanation] {
    var state = model.anyNullState
    var explanations: [WordExplanation] = []
    for word in text.words(of: line, asSentence: hasSentenceMarks) {
      let id = text.id(of: word)
      if id == .beginOfSentence {
        model.beginSentence(advancing: &state)
        continue
      }
      let distribution = model.log10Distribution(after: state)
      let network = network(word, id, state)
      let score = model.score(id, advancing: &state)
      explanations.append(.ranked(explain(word, id, score, distribution, network)))
    }
    return explanations
  }

  /// What the network of a neural model says of a word after a state.
  private func network(
    _ word: [UInt8],
    _ id: WordID,
    _ state: AnyModelState
  ) -> RankExplanation.Network? {
    guard let model = model as? NeuralModel else { return nil }
    let parts = model.parts(of: id, after: state)
    return RankExplanation.Network(
      word: parts.isInShortList ? String(decoding: word, as: UTF8.self) : ReservedWord.unknown,
      log10Probability: parts.log10NetworkProbability,
      log10UnknownShare: parts.log10UnknownShare
    )
  }

  private func explain(
    _ word: [UInt8],
    _ id: WordID,
    _ score: WordScore,
    _ distribution: [Float],
    _ network: RankExplanation.Network?
  ) -> RankExplanation {
    var top = TopWords(limit: Self.listed, includesUnknown: true)
    var entropyBits = 0.0
    var rank = 1
    let own = distribution[Int(id.rawValue)]
    for other in distribution.indices {
      let log10Probability = distribution[other]
      top.offer(UInt32(other), log10Probability, order: 0)
      if log10Probability > own { rank += 1 }
      let probability = pow(10, Double(log10Probability))
      if probability > 0 { entropyBits -= probability * log2(probability) }
    }
    return RankExplanation(
      word: String(decoding: word, as: UTF8.self),
      isOOV: score.isOOV,
      log10Probability: score.log10Probability,
      network: network,
      rank: rank,
      entropyBits: entropyBits,
      likeliest: top.finish().map { word in
        RankExplanation.Word(
          word: String(decoding: text.spelling(of: word.id), as: UTF8.self),
          log10Probability: word.log10Probability
        )
      }
    )
  }
}
