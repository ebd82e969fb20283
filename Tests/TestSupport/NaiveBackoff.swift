import Foundation

/// A backoff model as dictionaries, pruned, renormalized and mixed straight from the papers' formulas.
public struct NaiveBackoff: Sendable {
  /// Element k−1: the n-grams of order k.
  public var entries: [[[String]: NaiveKneserNey.Entry]]

  /// The model of an ARPA file.
  public init(_ arpa: ArpaText) {
    entries = arpa.entries
  }

  init(entries: [[[String]: NaiveKneserNey.Entry]]) {
    self.entries = entries
  }

  /// The highest order.
  public var order: Int { entries.count }

  /// The words that can follow something.
  public var events: [String] {
    entries[0].keys.map { $0[0] }.filter { $0 != "<s>" }.sorted()
  }

  /// Whether the model has this word.
  public func knows(_ word: String) -> Bool { entries[0][[word]] != nil }

  /// p(word | history), which backs off until the n-gram is listed.
  public func probability(_ word: String, _ history: some Collection<String>) -> Double {
    let history = Array(history).suffix(order - 1)
    let ngram = history + [word]
    if let entry = entries[ngram.count - 1][Array(ngram)] {
      return pow(10, entry.log10Probability)
    }
    if history.isEmpty { return 0 }
    let backoff = entries[history.count - 1][Array(history)]?.log10Backoff ?? 0
    return pow(10, backoff) * probability(word, history.dropFirst())
  }

  /// The n-grams of order ≥ 2 by their contexts.
  private func contexts(order: Int) -> [[String]: [[String]]] {
    Dictionary(grouping: entries[order - 1].keys) { Array($0.dropLast()) }
  }

  /// The mass that a context leaves to unlisted words, and what the shorter context gives those.
  private func left(_ context: [String], _ ngrams: [[String]]) -> (mass: Double, lower: Double) {
    var (mass, lower) = (1.0, 1.0)
    for ngram in ngrams {
      guard let word = ngram.last else { continue }
      mass -= probability(word, context)
      lower -= probability(word, context.dropFirst())
    }
    return (mass, lower)
  }

  /// Gives every context the backoff with which its probabilities sum to one; others get none.
  public mutating func renormalize() {
    for order in 2..<max(order + 1, 2) {
      let contexts = contexts(order: order)
      for ngram in entries[order - 2].keys where contexts[ngram] == nil {
        entries[order - 2][ngram]?.log10Backoff = 0
      }
      for (context, ngrams) in contexts {
        let (mass, lower) = left(context, ngrams)
        if mass > 1e-6 && lower > 1e-6 {
          entries[order - 2][context]?.log10Backoff = log10(mass / lower)
        }
      }
    }
  }

  /// The relative change e^ΔH − 1 that the loss of each longer n-gram makes, where `history` is p(h).
  ///
  /// Source: Stolcke 1998, equations 3 to 7.
  public func losses(history: ([String]) -> Double) -> [[String]: Double] {
    var losses: [[String]: Double] = [:]
    for order in 2..<max(order + 1, 2) {
      for (context, ngrams) in contexts(order: order) {
        let (mass, lower) = left(context, ngrams)
        for ngram in ngrams {
          guard let word = ngram.last else { continue }
          let p = probability(word, context)
          let q = probability(word, context.dropFirst())
          let backoff = log((mass + p) / (lower + q))
          let change = mass > 0 && lower > 0 ? mass * (backoff - log(mass / lower)) : 0
          losses[ngram] = expm1(-history(context) * (p * (log(q) + backoff - log(p)) + change))
        }
      }
    }
    return losses
  }

  /// p(w1) p(w2 | w1) …, with p(`</s>`) for `<s>`, as in SRILM.
  public func ownProbability(_ context: [String]) -> Double {
    context.indices.reduce(1.0) { product, index in
      let isBegin = context[index] == "<s>"
      return product
        * probability(isBegin ? "</s>" : context[index], isBegin ? [] : context[..<index])
    }
  }

  /// The model without the n-grams whose loss is less than `threshold`, those that others need kept.
  public func pruned(
    _ losses: [[String]: Double],
    threshold: Double,
    keepsSuffixes: Bool
  ) -> Self {
    var model = self
    for order in stride(from: order, through: 2, by: -1) {
      let longer = model.entries[order...].flatMap(\.keys)
      model.entries[order - 1] = model.entries[order - 1].filter { ngram, _ in
        if losses[ngram] ?? 0 >= threshold { return true }
        return longer.contains { other in
          other.dropLast().suffix(order) == ngram[...]
            || keepsSuffixes
              && (other.prefix(order) == ngram[...] || other.suffix(order) == ngram[...])
        }
      }
    }
    model.renormalize()
    return model
  }

  /// Σ λ p over the n-grams of all models; a word has probability 0 in a model that does not know it.
  public static func mixture(_ models: [Self], _ weights: [Double]) -> Self {
    let order = models.map(\.order).max() ?? 1
    var mixed = Self(entries: [])
    for k in 0..<order {
      let ngrams = Set(models.filter { k < $0.order }.flatMap { $0.entries[k].keys })
      mixed.entries.append([:])
      for ngram in ngrams {
        guard let word = ngram.last else { continue }
        let sum = zip(models, weights).reduce(0.0) { sum, part in
          let (model, weight) = part
          if !model.knows(word) { return sum }
          let history = ngram.dropLast().map { model.knows($0) ? $0 : "<unk>" }
          return sum + weight * model.probability(word, history)
        }
        mixed.entries[k][ngram] = NaiveKneserNey.Entry(
          log10Probability: sum > 0 ? log10(sum) : -99,
          log10Backoff: 0
        )
      }
    }
    mixed.entries[0][["<s>"]]?.log10Probability = -99
    mixed.renormalize()
    return mixed
  }
}
