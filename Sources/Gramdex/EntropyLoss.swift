import GramdexCore
import GramdexIndex

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What leaving out single n-grams costs: the relative change of the training text's perplexity.
///
/// For an n-gram h w, with h′ for h without its first word and sums over the words v that the model lists after h:
///
///     N = 1 − Σ p(v | h),  D = 1 − Σ p(v | h′),  α = N / D
///     α′ = (N + p(w | h)) / (D + p(w | h′))
///     ΔH = −p(h) {p(w | h) [ln p(w | h′) + ln α′ − ln p(w | h)] + N [ln α′ − ln α]}
///     loss = e^ΔH − 1
///
/// Everything is that of the whole model, also where other n-grams of the context are left out.
/// Source: Stolcke 1998, "Entropy-based Pruning of Backoff Language Models", eq. (3) to (7).
struct EntropyLoss {
  let model: ListedModel
  let history: PruneOptions.History

  /// The loss of each n-gram of a context, not negative; infinite where an n-gram cannot be left out.
  func losses(_ context: ListedContext) throws -> [Float] {
    var mass = 1.0
    var lowerMass = 1.0
    for ngram in context.ngrams {
      mass -= DecimalLogarithm.power(Double(ngram.log10Probability))
      lowerMass -= DecimalLogarithm.power(Double(ngram.shorterLog10Probability))
    }
    mass = max(mass, 0)
    lowerMass = max(lowerMass, 0)
    let historyProbability = try probability(of: context)
    return context.ngrams.map { ngram in
      let p = DecimalLogarithm.power(Double(ngram.log10Probability))
      let q = DecimalLogarithm.power(Double(ngram.shorterLog10Probability))
      if p == 0 { return 0 }
      if q == 0 || lowerMass + q <= 0 { return .infinity }
      let backoff = log((mass + p) / (lowerMass + q))
      // As N approaches 0, N (ln α′ − ln α) does, too.
      let change =
        mass > 0 && lowerMass > 0 ? mass * (backoff - log(mass / lowerMass)) : 0
      let entropy = -historyProbability * (p * (log(q) + backoff - log(p)) + change)
      let loss = expm1(entropy)
      return loss.isNaN ? .infinity : Float(max(loss, 0))
    }
  }

  /// p(h).
  private func probability(of context: ListedContext) throws -> Double {
    switch history {
    case .counts:
      return Double(context.occurrences) / Double(model.entry.tokens)
    case .model:
      // p(w1) p(w2 | w1) …; `<s>`, which is never predicted, counts as often as `</s>`, as in SRILM.
      var sum = 0.0
      for length in 1...context.words.count {
        sum += try log10Probability(Array(context.words[..<length]))
      }
      return DecimalLogarithm.power(sum)
    }
  }

  /// The stored probability of the last of `words`; contexts of stored n-grams are stored.
  private func log10Probability(_ words: [UInt32]) throws -> Double {
    if words.count == 1 {
      let isBegin = words[0] == WordID.beginOfSentence.rawValue
      let word = isBegin ? WordID.endOfSentence : WordID(rawValue: words[0])
      return Double(model.tables.unigram(word)?.probability ?? Float(DecimalLogarithm.ofZero))
    }
    var sum: UInt64 = 0
    for (distance, word) in words.reversed().enumerated() {
      sum &+= UInt64(word) &* NGramHash.multiplier(distance)
    }
    let before = words[words.count - 2]
    guard let found = model.tables.ngram(order: words.count, sum: sum, before: before) else {
      throw ExportError.damaged(index: model.path, reason: "a context of its n-grams has no score")
    }
    return Double(found.probability)
  }
}
