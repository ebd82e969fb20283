// Why a sort and no set in memory: 64-bit hashes of a billion lines are 8 GB, and a Bloom filter that fits would take different
// lines for repeated with every budget. Sorted by hash and number, equal lines stand next to each other, the first of
// them in front, in any memory, and an index does not depend on what the machine had.

import GramdexCore
import GramdexStorage

/// Finds the sentences of a text that were there before.
///
/// Sentences are compared by a 64-bit hash of their words: of n different ones, any two are taken for equal with a probability of
/// n² / 2⁶⁵ (3 · 10⁻⁸ for a million lines, 3 % for a billion, and then it is one line that is lost).
/// Memory: the budget; runs of 16 bytes a sentence on disk beyond that, and one bit a sentence in a temporary file.
final class DuplicateFinder {
  private var sorter: TupleSorter?
  private let temporaryFolder: String
  private var state = start
  private var sentences: UInt64 = 0
  private static let start: UInt64 = 0x9E37_79B9_7F4A_7C15

  init(memoryBytes: Int, temporaryFolder: String) {
    self.temporaryFolder = temporaryFolder
    sorter = TupleSorter(
      keyWidth: 4,
      payloadWidth: 0,
      memoryBudgetBytes: memoryBytes,
      temporaryFolder: temporaryFolder
    )
  }

  /// Takes the next word of the sentence, by the hash of its spelling.
  @inline(__always)
  func add(_ word: UInt64) {
    let product = (state ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
    state = product.high ^ product.low ^ 0xE703_7ED1_A0B4_28DB
  }

  /// Ends the sentence.
  func endSentence() throws {
    let tuple = [
      UInt32(truncatingIfNeeded: state >> 32), UInt32(truncatingIfNeeded: state),
      UInt32(truncatingIfNeeded: sentences >> 32), UInt32(truncatingIfNeeded: sentences),
    ]
    try sorter?.append(tuple.span)
    sentences += 1
    state = Self.start
  }

  /// Ends the text and says which sentences are repeated; nil when it was called before.
  func finish() throws -> SentenceSet? {
    guard let sorter = sorter.take() else { return nil }
    let store = try sorter.finish()
    var repeated = try SentenceSet(size: sentences, temporaryFolder: temporaryFolder)
    var reader = TupleReader(store)
    let batch = RecordBuffer<UInt32>(uninitialized: 4 * 4096)
    var previous: UInt64?
    while true {
      let count = reader.read(into: batch)
      if count == 0 { return repeated }
      for tuple in 0..<count {
        let base = 4 * tuple
        let hash = UInt64(batch[base]) << 32 | UInt64(batch[base + 1])
        if hash == previous {
          repeated.insert(UInt64(batch[base + 2]) << 32 | UInt64(batch[base + 3]))
        }
        previous = hash
      }
    }
  }
}

/// Numbers of sentences, a bit each in a temporary file.
struct SentenceSet: ~Copyable {
  private let region: ScratchRegion
  private let size: UInt64
  /// How many there are.
  private(set) var count: UInt64 = 0

  /// Makes an empty set of numbers below `size`.
  init(size: UInt64, temporaryFolder: String) throws {
    self.size = size
    region = try ScratchFile(folder: temporaryFolder).allocate(bytes: Int(size / 8) + 1)
  }

  /// Puts a number in, which was not there.
  mutating func insert(_ number: UInt64) {
    precondition(number < size, "sentences have numbers below the size")
    // SAFETY: the region has a bit for every number below the size.
    unsafe (region.pointer + Int(number / 8)).assumingMemoryBound(to: UInt8.self).pointee |=
      1 << UInt8(number % 8)
    count += 1
  }

  /// Whether a number is there.
  func contains(_ number: UInt64) -> Bool {
    if number >= size { return false }
    // SAFETY: the region has a bit for every number below the size.
    let byte = unsafe (region.pointer + Int(number / 8)).load(as: UInt8.self)
    return byte >> UInt8(number % 8) & 1 != 0
  }
}
