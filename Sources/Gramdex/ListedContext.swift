import GramdexCore
import GramdexCounting
import GramdexIndex

/// A context of a listed model with the n-grams that continue it.
struct ListedContext {
  /// An n-gram of the model, no blank node.
  struct NGram {
    /// Its last word.
    var word: UInt32
    /// How often it occurs; 0 without counts.
    var rawCount: UInt64
    var log10Probability: Float
    /// −0.0 when nothing follows.
    var log10Backoff: Float
    /// log10 probability of the word after the context without its first word.
    var shorterLog10Probability: Float
  }

  /// The words, oldest first.
  var words: [UInt32] = []
  /// How often it is followed by something, n-grams that the model leaves out included; 0 without counts.
  var occurrences: UInt64 = 0
  /// Ascending by word.
  var ngrams: [NGram] = []
}

extension ListedModel {
  /// Calls `body` with every context of the n-grams of `order` ≥ 2, in context order; contexts without n-grams are
  /// left out.
  ///
  /// Cost: two table look-ups an n-gram. Memory: a context's n-grams.
  /// - Throws: `ExportError.damaged` when a listed n-gram has no score, and what `body` throws.
  func forEachContext(
    order: Int,
    cancellation: Cancellation,
    _ body: (ListedContext) throws -> Void
  ) throws {
    let multipliers = (0..<order).map { NGramHash.multiplier($0) }
    var context = ListedContext()
    // Σ word · multiplier over the context, and over it without its first word.
    var sum: UInt64 = 0
    var shorterSum: UInt64 = 0
    var isKnown = true
    var pace = PacedCheck(every: 1 << 14)
    func finish() throws {
      if !context.ngrams.isEmpty { try body(context) }
    }
    try counts.forEachNGram(order: order, selection: entry.selection) { ngram, listed in
      try pace.turn(cancellation.check)
      if context.words.isEmpty || !(0..<(order - 1)).allSatisfy({ ngram[$0] == context.words[$0] })
      {
        try finish()
        context.words = Array(ngram[..<(order - 1)])
        context.occurrences = 0
        context.ngrams.removeAll(keepingCapacity: true)
        sum = 0
        for place in 0..<(order - 1) {
          if place == 1 { shorterSum = 0 }
          let product = UInt64(ngram[place]) &* multipliers[order - 1 - place]
          sum &+= product
          shorterSum &+= product
        }
        if order == 2 { shorterSum = 0 }
        isKnown = context.words.allSatisfy { Int($0) < vocabularySize }
      }
      context.occurrences += listed.rawCount
      if listed.isPruned { return }
      guard isKnown, Int(listed.word) < vocabularySize else {
        throw ExportError.damaged(
          index: path,
          reason: "a word of its n-grams is not in its vocabulary"
        )
      }
      let product = UInt64(listed.word) &* multipliers[0]
      guard
        let scores = tables.ngram(
          order: order,
          sum: sum &+ product,
          before: ngram[order - 2]
        ),
        let shorter = order == 2
          ? tables.unigram(WordID(rawValue: listed.word))
          : tables.ngram(order: order - 1, sum: shorterSum &+ product, before: ngram[order - 2]),
        scores.probability.isFinite, scores.backoff.isFinite, shorter.probability.isFinite
      else {
        throw ExportError.damaged(
          index: path,
          reason: "an n-gram of order \(order) in its counts has no scores"
        )
      }
      if !entry.lists(listed, order: order, log10Backoff: scores.backoff) { return }
      context.ngrams.append(
        ListedContext.NGram(
          word: listed.word,
          rawCount: listed.rawCount,
          log10Probability: min(scores.probability, 0),
          log10Backoff: scores.backoff,
          shorterLog10Probability: min(shorter.probability, 0)
        )
      )
    }
    try finish()
  }
}
