import GramdexCore

/// N-grams of one order as the reader met them, ready to be sorted.
///
/// A tuple is the n-gram's words in context order (w[n−1], …, w[1], then w[n]), the bits of the log10
/// probability, the bits of the log10 backoff (0 when there is none), and the line counted from the
/// section's first line.
package struct ArpaBatch: Sendable {
  /// Values of a tuple that are not words.
  package static let payloadWidth = 3
  /// The order of these n-grams, 2 or more.
  package internal(set) var order = 0
  /// Words of the vocabulary, which the 1-grams have completed.
  package internal(set) var vocabularySize = 0
  /// Memory that the vocabulary and the 1-grams' scores take.
  package internal(set) var vocabularyBytes = 0
  /// The tuples, one after the other, each of `order + payloadWidth` values.
  package internal(set) var tuples: [UInt32] = []
}

/// What an ARPA file held, apart from the n-grams themselves.
package struct ArpaSummary: Equatable, Sendable {
  /// The highest order with n-grams.
  package var order: Int
  /// Element k−1 is the number of n-grams of order k; reserved words that were added do not count.
  package var ngrams: [UInt64]
  /// Element k−1 is the line of order k's section, from which tuples count their lines.
  package var sectionLines: [UInt64]
  /// Whether probabilities are discounted frequencies, to be interpolated (IRSTLM's iARPA).
  package var isInterpolated: Bool
  /// What was odd.
  package var warnings: [ArpaWarning]

  /// The summary of n-grams that do not come from a file; element k−1 of `ngrams` belongs to order k.
  package init(ngrams: [UInt64]) {
    self.init(
      order: ngrams.count,
      ngrams: ngrams,
      sectionLines: ngrams.map { _ in 0 },
      isInterpolated: false,
      warnings: []
    )
  }

  init(
    order: Int,
    ngrams: [UInt64],
    sectionLines: [UInt64],
    isInterpolated: Bool,
    warnings: [ArpaWarning]
  ) {
    self.order = order
    self.ngrams = ngrams
    self.sectionLines = sectionLines
    self.isInterpolated = isInterpolated
    self.warnings = warnings
  }
}

/// Reads an ARPA file leniently, block by block, in one pass.
///
/// Words are separated as everywhere (`TextPolicy`). What is accepted and with which warning stands in
/// `docs/GUIDE.md`; what is not throws an `ArpaError` that names the line.
///
/// Input: the file's bytes in blocks of any size, through `consume`, then `finish`.
/// Output: 1-grams are kept (`vocabulary` and two arrays); longer n-grams come out in batches.
/// Memory: the vocabulary with 8 bytes a word of scores, one line, one block, one batch.
package struct ArpaReader: ~Copyable {
  /// A line longer than this is an error.
  package static let lineLimit = 16 << 20
  /// N-grams of a full batch.
  static let batchCount = 4096

  /// Where the reader is in the file.
  enum State: Equatable {
    case beforeData
    case header
    /// qARPA only: this many lines of the section's codebook are still to come; nil before their number.
    case codebook(remaining: Int?)
    case ngrams
    case afterEnd
  }

  /// The file's name in messages.
  let file: String
  let isStrict: Bool
  let maximumOrder: Int
  /// The words of the 1-grams.
  package internal(set) var vocabulary = ArpaVocabulary()
  /// The log10 probability of each word; NaN for a reserved word that is missing.
  package internal(set) var unigramLog10Probabilities = [Float](repeating: .nan, count: 3)
  /// The log10 backoff of each word; 0 when there is none.
  package internal(set) var unigramLog10Backoffs = [Float](repeating: 0, count: 3)

  var state = State.beforeData
  /// The number of the line being read, from 1.
  var line: UInt64 = 0
  /// The order of the section being read; 0 before the first.
  var order = 0
  /// Header counts: element k−1 for order k; nil where the header is silent.
  var declared: [UInt64?] = []
  var found: [UInt64] = []
  var sectionLines: [UInt64] = []
  var isQuantized = false
  var isInterpolated = false
  var probabilityCodes: [Float] = []
  var backoffCodes: [Float] = []
  var positive = (count: UInt64(0), line: UInt64(0))
  /// Backoffs other than 0 of each order.
  var backoffs: [(count: UInt64, line: UInt64)] = []
  var trailingTextLine: UInt64?
  var batch = ArpaBatch()
  private var pending: [UInt8] = []
  /// Whether the line being read is too long to matter and is skipped.
  private var isSkipping = false
  private var isKenLMBinary = false

  /// Makes a reader; `isStrict` makes wrong counts in the header an error.
  package init(file: String, isStrict: Bool = false, maximumOrder: Int = 63) {
    self.file = file
    self.isStrict = isStrict
    self.maximumOrder = maximumOrder
  }

  /// Reads the next bytes of the file and hands full batches to `emit`.
  package mutating func consume(
    _ bytes: Span<UInt8>,
    emit: (ArpaBatch) throws -> Void
  ) throws {
    var first = 0
    while first < bytes.count {
      let count = min(bytes.count - first, 1 << 20)
      try consumePiece(bytes.extracting(first..<(first + count)), emit)
      first += count
    }
  }

  /// Ends the file: hands the last batch to `emit` and checks the file as a whole.
  package mutating func finish(emit: (ArpaBatch) throws -> Void) throws -> ArpaSummary {
    if !pending.isEmpty || isSkipping {
      let newline: [UInt8] = [TextPolicy.lineEnd]
      try consumePiece(newline.span, emit)
    }
    switch state {
    case .beforeData: throw ArpaError.noData(file: file, lines: line, isKenLMBinary: isKenLMBinary)
    case .header, .codebook, .ngrams: throw ArpaError.noEnd(file: file, line: line)
    case .afterEnd: return try summary()
    }
  }

  /// Hands the batch on when it is not empty.
  mutating func flush(_ emit: (ArpaBatch) throws -> Void) throws {
    if !batch.tuples.isEmpty { try emit(batch) }
    batch.tuples.removeAll(keepingCapacity: true)
  }

  private mutating func consumePiece(
    _ bytes: Span<UInt8>,
    _ emit: (ArpaBatch) throws -> Void
  ) throws {
    if line == 0 && pending.isEmpty { isKenLMBinary = Self.startsKenLMBinary(bytes) }
    guard let last = Self.lastLineEnd(bytes) else {
      try keep(bytes, from: 0)
      return
    }
    var first = 0
    if !pending.isEmpty {
      // Only the line that began in an earlier piece is copied.
      var start: [UInt8] = []
      swap(&start, &pending)
      while bytes[first] != TextPolicy.lineEnd {
        start.append(bytes[first])
        first += 1
      }
      start.append(TextPolicy.lineEnd)
      first += 1
      try readLines(start.span, emit)
      start.removeAll(keepingCapacity: start.capacity < 1 << 16)
      swap(&start, &pending)
    }
    try readLines(bytes.extracting(first..<(last + 1)), emit)
    try keep(bytes, from: last + 1)
  }

  /// Keeps the start of a line whose end is in the next piece.
  private mutating func keep(_ bytes: Span<UInt8>, from start: Int) throws {
    if isSkipping { return }
    for index in start..<bytes.count { pending.append(bytes[index]) }
    if pending.count <= Self.lineLimit { return }
    if state != .beforeData && state != .afterEnd {
      throw ArpaError.lineTooLong(file: file, line: line + 1, limit: Self.lineLimit)
    }
    pending.removeAll()
    isSkipping = true
  }

  /// Reads whole lines: the last byte ends a line.
  private mutating func readLines(
    _ bytes: Span<UInt8>,
    _ emit: (ArpaBatch) throws -> Void
  ) throws {
    var position = 0
    if isSkipping && !bytes.isEmpty {
      while bytes[position] != TextPolicy.lineEnd { position += 1 }
      position += 1
      line += 1
      isSkipping = false
      if state == .afterEnd { noteTrailingText() }
    }
    while position < bytes.count {
      line += 1
      let start = Self.skipSeparators(bytes, position)
      if bytes[start] == TextPolicy.lineEnd {
        position = start + 1
      } else if state == .ngrams && bytes[start] != Self.backslash {
        position = try readNGram(bytes, start, emit)
      } else {
        var end = start
        while bytes[end] != TextPolicy.lineEnd { end += 1 }
        position = end + 1
        while TextPolicy.isSeparator(bytes[end - 1]) { end -= 1 }
        try readControlLine(bytes.extracting(start..<end), emit)
      }
    }
  }

  mutating func noteTrailingText() {
    if trailingTextLine == nil { trailingTextLine = line }
  }

  /// The first position from `start` on that holds no separator.
  @inline(__always)
  static func skipSeparators(_ bytes: Span<UInt8>, _ start: Int) -> Int {
    var position = start
    while TextPolicy.isSeparator(bytes[position]) { position += 1 }
    return position
  }

  /// The first position from `start` on that holds a separator or a line's end.
  @inline(__always)
  static func skipField(_ bytes: Span<UInt8>, _ start: Int) -> Int {
    var position = start
    while !TextPolicy.isSeparator(bytes[position]) && bytes[position] != TextPolicy.lineEnd {
      position += 1
    }
    return position
  }

  /// Gives reserved words that the file lacks their probabilities, and says which they were.
  package mutating func addReservedWords(unknownLog10Probability: Float) -> [ArpaWarning] {
    let defaults = [unknownLog10Probability, Self.logZero, Self.logZero]
    let warnings: [ArpaWarning] = [
      .noUnknown(log10Probability: unknownLog10Probability), .noBeginOfSentence,
      .noEndOfSentence,
    ]
    var added: [ArpaWarning] = []
    for id in defaults.indices where unigramLog10Probabilities[id].isNaN {
      unigramLog10Probabilities[id] = defaults[id]
      added.append(warnings[id])
    }
    return added
  }

  private static func lastLineEnd(_ bytes: Span<UInt8>) -> Int? {
    var index = bytes.count - 1
    while index >= 0 && bytes[index] != TextPolicy.lineEnd { index -= 1 }
    return index < 0 ? nil : index
  }

  private static func startsKenLMBinary(_ bytes: Span<UInt8>) -> Bool {
    let magic = Array("mmap lm http://kheafield.com/code".utf8)
    return bytes.count >= magic.count && magic.indices.allSatisfy { bytes[$0] == magic[$0] }
  }

  static let backslash: UInt8 = 0x5C
}
