public import GramdexCore
import GramdexStorage

extension NGramModel {
  /// The scores of many sentences at once, each with its `</s>` last: what `scoreSentence` gives for each.
  ///
  /// Faster than one by one, since table look-ups of different words overlap: use it for everything that is
  /// known in advance.
  public func scoreBatch(_ sentences: [[WordID]]) -> [SentenceScore] {
    let count = sentences.reduce(0) { $0 + $1.count + 2 }
    let ids = RecordBuffer<UInt32>(uninitialized: order + count)
    var end = order
    for sentence in sentences {
      ids[end] = WordID.beginOfSentence.rawValue
      end += 1
      for word in sentence {
        ids[end] = known(word).rawValue
        end += 1
      }
      ids[end] = WordID.endOfSentence.rawValue
      end += 1
    }
    let scores = RecordBuffer<Float>(uninitialized: end)
    let orders = RecordBuffer<UInt8>(uninitialized: end)
    var scorer = BatchScorer(self)
    _ = scorer.score(ids, order..<end, after: State(), scores: scores, orders: orders)
    var position = order
    return sentences.map { sentence in
      position += 1
      let places = position..<position + sentence.count + 1
      position = places.upperBound
      return SentenceScore(
        words: places.map { place in
          WordScore(
            log10Probability: scores[place],
            order: Int(orders[place]),
            isOOV: ids[place] == WordID.unknown.rawValue
          )
        }
      )
    }
  }

  /// The scores of many words: each of `words` after the ones before it.
  ///
  /// `<s>` begins a sentence and is not scored itself: its place gets 0 and order 0. `state` is what came before
  /// the first word.
  ///
  /// - Returns: the scores at the places of the words, and the state after the last one.
  public func scoreBatch(
    _ words: [WordID],
    after state: State
  ) -> (scores: [WordScore], state: State) {
    let end = order + words.count
    let ids = RecordBuffer<UInt32>(uninitialized: end)
    for (index, word) in words.enumerated() { ids[order + index] = known(word).rawValue }
    let scores = RecordBuffer<Float>(uninitialized: end)
    let orders = RecordBuffer<UInt8>(uninitialized: end)
    var scorer = BatchScorer(self)
    let after = scorer.score(ids, order..<end, after: state, scores: scores, orders: orders)
    let result = (order..<end).map { place in
      WordScore(
        log10Probability: scores[place],
        order: Int(orders[place]),
        isOOV: ids[place] == WordID.unknown.rawValue
      )
    }
    return (result, after)
  }
}
