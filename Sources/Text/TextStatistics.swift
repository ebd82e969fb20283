import CKernels

/// What was odd about text, counted.
public struct TextStatistics: Hashable, Sendable, Codable {
  /// Lines: LFs, with those that last lines were given.
  public var lines: UInt64 = 0
  /// Lines without a word.
  public var blankLines: UInt64 = 0
  /// Words: runs of bytes that are no delimiters.
  public var words: UInt64 = 0
  /// Bytes of all words.
  public var wordBytes: UInt64 = 0
  /// Bytes above ASCII.
  public var nonASCIIBytes: UInt64 = 0
  /// Characters of scripts that put no spaces between words: Han, kana, Thai, Lao, Khmer, Burmese.
  public var unspacedCharacters: UInt64 = 0
  /// Ill-formed UTF-8 sequences, counted as Unicode recommends (one for each U+FFFD a decoder would put).
  public var invalidUTF8Sequences: UInt64 = 0
  /// Byte order marks dropped at the start of files.
  public var byteOrderMarks: UInt64 = 0
  /// NUL bytes.
  public var nulBytes: UInt64 = 0
  /// CR bytes right before an LF.
  public var carriageReturnsBeforeLineEnd: UInt64 = 0
  /// CR bytes elsewhere.
  public var carriageReturnsElsewhere: UInt64 = 0
  /// The longest line, without its LF.
  public var longestLineBytes: UInt64 = 0
  /// The longest word.
  public var longestWordBytes: UInt64 = 0
  /// Blocks that look like no text at all, and the first of them.
  public var binaryBlocks = JSONLineStatistics.Problem()
  /// What was found in JSON lines.
  public var jsonLines = JSONLineStatistics()

  /// Makes statistics of nothing.
  public init() {}

  /// Adds those of other text; the order of additions does not matter.
  public mutating func add(_ other: Self) {
    lines += other.lines
    blankLines += other.blankLines
    words += other.words
    wordBytes += other.wordBytes
    nonASCIIBytes += other.nonASCIIBytes
    unspacedCharacters += other.unspacedCharacters
    invalidUTF8Sequences += other.invalidUTF8Sequences
    byteOrderMarks += other.byteOrderMarks
    nulBytes += other.nulBytes
    carriageReturnsBeforeLineEnd += other.carriageReturnsBeforeLineEnd
    carriageReturnsElsewhere += other.carriageReturnsElsewhere
    longestLineBytes = max(longestLineBytes, other.longestLineBytes)
    longestWordBytes = max(longestWordBytes, other.longestWordBytes)
    binaryBlocks.add(other.binaryBlocks)
    jsonLines.add(other.jsonLines)
  }

  /// Whether the text has hardly any spaces, so that whole clauses would count as words (Chinese, Thai).
  ///
  /// True when words have more than 40 bytes on average, or more than 15 and a third of the text is in scripts
  /// without spaces (segmented Chinese has about 5). Less than 1,000 bytes say nothing.
  public var looksUnsegmented: Bool {
    guard wordBytes >= 1_000, words > 0 else { return false }
    let unspaced = unspacedCharacters * 9 > wordBytes
    return wordBytes > words * 40 || (unspaced && wordBytes > words * 15)
  }

  /// Whether these bytes look like no text: more than one in ten is NUL or begins ill-formed UTF-8.
  public var looksBinary: Bool {
    let odd = nulBytes + invalidUTF8Sequences
    return odd >= 32 && odd * 10 > wordBytes + nulBytes
  }
}
