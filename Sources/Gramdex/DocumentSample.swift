import Synchronization

/// The perplexities of a uniform sample of documents, gathered by any number of threads.
///
/// Every document has a pseudo-random number that follows from its place (file and line), and the documents with the least numbers
/// are the sample. So the same text gives the same sample, whatever the threads, and most documents need not be scored:
/// of T documents about n (1 + ln(T / n)) for a sample of n.
final class DocumentSample: Sendable {
  private struct Entry {
    var number: UInt64
    var perplexity: Double
  }

  private let size: Int
  private let entries = Mutex<[Entry]>([])
  /// Numbers from here on are not in the sample.
  private let limit = Atomic<UInt64>(.max)

  /// Makes an empty sample of at most `size` documents.
  init(size: Int) {
    self.size = size
  }

  /// The number of the document at `line` of input `input`: the finalizer of splitmix64.
  private static func number(_ input: Int, _ line: UInt64) -> UInt64 {
    var mixed = (UInt64(input) << 48 ^ line) &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Whether a document may be in the sample, as far as is known.
  func mayHold(_ input: Int, _ line: UInt64) -> Bool {
    Self.number(input, line) < limit.load(ordering: .relaxed)
  }

  /// Adds a document.
  func add(_ input: Int, _ line: UInt64, _ perplexity: Double) {
    let number = Self.number(input, line)
    entries.withLock { entries in
      if number >= limit.load(ordering: .relaxed) { return }
      entries.append(Entry(number: number, perplexity: perplexity))
      if entries.count >= 2 * size + 64 { trim(&entries) }
    }
  }

  private func trim(_ entries: inout [Entry]) {
    entries.sort { $0.number < $1.number }
    guard entries.count > size else { return }
    limit.store(entries[size].number, ordering: .relaxed)
    entries.removeLast(entries.count - size)
  }

  /// The perplexities of the sample, ascending.
  var perplexities: [Double] {
    entries.withLock { entries in
      trim(&entries)
      return entries.map(\.perplexity).sorted()
    }
  }
}
