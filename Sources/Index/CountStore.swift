package import GramdexCounting
package import GramdexStorage

/// The counts of a published model: single look-ups, and all n-grams in context order.
package final class CountStore: LevelBlockSource, Sendable {
  /// What there is.
  package let directory: CountsDirectory
  private let file: TableFile
  private let unigrams: MappedBytes?

  /// Opens the counts in `file`; nil when it has none.
  package init?(_ file: TableFile) throws {
    guard let payload = try file.value(.counts, key: CountsDirectory.key) else { return nil }
    directory = try CountsDirectory(payload: payload)
    let unigrams = try file.value(.counts, key: CountsDirectory.unigramsKey)
    if let unigrams, unigrams.count != directory.vocabularySize * 8 {
      throw TableError.damagedCounts(rule: "the unigrams' size does not fit the vocabulary")
    }
    self.unigrams = unigrams
    self.file = file
  }

  package func withBlock(
    shard: Int,
    depth: Int,
    block: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let key = LevelBlockHeader.key(shard: shard, depth: depth, block: block)
    guard let value = try file.value(.counts, key: key) else {
      throw LevelBlockError.missing(shard: shard, depth: depth, block: block)
    }
    try unsafe value.withUnsafeBytes(body)
  }

  /// The raw count of an n-gram of 1 … order words, oldest first; 0 when it never occurs, nil when the model
  /// was imported and has no counts.
  package func rawCount(of ngram: [UInt32]) throws -> UInt64? {
    guard unigrams != nil, directory.flags.contains(.rawCounts) else { return nil }
    guard let word = ngram.last, ngram.count <= directory.order else { return 0 }
    if ngram.count == 1 { return unigramCount(word) }
    let lookup = try LevelLookup(
      source: self,
      shards: directory.shards,
      vocabularySize: directory.vocabularySize
    )
    return try lookup.entry(of: ngram)?.rawCount ?? 0
  }

  /// The raw counts of all words, by id; nil when the model was imported and has no counts.
  package func unigramCounts() -> RecordBuffer<UInt64>? {
    guard let unigrams, directory.flags.contains(.rawCounts) else { return nil }
    let counts = RecordBuffer<UInt64>(uninitialized: directory.vocabularySize)
    for word in 0..<directory.vocabularySize {
      counts[word] = UInt64(littleEndian: unigrams.load(at: 8 * word, as: UInt64.self) ?? 0)
    }
    return counts
  }

  /// The raw count of a word; `<s>` is never counted.
  package func unigramCount(_ word: UInt32) -> UInt64 {
    unigrams?.load(at: 8 * Int(word), as: UInt64.self).map(UInt64.init(littleEndian:)) ?? 0
  }

  /// Calls `body` with every n-gram of `order` ≥ 2 in context order, oldest word first.
  ///
  /// The entry says it is pruned when `selection` leaves it out.
  package func forEachNGram(
    order: Int,
    selection: NGramSelection = .unmarked,
    _ body: ([UInt32], DecodedEntry) throws -> Void
  ) throws {
    guard order >= 2, order <= directory.order else { return }
    for (shard, totals) in directory.shards.enumerated() {
      let walk = try LevelWalk(
        source: self,
        shard: shard,
        totals: totals,
        depth: order - 1,
        vocabularySize: directory.vocabularySize,
        selection: selection
      )
      try walk.run(body)
    }
  }
}
