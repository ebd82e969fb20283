package import GramdexCore
package import GramdexCounting
import GramdexStorage

/// The bigrams of a corpus with their raw counts, by first and by second word.
///
/// Memory: 16 bytes a bigram and 16 a word.
package struct BigramTable: ~Copyable, Sendable {
  /// The bigrams that share one of their words: word w has the places `starts[w] ..< starts[w + 1]`.
  struct Neighbors: ~Copyable, Sendable {
    let starts: RecordBuffer<Int>
    /// The other word, ascending.
    let words: RecordBuffer<UInt32>
    let counts: RecordBuffer<UInt32>

    init(wordCount: Int, bigrams: Int) {
      starts = RecordBuffer(zeroed: wordCount + 1)
      words = RecordBuffer(uninitialized: bigrams)
      counts = RecordBuffer(uninitialized: bigrams)
    }

    /// The counts of all bigrams of `word` together.
    func total(of word: Int) -> Int64 {
      (starts[word]..<starts[word + 1]).reduce(0) { $0 + Int64(counts[$1]) }
    }
  }

  /// Word ids are below this number.
  package let wordCount: Int
  /// How many different bigrams there are.
  package let count: Int
  /// How often all of them occur together.
  package let tokens: Int64
  /// The words that follow each word.
  let successors: Neighbors
  /// The words that precede each word.
  let predecessors: Neighbors

  /// Anonymous memory of a table of this size.
  package static func memoryBytes(wordCount: Int, bigrams: Int) -> Int {
    16 * (wordCount + 1) + 16 * bigrams
  }

  /// Reads the contexts of one word of an index's level blocks.
  ///
  /// - Parameters:
  ///   - source: where the blocks are; they must have raw counts.
  ///   - shards: the directory of the blocks, for models of order 2 and up.
  ///   - vocabularySize: how many words the blocks know.
  ///   - cancellation: stops the reading when it is set.
  ///   - report: is told how many bigrams have been read.
  /// - Throws: `LevelBlockError`, `ClusteringError.countTooLarge`, `Interrupted`.
  package init(
    source: any LevelBlockSource,
    shards: [ShardTotals],
    vocabularySize: Int,
    cancellation: Cancellation,
    report: (UInt64) -> Void
  ) throws {
    wordCount = vocabularySize
    count = Self.bigrams(shards)
    let following = Neighbors(wordCount: vocabularySize, bigrams: count)
    let decompressor = try ZstdBlock.Decompressor()
    var place = 0
    var nextWord = 0
    var sum: Int64 = 0
    for (shard, totals) in shards.enumerated() {
      var cursor = LevelCursor(
        source: source,
        shard: shard,
        depth: 1,
        blockCount: totals.blocks[0],
        vocabularySize: vocabularySize,
        decompressor: decompressor
      )
      func damaged(_ rule: String) -> LevelBlockError {
        .damaged(shard: shard, depth: 1, block: 0, rule: rule)
      }
      while try cursor.readNode() {
        let word = Int(cursor.node.word)
        if word < nextWord { throw damaged("contexts are out of order") }
        for earlier in nextWord...word { following.starts[earlier] = place }
        nextWord = word + 1
        repeat {
          if cursor.batchCount > count - place {
            throw damaged("there are more bigrams than the directory says")
          }
          for index in 0..<cursor.batchCount {
            let entry = cursor.entries[index]
            guard let rawCount = UInt32(exactly: entry.rawCount) else {
              throw ClusteringError.countTooLarge(count: entry.rawCount)
            }
            following.words[place] = entry.word
            following.counts[place] = rawCount
            sum += Int64(rawCount)
            place += 1
          }
        } while try cursor.readBatch()
        if word % 1024 == 0 {
          try cancellation.check()
          report(UInt64(place))
        }
      }
    }
    if place != count {
      throw LevelBlockError.damaged(
        shard: 0,
        depth: 1,
        block: 0,
        rule: "there are fewer bigrams than the directory says"
      )
    }
    for word in nextWord...vocabularySize { following.starts[word] = place }
    tokens = sum
    predecessors = Self.transposed(following, wordCount: vocabularySize, bigrams: count)
    successors = following
  }

  /// How many different bigrams the level blocks of `shards` hold.
  package static func bigrams(_ shards: [ShardTotals]) -> Int {
    shards.reduce(0) { $0 + Int(clamping: $1.levels[0].entries) }
  }

  /// The same bigrams by their other word.
  private static func transposed(
    _ neighbors: borrowing Neighbors,
    wordCount: Int,
    bigrams: Int
  ) -> Neighbors {
    let result = Neighbors(wordCount: wordCount, bigrams: bigrams)
    for place in 0..<bigrams { result.starts[Int(neighbors.words[place])] += 1 }
    var end = 0
    for word in 0...wordCount {
      end += result.starts[word]
      result.starts[word] = end
    }
    // From the last word back, each start moves from the end of its places to their beginning.
    for word in (0..<wordCount).reversed() {
      for place in (neighbors.starts[word]..<neighbors.starts[word + 1]).reversed() {
        let other = Int(neighbors.words[place])
        result.starts[other] -= 1
        result.words[result.starts[other]] = UInt32(word)
        result.counts[result.starts[other]] = neighbors.counts[place]
      }
    }
    return result
  }
}
