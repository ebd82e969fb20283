public import GramdexCore
import GramdexStorage

extension LanguageModel {
  /// The scores of many sentences at once, each with its `</s>` last: what `scoreSentence` gives for each.
  ///
  /// Faster than one by one where table look-ups of different words overlap: use it for everything that is
  /// known in advance. A model that remembers sentences takes them as a text.
  public func scoreBatch(_ sentences: [[WordID]]) -> [SentenceScore] {
    let words = sentences.flatMap { [.beginOfSentence] + $0 + [.endOfSentence] }
    let scores = scoreBatch(words, after: nullState).scores
    var position = 0
    return sentences.map { sentence in
      let places = position + 1..<position + sentence.count + 2
      position = places.upperBound
      return SentenceScore(words: Array(scores[places]))
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
    after state: ModelState
  ) -> (scores: [WordScore], state: ModelState) {
    let scorer = runScorer()
    let places = scorer.margin..<scorer.margin + words.count
    let ids = RecordBuffer<UInt32>(uninitialized: places.upperBound)
    let lexicon = lexicon
    for (place, word) in zip(places, words) { ids[place] = lexicon.known(word).rawValue }
    let scores = RecordBuffer<Float>(uninitialized: places.upperBound)
    let orders = RecordBuffer<UInt8>(uninitialized: places.upperBound)
    let before = AnyModelState(state)
    let after = scorer.score(ids, places, after: before, scores: scores, orders: orders)
    let result = places.map { place in
      WordScore(
        log10Probability: scores[place],
        order: Int(orders[place]),
        isOOV: ids[place] == WordID.unknown.rawValue
      )
    }
    return (result, after.unboxed(as: ModelState.self))
  }
}
