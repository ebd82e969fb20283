import GramdexCore
import GramdexScoring

/// The words of a lexicon in the order of their bytes, so that those with a beginning stand together.
///
/// Memory: 4 bytes a word, 16 more while they are sorted. Cost: a sort, about 0.1 µs a word.
struct SpelledWords: Sendable {
  private let lexicon: Lexicon
  private let ids: [UInt32]

  /// Sorts the words of `lexicon`; `<s>` is left out.
  init(_ lexicon: Lexicon) {
    self.lexicon = lexicon
    var keyed: [(start: UInt64, id: UInt32)] = []
    keyed.reserveCapacity(lexicon.count)
    for id in 0..<UInt32(lexicon.count) where id != WordID.beginOfSentence.rawValue {
      keyed.append((Self.start(Self.bytes(lexicon, id)), id))
    }
    // Most words are told apart by their first eight bytes.
    keyed.sort { left, right in
      if left.start != right.start { return left.start < right.start }
      return Self.bytes(lexicon, left.id).lexicographicallyPrecedes(
        Self.bytes(lexicon, right.id)
      )
    }
    ids = keyed.map(\.id)
  }

  /// The ids of all words that begin with `prefix`, ascending.
  ///
  /// Cost: two binary searches, and a sort of what is found.
  func words(beginningWith prefix: [UInt8]) -> [UInt32] {
    let first = firstIndex { !$0.lexicographicallyPrecedes(prefix) }
    let end = firstIndex { !$0.starts(with: prefix) && !$0.lexicographicallyPrecedes(prefix) }
    return ids[first..<max(end, first)].sorted()
  }

  /// The first place whose word's bytes fulfill `condition`, as do those of all later ones.
  private func firstIndex(where condition: ([UInt8]) -> Bool) -> Int {
    var low = 0
    var high = ids.count
    while low < high {
      let middle = (low + high) / 2
      if condition(Self.bytes(lexicon, ids[middle])) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private static func bytes(_ lexicon: Lexicon, _ id: UInt32) -> [UInt8] {
    lexicon.bytes(of: WordID(rawValue: id)) ?? []
  }

  /// The first eight bytes as a number that sorts like them.
  private static func start(_ bytes: [UInt8]) -> UInt64 {
    var start: UInt64 = 0
    for index in 0..<8 { start = start << 8 | UInt64(index < bytes.count ? bytes[index] : 0) }
    return start
  }
}
