import GramdexCore
import GramdexStorage

/// The one-threaded part of a `TextBlockReader`: reads files and cuts blocks.
struct BlockSource: ~Copyable {
  private let files: [TextInput]
  private let blockBytes: Int
  private let lineLimitBytes: Int
  private let unit: TextUnit
  private let endsWhereInputWaits: Bool
  private let cancellation: Cancellation?

  private(set) var consumedBytes: UInt64 = 0
  var statistics = TextStatistics()

  private var input: CompressedInput?
  private var fileIndex = -1
  private var bytesBeforeFile: UInt64 = 0
  /// The block being filled; its first `filled` bytes are text that no block has yet.
  private var pending: TextBlock
  private var filled = 0
  /// Whether the last block was full.
  private var isStreaming = false
  private var line: UInt64 = 1
  private var startsLine = true
  private var number = 0
  private var isEnded = false
  private var free: [TextBlock] = []

  init(
    files: [TextInput],
    blockBytes: Int,
    lineLimitBytes: Int,
    unit: TextUnit,
    endsWhereInputWaits: Bool,
    cancellation: Cancellation?
  ) {
    self.files = files
    self.cancellation = cancellation
    self.blockBytes = max(blockBytes, 16)
    self.lineLimitBytes = max(lineLimitBytes, self.blockBytes)
    self.unit = unit
    self.endsWhereInputWaits = endsWhereInputWaits
    pending = TextBlock(capacity: self.blockBytes + 1)
  }

  /// The next block, or nil at the end of the last file and after an error.
  ///
  /// Unless it `waits`, also nil where no block can be had before more input comes.
  mutating func next(waits: Bool) throws -> TextBlock? {
    if isEnded { return nil }
    let step: Step
    do {
      try cancellation?.check()
      step = try nextStep(waits: waits)
      try cancellation?.check()
    } catch {
      isEnded = true
      input = nil
      try cancellation?.check()
      throw error
    }
    switch step {
    case .block(let block):
      return block
    case .wait:
      return nil
    case .end:
      isEnded = true
      return nil
    }
  }

  /// Keeps `block` for later, unless a long line made it large.
  mutating func recycle(_ block: TextBlock) {
    if block.capacity <= 2 * blockBytes && free.count < 64 { free.append(block) }
  }

  private enum Step {
    case block(TextBlock)
    /// A block needs input that is not there yet; what was read stays pending.
    case wait
    case end
  }

  private mutating func nextStep(waits: Bool) throws -> Step {
    while true {
      if input == nil {
        if !waits && mayWaitToOpenNext { return .wait }
        guard try openNext() else { return .end }
      }
      var target = blockBytes
      var searched = 0
      while true {
        var result = try fill(to: target)
        if result == .inputWaits {
          if let end = lastLineEnd(from: searched) {
            return .block(cut(at: end + 1, endsLine: true))
          }
          searched = filled
          guard waits else { return .wait }
          if try read(to: target) { continue }
          result = .endOfFile
        }
        if result == .endOfFile {
          input = nil
          if filled == 0 && startsLine { break }
          endLastLine()
          return .block(cut(at: filled, endsLine: true))
        }
        if let end = lastLineEnd(from: searched) { return .block(cut(at: end + 1, endsLine: true)) }
        searched = filled
        if target < lineLimitBytes {
          target = min(target * 2, lineLimitBytes)
          pending.reserve(target + 1, keeping: filled)
          continue
        }
        let name = files[fileIndex].name
        switch unit {
        case .line: break
        case .jsonLine:
          throw TextError.jsonLineTooLong(path: name, line: line, limitBytes: lineLimitBytes)
        case .wholeLine, .paragraph:
          throw TextError.documentTooLong(path: name, line: line, limitBytes: lineLimitBytes)
        }
        guard let end = lastSeparator() else {
          throw TextError.wordTooLong(path: name, line: line, limitBytes: lineLimitBytes)
        }
        return .block(cut(at: end + 1, endsLine: false))
      }
    }
  }

  /// Opens the next file, and says whether there was one.
  private mutating func openNext() throws -> Bool {
    bytesBeforeFile = consumedBytes
    fileIndex += 1
    guard fileIndex < files.count else { return false }
    input = try CompressedInput(path: files[fileIndex].path, cancellation: cancellation)
    // Blocks end where a pipe is empty, so a small pipe would make small blocks.
    if endsWhereInputWaits { input?.enlargePipe() }
    filled = 0
    line = 1
    startsLine = true
    if try beginsWithByteOrderMark() {
      statistics.byteOrderMarks += 1
      filled = 0
    }
    return true
  }

  /// Reads no further than it takes to tell, since the rest of a short line may never come.
  private mutating func beginsWithByteOrderMark() throws -> Bool {
    for (offset, expected) in ([0xEF, 0xBB, 0xBF] as [UInt8]).enumerated() {
      guard try read(to: offset + 1), byte(offset) == expected else { return false }
    }
    return true
  }

  /// Whether opening the next file reads from a pipe or a terminal, which may take long.
  private var mayWaitToOpenNext: Bool {
    endsWhereInputWaits && fileIndex + 1 < files.count && files[fileIndex + 1].sizeBytes == nil
  }

  private enum FillResult {
    case filled
    case endOfFile
    /// Nothing more can be read at once, and whoever waits for the pending lines should get them first.
    case inputWaits
  }

  /// Reads until `target` bytes are pending, the file ends, or, if that matters, there is nothing to read for now.
  private mutating func fill(to target: Int) throws -> FillResult {
    while filled < target {
      // A writer of much text is given a moment; one that waits for the answer to a line does not notice it.
      let patience: Int32 = isStreaming || filled >= blockBytes / 4 ? 2 : 0
      if endsWhereInputWaits && input?.isReady(withinMilliseconds: patience) == false {
        isStreaming = false
        return .inputWaits
      }
      guard try read(to: target) else { return .endOfFile }
    }
    isStreaming = true
    return .filled
  }

  /// Reads what is there, waiting for at least a byte of it, up to `target` pending bytes; false at the file's end.
  private mutating func read(to target: Int) throws -> Bool {
    // SAFETY: the block has room for `target` bytes and one more.
    assert(target < pending.capacity)
    let space = unsafe UnsafeMutableRawBufferPointer(
      start: pending.mutablePointer + filled,
      count: target - filled
    )
    guard let count = try unsafe input?.read(into: space), count > 0 else { return false }
    filled += count
    consumedBytes = bytesBeforeFile + (input?.consumedBytes ?? 0)
    return true
  }

  /// Gives a last line without LF one.
  private mutating func endLastLine() {
    if filled > 0 && byte(filled - 1) == 0x0A { return }
    unsafe pending.mutablePointer[filled] = 0x0A
    filled += 1
  }

  /// Hands out the first `end` pending bytes as a block, and keeps the rest for the next.
  private mutating func cut(at end: Int, endsLine: Bool) -> TextBlock {
    let block = pending
    let rest = filled - end
    let next = free.popLast() ?? TextBlock(capacity: blockBytes + 1)
    next.reserve(max(rest, blockBytes) + 1, keeping: 0)
    // SAFETY: `rest` bytes after `end` are filled, and fit into `next`, which is other memory.
    unsafe next.mutablePointer.update(from: block.mutablePointer + end, count: rest)
    block.setCount(end)
    block.number = number
    block.inputIndex = fileIndex
    block.firstLine = line
    block.startsLine = startsLine
    block.endsLine = endsLine
    pending = next
    filled = rest
    number += 1
    line += TextStatistics.lineEnds(in: block)
    startsLine = endsLine
    return block
  }

  private func byte(_ offset: Int) -> UInt8 {
    // SAFETY: only called for offsets below `filled`.
    assert(offset < filled)
    return unsafe pending.pointer[offset]
  }

  private func lastLineEnd(from start: Int) -> Int? {
    var offset = filled
    while offset > start {
      offset -= 1
      if byte(offset) == 0x0A && (unit != .paragraph || isBlankLine(endingAt: offset)) {
        return offset
      }
    }
    return nil
  }

  /// Whether nothing but separators stands before the LF at `end`; the pending bytes begin with a line.
  private func isBlankLine(endingAt end: Int) -> Bool {
    var offset = end
    while offset > 0, TextPolicy.isSeparator(byte(offset - 1)) { offset -= 1 }
    return offset == 0 || byte(offset - 1) == 0x0A
  }

  private func lastSeparator() -> Int? {
    var offset = filled
    while offset > 0 {
      offset -= 1
      if TextPolicy.isSeparator(byte(offset)) { return offset }
    }
    return nil
  }
}
