import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexSmoothing
import GramdexStorage

/// Takes probabilities apart where orders come together by backing off, from counts and discounts.
///
/// p(w | h) = (c − d(c)) · s / N for n-grams that the model keeps, and γ(h) · p(w | h′) for all others; γ(h) is what
/// makes the sum 1, or a constant. As SRILM interpolates, kept n-grams take λ(h) · p(w | h′) besides. γ needs the kept
/// words' probabilities after all shorter contexts, so these are computed from the single words up, as `LevelEstimator` does.
/// Memory: 12 bytes a word, and the words that follow the contexts. Cost of one probability: all entries of its contexts.
struct BackoffTerms: Sendable {
  private let estimation: LevelEstimation
  private let unigrams: [Float]
  private let unigramShares: UnigramEstimator.Shares

  /// Makes the terms of a model; nil when it has another form, or its discounts are not known.
  ///
  /// `unigramCounts` are those that the smoothing takes, `wordCount` of which are the model's.
  init?(_ entry: ModelEntry, unigramCounts: borrowing RecordBuffer<UInt64>, wordCount: Int) {
    guard let estimation = LevelEstimation(of: entry), let options = entry.estimation,
      wordCount <= unigramCounts.count
    else { return nil }
    // Such unigrams are estimated as a build does it, which gives unseen words nothing.
    if options.smoothing == .modifiedKneserNey && options.form == .interpolated
      && !options.isVocabularyClosed && !options.base.interpolateUnigrams
    {
      return nil
    }
    self.estimation = estimation
    let scores = UnigramEstimator.estimate(
      counts: unigramCounts,
      keptCount: wordCount,
      estimation: estimation,
      interpolatesUnigrams: options.base.interpolateUnigrams,
      isVocabularyClosed: options.isVocabularyClosed
    )
    unigrams = (0..<scores.probabilities.count).map { scores.probabilities[$0] }
    unigramShares = UnigramEstimator.shares(
      counts: unigramCounts,
      keptCount: wordCount,
      estimation: estimation,
      interpolatesUnigrams: options.base.interpolateUnigrams,
      isVocabularyClosed: options.isVocabularyClosed
    )
  }

  /// Takes the probability of `word` apart.
  ///
  /// - Parameters:
  ///   - word: the word.
  ///   - contexts: element d: what was seen after the last d words, with its entries, for all contexts that the model
  ///     backs off from.
  /// - Returns: the parts, whose shares add up to 1.
  func parts(of word: UInt32, contexts: [ContextCounts]) -> Explanation.Parts {
    guard let first = contexts.first else {
      return Explanation.Parts(terms: [], uniformShare: 0, log10Estimate: log10OrFloor(0))
    }
    let unigram = Int(word) < unigrams.count ? Double(unigrams[Int(word)]) : 0
    var terms = [unigramTerms(first, probability: unigram)]
    // The probabilities after the shorter context; those after none are in `unigrams`.
    var lower: [UInt32: Float] = [:]
    for (depth, counts) in contexts.enumerated().dropFirst() {
      func below(_ word: UInt32) -> Float {
        depth == 1 ? unigrams[Int(word)] : lower[word, default: 0]
      }
      let shares = shares(counts, depth: depth, below)
      terms.append(self.terms(of: word, counts, shares, depth: depth))
      if depth == contexts.count - 1 { break }
      var probabilities: [UInt32: Float] = [:]
      for (word, entry) in counts.entries where !entry.isPruned {
        probabilities[word] = probability(entry, shares, depth: depth, lower: below(word))
      }
      lower = probabilities
    }
    return share(out: terms, uniform: max(unigram - terms[0].discounted, 0))
  }

  /// The count that the smoothing takes, and what it takes from it.
  private func count(
    _ entry: ContextCounts.Entry,
    depth: Int
  ) -> (count: UInt64, discount: Double, isBlank: Bool) {
    let isHighest = depth == estimation.discounts.count - 1
    let count = estimation.usesRawCounts || isHighest ? entry.raw : entry.adjusted
    return (
      count, estimation.discounts[depth].subtracted(from: count),
      depth < estimation.cutoffs.count && count <= estimation.cutoffs[depth]
    )
  }

  private func probability(
    _ entry: ContextCounts.Entry,
    _ shares: BackoffShares,
    depth: Int,
    lower: Float
  ) -> Float {
    let (count, discount, isBlank) = count(entry, depth: depth)
    return isBlank
      ? shares.probability(lower: lower)
      : shares.probability(count: Float(count), discount: Float(discount), lower: lower)
  }

  private func shares(
    _ counts: ContextCounts,
    depth: Int,
    _ below: (UInt32) -> Float
  ) -> BackoffShares {
    var sums = BackoffShares.Sums()
    for (_, entry) in counts.entries {
      let (count, discount, isBlank) = count(entry, depth: depth)
      sums.total += Double(count)
      sums.discounts += Double(Float(discount))
      sums.free += entry.isPruned || isBlank ? Double(count) : Double(Float(discount))
    }
    return BackoffShares(estimation, depth: depth, sums: sums, types: counts.entries.count) {
      shares in
      var mass = BackoffShares.Mass()
      for (word, entry) in counts.entries where !entry.isPruned {
        if self.count(entry, depth: depth).isBlank { continue }
        let lower = below(word)
        mass.direct += Double(probability(entry, shares, depth: depth, lower: lower))
        mass.lower += Double(lower)
      }
      return mass
    }
  }

  /// The terms of one order, the share still 0.
  private func terms(
    of word: UInt32,
    _ counts: ContextCounts,
    _ shares: BackoffShares,
    depth: Int
  ) -> Explanation.Terms {
    var terms = Explanation.Terms(
      count: 0,
      discount: 0,
      denominator: shares.inverse > 0 ? 1 / shares.inverse : 0,
      discounted: 0,
      gamma: shares.backoff,
      share: 0
    )
    if let entry = counts.entry, !entry.isPruned {
      let (count, discount, isBlank) = count(entry, depth: depth)
      if !isBlank {
        terms.count = count
        terms.discount = discount
        terms.discounted = (Double(count) - discount) * shares.inverse
        terms.gamma = shares.weight
      }
    }
    return terms
  }

  /// The terms of the word alone, the share still 0.
  private func unigramTerms(_ counts: ContextCounts, probability: Double) -> Explanation.Terms {
    let total = unigramShares.total / unigramShares.factor
    var terms = Explanation.Terms(
      count: 0,
      discount: 0,
      denominator: total,
      discounted: 0,
      gamma: unigramShares.left,
      share: 0
    )
    guard let entry = counts.entry, !entry.isPruned, probability > 0 else { return terms }
    let (count, discount, _) = count(entry, depth: 0)
    if count > 0 && total > 0 {
      terms.count = count
      terms.discount = discount
      terms.discounted = max(Double(count) - discount, 0) / total
    }
    return terms
  }

  /// The terms with their shares in the sum of all.
  private func share(out terms: [Explanation.Terms], uniform: Double) -> Explanation.Parts {
    var terms = terms
    var weight = 1.0
    var sum = 0.0
    for depth in terms.indices.reversed() {
      terms[depth].share = weight * terms[depth].discounted
      sum += terms[depth].share
      if depth > 0 { weight *= terms[depth].gamma }
    }
    let uniform = weight * uniform
    sum += uniform
    for depth in terms.indices where sum > 0 { terms[depth].share /= sum }
    return Explanation.Parts(
      terms: terms,
      uniformShare: sum > 0 ? uniform / sum : 0,
      log10Estimate: log10OrFloor(min(sum, 1))
    )
  }
}

extension LevelEstimation {
  /// What a published model over stored counts was estimated with, for forms that back off; nil for others.
  fileprivate init?(of entry: ModelEntry) {
    guard let options = entry.estimation else { return nil }
    let remainder = SmoothingPlan.remainder(options)
    if remainder == .interpolated { return nil }
    let order = entry.order
    var discounts: [CountDiscount]
    func same(_ discount: CountDiscount) -> [CountDiscount] {
      [CountDiscount](repeating: discount, count: order)
    }
    switch options.smoothing {
    case .maximumLikelihood, .stupidBackoff:
      discounts = same(CountDiscount(subtracted: [0, 0]))
    case .wittenBell:
      discounts = same(CountDiscount(subtracted: [0, 0], scale: .wittenBell))
    case .natural:
      discounts = same(CountDiscount(subtracted: [0, 0], scale: .natural))
    case .additive:
      discounts = same(
        CountDiscount(
          subtracted: [0, -options.addedCount],
          scale: .additive(options.addedCount)
        )
      )
    case .goodTuring:
      discounts = (entry.goodTuringDiscounts ?? []).map { CountDiscount(subtracted: $0) }
    case .absolute, .kneserNey, .modifiedKneserNey:
      discounts = entry.discounts.map { CountDiscount(subtracted: [0] + $0) }
    }
    guard discounts.count == order, discounts.allSatisfy({ $0.subtracted.count >= 2 }) else {
      return nil
    }
    let words = max(entry.vocabularySize, 2) - (options.isVocabularyClosed ? 2 : 1)
    let thresholds = (1...order).map { options.pruning.threshold(ofOrder: $0) }
    self.init(
      discounts: discounts,
      remainder: remainder,
      usesRawCounts: !options.smoothing.countsContexts,
      selection: entry.selection,
      cutoffs: options.cutsContextCounts ? thresholds : [],
      eventTypes: max(words, options.base.vocabularyPadding)
    )
  }
}
