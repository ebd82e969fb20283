// Why three numberings: the counts that are there are in ids of the old vocabulary, and can be merged with those of
// a new text only where both have the same ids in the same order. Words that come are numbered behind those that are
// there, before words outside a limited vocabulary, which stay last. Words that go must be there until their n-grams
// are gone. Both steps keep the order of ids, so context order stays what it is.

import GramdexCore
package import GramdexStorage

/// The words of counts that are merged with those of a text.
package struct VocabularyUpdate: ~Copyable, Sendable {
  /// The words that counts know before a text is added to them or taken away.
  package struct Base: ~Copyable {
    /// Element w: how often word w occurs.
    let counts: RecordBuffer<UInt64>
    /// Words from this id on are outside the limited vocabulary.
    let keptCount: Int

    package init(counts: consuming RecordBuffer<UInt64>, keptCount: Int) {
      self.counts = counts
      self.keptCount = keptCount
    }
  }

  /// The text's words by the ids that it is counted and merged with; provisional ids are those of the encoder.
  package let change: RankedVocabulary
  /// Old id → id for merging.
  package let baseIDs: IDMap
  /// Id for merging → final id.
  package let resultIDs: IDMap
  /// All words after the update by their final ids.
  package let result: RankedVocabulary

  /// Anonymous memory of an update of so many word types, the old counts included.
  package static func memoryBytes(wordTypes: Int) -> Int { wordTypes * 56 }

  /// Adds a text: `table` holds the old words by their ids, then new ones; `counts` is how often the text has each.
  ///
  /// New words are ranked by descending count, ties by bytes. `isExcluded` says whether a new word is outside the
  /// limited vocabulary.
  package init(
    adding counts: borrowing RecordBuffer<UInt64>,
    of table: borrowing WordTable,
    to base: borrowing Base,
    isExcluded: (UInt32) -> Bool
  ) {
    let (old, kept, size) = (base.counts.count, base.keptCount, table.count)
    let added = (old..<size).map { (id: UInt32($0), isExcluded: isExcluded(UInt32($0))) }
      .sorted { left, right in
        if left.isExcluded != right.isExcluded { return !left.isExcluded }
        let (a, b) = (counts[Int(left.id)], counts[Int(right.id)])
        return a != b ? a > b : table.spelling(left.id, precedes: right.id)
      }
    let addedKept = added.count { !$0.isExcluded }
    let final = RecordBuffer<UInt32>(uninitialized: size)
    for w in 0..<old { final[w] = UInt32(w < kept ? w : w + addedKept) }
    for (index, word) in added.enumerated() {
      final[Int(word.id)] = UInt32(index < addedKept ? kept + index : old + index)
    }
    if old == kept || addedKept == 0 {
      baseIDs = IDMap()
    } else {
      let map = RecordBuffer<UInt32>(uninitialized: old)
      for w in 0..<old { map[w] = final[w] }
      baseIDs = IDMap(map)
    }
    resultIDs = IDMap()
    change = Self.ranked(final, size: size, keptCount: size) { counts[$0] }
    result = Self.ranked(final, size: size, keptCount: kept + addedKept) {
      counts[$0] + ($0 < old ? base.counts[$0] : 0)
    }
  }

  /// Takes a text away: `table` holds the old words by their ids, and new ones if the text has others.
  ///
  /// Words whose count falls to 0 go, unless the vocabulary is closed, or they are classes or words of classes (`isFixed`).
  /// Throws `CountMergeError.missingWord` when the text has a word more often than the counts.
  package init(
    removing counts: borrowing RecordBuffer<UInt64>,
    of table: borrowing WordTable,
    from base: borrowing Base,
    isClosed: Bool,
    isFixed: (UInt32) -> Bool = { _ in false }
  ) throws(CountMergeError) {
    let old = base.counts.count
    for w in 0..<table.count {
      let present = w < old ? base.counts[w] : 0
      if counts[w] > present {
        throw .missingWord(UInt32(w), present: present, removed: counts[w])
      }
    }
    let same = RecordBuffer<UInt32>(uninitialized: old)
    let final = RecordBuffer<UInt32>(uninitialized: old)
    var size = 0
    var kept = 0
    for w in 0..<old {
      same[w] = UInt32(w)
      let stays =
        isClosed || w < Int(WordID.reservedCount) || base.counts[w] > counts[w]
        || isFixed(UInt32(w))
      final[w] = stays ? UInt32(size) : IDMap.dropped
      if stays { size += 1 }
      if stays && w < base.keptCount { kept += 1 }
    }
    baseIDs = IDMap()
    change = Self.ranked(same, size: old, keptCount: old) { counts[$0] }
    let map = RecordBuffer<UInt32>(uninitialized: old)
    for w in 0..<old { map[w] = final[w] }
    resultIDs = size == old ? IDMap() : IDMap(map)
    result = Self.ranked(final, size: size, keptCount: kept) { base.counts[$0] - counts[$0] }
  }

  /// All words after the update; the rest of this value is given up.
  package consuming func takeResult() -> RankedVocabulary { result }

  /// The vocabulary of the words that `final` gives one of `size` ids.
  private static func ranked(
    _ final: borrowing RecordBuffer<UInt32>,
    size: Int,
    keptCount: Int,
    count: (Int) -> UInt64
  ) -> RankedVocabulary {
    let finals = RecordBuffer<UInt32>(uninitialized: final.count)
    let provisionals = RecordBuffer<UInt32>(uninitialized: size)
    let counts = RecordBuffer<UInt64>(uninitialized: size)
    for w in 0..<final.count {
      finals[w] = final[w]
      if final[w] == IDMap.dropped { continue }
      provisionals[Int(final[w])] = UInt32(w)
      counts[Int(final[w])] = count(w)
    }
    return RankedVocabulary(
      finalIDs: finals,
      provisionalIDs: provisionals,
      counts: counts,
      keptCount: keptCount
    )
  }
}

/// Why a text cannot be taken away from counts.
package enum CountMergeError: Error, Equatable, Sendable {
  /// The text has a word more often than the counts; the word by its id in the text's table.
  case missingWord(UInt32, present: UInt64, removed: UInt64)
  /// The text has an n-gram more often than the counts; its words by their ids for merging, oldest first.
  case missingNGram([UInt32], present: UInt64, removed: UInt64)
}
