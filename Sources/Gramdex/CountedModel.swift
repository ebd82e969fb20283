import GramdexCore
import GramdexCounting
import GramdexStorage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What counting leaves for estimation.
struct CountedModel: ~Copyable {
  /// The vocabulary by final ids.
  let ranked: RankedVocabulary
  /// Totals and shards.
  let levels: CountedLevels
  /// Where the level blocks are.
  let source: any LevelBlockSource
  /// Anonymous memory that stays in use.
  let held: Int
  /// lmplz's quirk, when it is asked for.
  var adjustment = LastWindowAdjustment()
}

extension CountedLevels {
  /// The levels of a model of order 1: there are none.
  static var none: CountedLevels {
    CountedLevels(shards: [], unigramAdjusted: RecordBuffer(uninitialized: 0), totals: [])
  }
}

/// lmplz's counts of counts (kpu/kenlm#427): the suffixes of its last window are entered with their raw count.
///
/// Source: docs/decisions/004, §3.
struct LastWindowAdjustment: Sendable {
  private var changes: [(order: Int, adjusted: UInt64, raw: UInt64)] = []

  /// Changes nothing.
  init() {}

  /// Finds raw and adjusted counts of the suffixes of `window` (final ids, oldest first, `<s>` in front).
  init(
    _ window: [UInt32],
    levels: borrowing CountedLevels,
    source: any LevelBlockSource,
    ranked: borrowing RankedVocabulary
  ) throws {
    guard let word = window.last else { return }
    let begin = WordID.beginOfSentence.rawValue
    let real = window.suffix(from: window.lastIndex(of: begin) ?? 0)
    changes.append(
      (1, UInt64(levels.unigramAdjusted[Int(word)]), ranked.counts[Int(word)])
    )
    let lookup = try LevelLookup(
      source: source,
      shards: levels.shards,
      vocabularySize: ranked.count
    )
    for order in 2..<max(min(real.count, window.count - 1) + 1, 2) {
      guard let entry = try lookup.entry(of: Array(real.suffix(order))) else { continue }
      changes.append((order, entry.adjustedCount, entry.rawCount))
    }
  }

  /// Moves each suffix from the bin of its adjusted count to that of its raw count.
  func apply(to countsOfCounts: inout [[UInt64]]) {
    for change in changes {
      if (1...4).contains(change.adjusted) {
        countsOfCounts[change.order - 1][Int(change.adjusted) - 1] -= 1
      }
      if (1...4).contains(change.raw) {
        countsOfCounts[change.order - 1][Int(change.raw) - 1] += 1
      }
    }
  }
}

/// log10 of a probability, −99 for 0.
func log10OrFloor(_ probability: Double) -> Double {
  probability > 0 ? log10(probability) : -99
}
