import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexScoring
import GramdexStorage

/// Finds the words that follow contexts, for one thread at a time.
///
/// The n-grams that begin with a context lie anywhere in the score tables, so the words are taken from the index's
/// lists of n-grams (level blocks), or, where there are none, all words are tried. Every word is looked up in
/// the tables: a list may hold n-grams that this model leaves out.
/// Memory: the words that follow the last word of the context, about 25 bytes each.
struct SeenWordsReader: ~Copyable {
  private let tables: ScoreTables
  private let wordCount: Int
  private let lookup: LevelLookup?
  private let hashes = RecordBuffer<UInt64>(uninitialized: TableView.batchCount)

  /// Prepares reading for `asked`.
  init(_ asked: AskedModel) throws {
    tables = asked.model.tables
    wordCount = asked.wordCount
    lookup = try asked.counts.map {
      try LevelLookup(
        source: $0,
        shards: $0.directory.shards,
        vocabularySize: $0.directory.vocabularySize
      )
    }
  }

  /// All words that were seen after `state` or a part of it.
  ///
  /// Cost: a descent through level blocks (a fraction of a millisecond), then a table look-up for each word that
  /// follows the last word; without lists, a look-up or more for each word of the vocabulary.
  func allWords(after state: State) throws -> SeenWords {
    guard lookup != nil else {
      return words(among: (0..<UInt32(wordCount)).map { $0 }, after: state)
    }
    var seen = SeenWords()
    let lists = try lists(after: state)
    for depth in stride(from: lists.count, to: 0, by: -1) {
      add(lists[depth - 1], after: state, depth: depth, to: &seen)
    }
    return seen
  }

  /// The words seen after `state`, longest context first, as long as one of them may be among `top`.
  ///
  /// A stored probability is at most 1, so nothing more is looked up once the backoffs to what is left, unigrams included,
  /// are less than all of `top`. `top` is offered all words that come back.
  func words(after state: State, offeredTo top: inout TopWords) throws -> SeenWords {
    var seen = SeenWords()
    if lookup == nil {
      seen = try allWords(after: state)
      top.offer(seen)
      return seen
    }
    let lists = try lists(after: state)
    for depth in stride(from: lists.count, to: 0, by: -1) {
      if state.limit(depth: depth) < top.threshold { break }
      let (words, scores) = add(lists[depth - 1], after: state, depth: depth, to: &seen)
      for (word, score) in zip(words, scores) { top.offer(word, score, order: depth + 1) }
      top.settle()
    }
    return seen
  }

  /// Those of `candidates`, which ascend, that were seen after `state` or a part of it.
  ///
  /// Cost: a table look-up for each candidate, and one more for each order that it is found in.
  func words(among candidates: [UInt32], after state: State) -> SeenWords {
    var found: [(words: [UInt32], scores: [Float])] = []
    var words = candidates
    for depth in 1..<state.count + 1 {
      let scores = scores(of: words, after: state, depth: depth)
      let places = scores.indices.filter { !scores[$0].isNaN }
      words = places.map { words[$0] }
      found.append((words, places.map { scores[$0] }))
      if words.isEmpty { break }
    }
    var seen = SeenWords()
    for (index, (words, scores)) in found.enumerated().reversed() {
      let isNew = zip(words, scores).filter { !seen.contains($0.0) }
      seen.add(isNew.map(\.0), isNew.map(\.1), order: index + 2)
    }
    return seen
  }

  /// Looks up those of `list` that are not seen yet; returns them, with NaN for those that the model leaves out.
  @discardableResult
  private func add(
    _ list: [UInt32],
    after state: State,
    depth: Int,
    to seen: inout SeenWords
  ) -> (words: [UInt32], scores: [Float]) {
    let words = seen.missing(from: list)
    let scores = scores(of: words, after: state, depth: depth)
    seen.add(words, scores, order: depth + 1)
    return (words, scores)
  }

  /// The words listed after the last 1, 2, … words of `state`; ascending, those with a probability.
  private func lists(after state: State) throws -> [[UInt32]] {
    var lists: [[UInt32]] = []
    let context = (0..<state.count).map { state.word($0) }
    try lookup?.forEachSuffix(of: context.reversed()) { _, cursor in
      var words: [UInt32] = []
      words.reserveCapacity(min(cursor.node.entryCount, wordCount))
      repeat {
        for index in 0..<cursor.batchCount {
          let word = cursor.entries[index].word
          if Int(word) < wordCount { words.append(word) }
        }
      } while try cursor.readBatch()
      lists.append(words)
    }
    return lists
  }

  /// log10 of the probability of each word after `state` by the n-gram of it and the last `depth` words; NaN where the
  /// model does not store that.
  private func scores(of words: [UInt32], after state: State, depth: Int) -> [Float] {
    var scores = [Float](repeating: .nan, count: words.count)
    var prefix: UInt64 = 0
    for distance in 0..<depth {
      prefix &+= UInt64(state.word(distance)) &* NGramHash.multiplier(distance + 1)
    }
    let multiplier = NGramHash.multiplier(0)
    let seed = tables.header.seed
    // SAFETY: the view is used while the tables live.
    let view = unsafe tables.view(order: depth + 1, before: state.word(0))
    var first = 0
    while first < words.count {
      let count = min(words.count - first, TableView.batchCount)
      for index in 0..<count {
        let sum = prefix &+ UInt64(words[first + index]) &* multiplier
        hashes[index] = NGramHash.finish(sum, seed: seed)
      }
      view.find(hashes, count: count, into: &scores, at: first)
      first += count
    }
    if depth < state.count {
      for index in scores.indices { scores[index] = state.weighted(scores[index], depth: depth) }
    }
    return scores
  }
}

extension State {
  /// log10 of what a word can have at most whose longest stored n-gram has at most `depth` words of context.
  ///
  /// Backoff weights can be above 1 (not those of interpolated smoothings), so fewer words may have more.
  fileprivate func limit(depth: Int) -> Float {
    (0...depth).reduce(-.infinity) { max($0, weighted(0, depth: $1)) }
  }
}

extension TopWords {
  /// Takes all of `seen` into account.
  mutating func offer(_ seen: SeenWords) {
    for index in seen.words.indices {
      offer(seen.words[index], seen.log10Probabilities[index], order: Int(seen.orders[index]))
    }
    settle()
  }
}
