import GramdexStorage

/// Sorted tuples in a temporary file, read as one stream as often as needed.
///
/// A tuple is `keyWidth` values that order it, then `payloadWidth` values that it carries. The file has no
/// name and goes away with the store; its pages are the kernel's to keep or to write out.
package final class TupleStore {
  /// Values that order a tuple.
  package let keyWidth: Int
  /// Values that a tuple carries.
  package let payloadWidth: Int
  /// The number of tuples.
  package private(set) var count: UInt64 = 0
  private let folder: String
  private var file: ScratchFile?
  /// Runs, each a list of segments, which follow each other in order.
  private(set) var runs: [[TupleSegment]] = []

  /// Makes an empty store whose file will be in `temporaryFolder`.
  package init(keyWidth: Int, payloadWidth: Int, temporaryFolder: String) {
    precondition(keyWidth >= 1 && payloadWidth >= 0, "a tuple has a key")
    self.keyWidth = keyWidth
    self.payloadWidth = payloadWidth
    self.folder = temporaryFolder
  }

  /// Values of a tuple.
  package var width: Int { keyWidth + payloadWidth }

  /// Bytes of the temporary file.
  package var temporaryBytes: Int64 { file?.byteCount ?? 0 }

  /// Adds room for `tuples` sorted tuples: a new run, or the continuation of the last one.
  func addSegment(tuples: Int, startsRun: Bool) throws -> TupleSegment {
    let file = try file ?? ScratchFile(folder: folder)
    self.file = file
    let segment = TupleSegment(
      region: try file.allocate(bytes: max(tuples, 1) * width * 4),
      count: tuples
    )
    if startsRun || runs.isEmpty {
      runs.append([segment])
    } else {
      runs[runs.count - 1].append(segment)
    }
    count += UInt64(tuples)
    return segment
  }
}

/// Sorted tuples that lie next to each other in a temporary file.
@safe
final class TupleSegment {
  private let region: ScratchRegion
  /// The number of tuples.
  let count: Int

  init(region: consuming ScratchRegion, count: Int) {
    self.region = region
    self.count = count
  }

  /// The first value of the first tuple; valid while the segment lives.
  @unsafe
  var pointer: UnsafeMutablePointer<UInt32> {
    unsafe region.pointer.assumingMemoryBound(to: UInt32.self)
  }
}

/// Writes tuples that come in order already to a store.
///
/// Memory: one piece of 1 MB.
package struct TupleWriter: ~Copyable {
  private let store: TupleStore
  private let piece: RecordBuffer<UInt32>
  private var used = 0

  /// Makes a writer to a new store.
  package init(keyWidth: Int, payloadWidth: Int, temporaryFolder: String) {
    store = TupleStore(
      keyWidth: keyWidth,
      payloadWidth: payloadWidth,
      temporaryFolder: temporaryFolder
    )
    piece = RecordBuffer(uninitialized: max((1 << 18) / store.width, 1) * store.width)
  }

  /// Appends the tuples in `values`, a whole number of them, each after all before it.
  package mutating func append(_ values: Span<UInt32>) throws {
    precondition(values.count % store.width == 0, "whole tuples only")
    for index in 0..<values.count {
      if used == piece.count { try flush() }
      piece[used] = values[index]
      used += 1
    }
  }

  /// Ends writing.
  package consuming func finish() throws -> TupleStore {
    try flush()
    return store
  }

  private mutating func flush() throws {
    if used == 0 { return }
    let segment = try store.addSegment(tuples: used / store.width, startsRun: false)
    // SAFETY: the segment has room for exactly `used` values, which the piece holds.
    unsafe segment.pointer.update(from: piece.pointer, count: used)
    used = 0
  }
}
