package import GramdexCore
import GramdexStorage
import Synchronization

/// What stays together in a block of text.
package enum TextUnit: Sendable, Equatable {
  /// A line, which may be cut where it is too long.
  case line
  /// A line of JSON.
  case jsonLine
  /// A line that is a document.
  case wholeLine
  /// A document of lines, after which a blank line stands.
  case paragraph
}

/// Cuts input files into blocks of whole lines, in order, for any number of threads.
///
/// Blocks hold about `blockBytes` and end after an LF. A last line without LF gets one, a byte order mark
/// at a file's start is dropped, and a block never holds text of two files. A longer line makes its block
/// grow, up to `lineLimitBytes`; beyond that it is cut after a separator and continues in the next block.
/// With a JSON field, every line of a file is one JSON value and the blocks hold its field's text.
///
/// Memory: one block that is being filled and those handed out; `recycle` gives them back for reuse.
/// Files are read and decompressed by one thread at a time; JSON is parsed outside that lock.
package final class TextBlockReader: Sendable {
  /// The inputs being read.
  package let inputs: TextInputs

  private let jsonField: JSONFieldPath?
  private let state: Mutex<BlockSource>
  private let consumed = Atomic<UInt64>(0)

  /// Prepares to read `inputs`; opens nothing yet.
  ///
  /// With a `unit`, blocks hold the files' bytes as they are, cut where such units end, whatever `inputs` say of JSON.
  /// With a `cancellation` that is set, `next` throws `Interrupted`, also while it waits for a pipe. With
  /// `endsWhereInputWaits`, a block that holds a whole line also ends where a pipe or a terminal has no more for now.
  package init(
    _ inputs: TextInputs,
    blockBytes: Int = 1 << 20,
    lineLimitBytes: Int? = nil,
    endsWhereInputWaits: Bool = false,
    unit: TextUnit? = nil,
    cancellation: Cancellation? = nil
  ) throws(TextError) {
    self.inputs = inputs
    if unit == nil, let field = inputs.jsonField {
      jsonField = try JSONFieldPath(field)
    } else {
      jsonField = nil
    }
    let unit = unit ?? (jsonField == nil ? .line : .jsonLine)
    let limit = lineLimitBytes ?? Self.lineLimit(blockBytes, isJSON: unit != .line)
    state = Mutex(
      BlockSource(
        files: inputs.files,
        blockBytes: blockBytes,
        lineLimitBytes: limit,
        unit: unit,
        endsWhereInputWaits: endsWhereInputWaits,
        cancellation: cancellation
      )
    )
  }

  /// The longest line that stays in one block: 16 blocks, but 1 to 16 MiB; a JSON line cannot be cut.
  private static func lineLimit(_ blockBytes: Int, isJSON: Bool) -> Int {
    isJSON ? 64 << 20 : min(max(blockBytes * 16, 1 << 20), 16 << 20)
  }

  /// The next block, or nil when all has been read; numbers come without gaps, whoever asks.
  ///
  /// With JSON lines a block can be empty. After an error, everybody gets nil.
  package func next() throws -> TextBlock? {
    try next(waits: true)
  }

  /// The next block if `endsWhereInputWaits` is set and a block can be had without waiting for input, else nil.
  ///
  /// Without `endsWhereInputWaits` the same as `next`.
  package func nextWithoutWaiting() throws -> TextBlock? {
    try next(waits: false)
  }

  private func next(waits: Bool) throws -> TextBlock? {
    let block = try state.withLock { source in
      let block = try source.next(waits: waits)
      consumed.store(source.consumedBytes, ordering: .relaxed)
      return block
    }
    guard let block, let jsonField else { return block }
    let statistics = JSONLines.extract(jsonField, from: block)
    state.withLock { $0.statistics.jsonLines.add(statistics) }
    return block
  }

  /// Takes a block back for reuse; its user must not touch it any more.
  package func recycle(_ block: TextBlock) {
    state.withLock { $0.recycle(block) }
  }

  /// Bytes of the input files consumed so far, compressed as they are; any thread may ask, cheaply.
  package var consumedBytes: UInt64 {
    consumed.load(ordering: .relaxed)
  }

  /// What the reader itself found odd so far: byte order marks, and JSON lines without text.
  package var statistics: TextStatistics {
    state.withLock { $0.statistics }
  }
}
