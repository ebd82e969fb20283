import CKernels

extension TextStatistics {
  /// Counts what is odd in the text of `block`, 64 bytes at a time.
  ///
  /// A line that was cut over blocks counts once; its length is that of its longest piece.
  package init(_ block: TextBlock) {
    self.init()
    var words = WordTally()
    var lines = LineTally(startsLine: block.startsLine)
    var utf8 = UTF8Tally()
    var offset = 0
    while offset < block.count {
      // SAFETY: offset < count, and 64 zero bytes are readable after the text.
      let address = unsafe block.pointer
      var classes = unsafe gramdex_load_byte_classes(address + offset)
      let rest = block.count - offset
      if rest < 64 { classes.keep(~0 >> UInt64(64 - rest)) }
      nulBytes += UInt64(classes.nuls.nonzeroBitCount)
      words.add(classes.delimiters)
      lines.add(classes, count: min(rest, 64))
      if classes.not_ascii != 0 { unsafe utf8.add(classes.not_ascii, at: offset, of: address) }
      offset += 64
    }
    self.words = words.count
    wordBytes = words.bytes
    longestWordBytes = words.longest
    self.lines = lines.count
    blankLines = lines.blank
    longestLineBytes = lines.longest
    carriageReturnsBeforeLineEnd = lines.carriageReturnsBeforeLineEnd
    carriageReturnsElsewhere = lines.carriageReturns - lines.carriageReturnsBeforeLineEnd
    nonASCIIBytes = utf8.bytes
    invalidUTF8Sequences = utf8.invalidSequences
    unspacedCharacters = utf8.unspacedCharacters
    if looksBinary { binaryBlocks.add(inputIndex: block.inputIndex, line: block.firstLine) }
  }

  /// The number of LFs in `block`.
  static func lineEnds(in block: TextBlock) -> UInt64 {
    var total = 0
    for offset in stride(from: 0, to: block.count, by: 64) {
      // SAFETY: offset < count, and 64 zero bytes are readable after the text.
      total += unsafe TokenMask.load(block.pointer + offset).lineEnds.nonzeroBitCount
    }
    return UInt64(total)
  }
}

extension gramdex_byte_classes {
  /// Makes every byte outside `mask` a delimiter and nothing else.
  fileprivate mutating func keep(_ mask: UInt64) {
    delimiters |= ~mask
    line_ends &= mask
    carriage_returns &= mask
    nuls &= mask
    not_ascii &= mask
  }
}

/// Counts words from delimiter masks.
private struct WordTally {
  var count: UInt64 = 0
  var bytes: UInt64 = 0
  var longest: UInt64 = 0
  /// The bytes of the word that reaches the end of the last mask.
  private var open: UInt64 = 0

  mutating func add(_ delimiters: UInt64) {
    let word = ~delimiters
    let carry: UInt64 = open > 0 ? 1 : 0
    count += UInt64((word & ~(word << 1 | carry)).nonzeroBitCount)
    let size = UInt64(word.nonzeroBitCount)
    bytes += size
    if delimiters == 0 {
      open += 64
      longest = max(longest, open)
      return
    }
    longest = max(longest, open + UInt64(delimiters.trailingZeroBitCount))
    open = UInt64(delimiters.leadingZeroBitCount)
    longest = max(longest, open)
    // Words inside the mask have at most 62 bytes.
    while longest < 62 && longest < size && Self.hasRun(word, longest + 1) { longest += 1 }
  }

  /// Whether `mask` has `length` ones in a row.
  private static func hasRun(_ mask: UInt64, _ length: UInt64) -> Bool {
    var starts = mask
    var missing = length - 1
    var step: UInt64 = 1
    while missing > 0 {
      let shift = min(step, missing)
      starts &= starts >> shift
      missing -= shift
      step *= 2
    }
    return starts != 0
  }
}

/// Counts lines and carriage returns from masks.
private struct LineTally {
  var count: UInt64 = 0
  var blank: UInt64 = 0
  var longest: UInt64 = 0
  var carriageReturns: UInt64 = 0
  var carriageReturnsBeforeLineEnd: UInt64 = 0
  /// 1 when the open line has no word so far.
  private var isBlank: UInt64
  private var endsInCarriageReturn: UInt64 = 0
  private var open: UInt64 = 0

  init(startsLine: Bool) {
    isBlank = startsLine ? 1 : 0
  }

  mutating func add(_ classes: gramdex_byte_classes, count size: Int) {
    let lineEnds = classes.line_ends
    count += UInt64(lineEnds.nonzeroBitCount)
    let returns = classes.carriage_returns
    carriageReturns += UInt64(returns.nonzeroBitCount)
    let after = returns << 1 | endsInCarriageReturn
    carriageReturnsBeforeLineEnd += UInt64((after & lineEnds).nonzeroBitCount)
    endsInCarriageReturn = returns >> 63
    // Adding a line's first bit to the separators carries through them: the sum reaches the line end
    // exactly when nothing else stands before it.
    let starts = lineEnds << 1 | isBlank
    let (sum, overflow) = (classes.delimiters & ~lineEnds).addingReportingOverflow(starts)
    blank += UInt64((sum & lineEnds).nonzeroBitCount)
    isBlank = overflow ? 1 : lineEnds >> 63
    var rest = lineEnds
    var start: UInt64 = 0
    while rest != 0 {
      let end = UInt64(rest.trailingZeroBitCount)
      longest = max(longest, open + end - start)
      open = 0
      start = end + 1
      rest &= rest &- 1
    }
    open += UInt64(size) - start
    longest = max(longest, open)
  }
}
