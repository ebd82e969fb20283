/// A failure to read or write an ARPA file.
public enum ArpaError: Error, Equatable, Sendable {
  /// The file has no `\data\` line, so it is no ARPA file.
  case noData(file: String, lines: UInt64, isKenLMBinary: Bool)
  /// The file ends before its `\end\` line.
  case noEnd(file: String, line: UInt64)
  /// A line is not what stands there in an ARPA file.
  case malformed(file: String, line: UInt64, expected: String, found: String)
  /// An n-gram uses a word that is not among the 1-grams.
  case unknownWord(file: String, line: UInt64, word: String, order: Int)
  /// The same n-gram stands on two lines; the earlier line is 0 when it is not known.
  case duplicate(file: String, line: UInt64, ngram: String, earlierLine: UInt64)
  /// With `--strict`: the header promises another number of n-grams than the section has.
  case wrongCount(file: String, order: Int, declared: UInt64, found: UInt64)
  /// A line is longer than any n-gram of words of 64 KB.
  case lineTooLong(file: String, line: UInt64, limit: Int)
  /// There are more words than 32-bit ids.
  case tooManyWords(file: String, line: UInt64)
}

extension ArpaError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .noData(let file, _, true):
      "\(file): this is a KenLM binary file, not ARPA text; import the ARPA file it was made from"
    case .noData(let file, let lines, false):
      #"""
      \#(file): expected a line \data\, found none in \#(lines) lines; \#
      give a file in ARPA format (plain, .gz or .zst)
      """#
    case .noEnd(let file, let line):
      #"""
      \#(file), line \#(line): expected a line \end\, found the end of the file; \#
      the file was cut off: make or copy it again
      """#
    case .malformed(let file, let line, let expected, let found):
      "\(file), line \(line): expected \(expected), found \(found); correct the line"
    case .unknownWord(let file, let line, let word, let order):
      """
      \(file), line \(line): expected words of the 1-grams, found \(word) in a \(order)-gram; \
      add it to the 1-grams or remove the line
      """
    case .duplicate(let file, let line, let ngram, 0):
      """
      \(file), line \(line): expected each n-gram once, found \(ngram) again; remove one of the \
      two lines
      """
    case .duplicate(let file, let line, let ngram, let earlier):
      """
      \(file), line \(line): expected each n-gram once, found \(ngram) again (first on line \
      \(earlier)); remove one of the two lines
      """
    case .wrongCount(let file, let order, let declared, let found):
      """
      \(file): expected \(declared) \(order)-grams, as the header says, found \(found); correct \
      the header, or leave out --strict
      """
    case .lineTooLong(let file, let line, let limit):
      "\(file), line \(line): expected a line of at most \(limit) bytes, found a longer one"
    case .tooManyWords(let file, let line):
      "\(file), line \(line): expected fewer than 2^32 words, found one more; split the vocabulary"
    }
  }
}

/// Something odd in an ARPA file that was read all the same, and where it was seen first.
public enum ArpaWarning: Equatable, Sendable {
  /// Something other than blank lines follows `\end\`.
  case textAfterEnd(line: UInt64)
  /// The header promises another number of n-grams than the section has.
  case wrongCount(order: Int, declared: UInt64?, found: UInt64)
  /// Probabilities above 1 were read as 1.
  case positiveLogProbabilities(count: UInt64, line: UInt64)
  /// Backoffs at the highest order that are not 0 were ignored.
  case topOrderBackoffs(count: UInt64, line: UInt64)
  /// There is no `<unk>`; it was added with this log10 probability.
  case noUnknown(log10Probability: Float)
  /// There is no `<s>`; it was added.
  case noBeginOfSentence
  /// There is no `</s>`; it was added with log10 probability −99.
  case noEndOfSentence
  /// N-grams of this order that longer ones need were missing and computed by backing off.
  case blankNodes(order: Int, count: UInt64)
}

extension ArpaWarning: CustomStringConvertible {
  /// The warning in one line.
  public var description: String {
    switch self {
    case .textAfterEnd(let line):
      #"line \#(line): text after \end\ was ignored"#
    case .wrongCount(let order, let declared?, let found):
      "the header promises \(declared) \(order)-grams, the file has \(found)"
    case .wrongCount(let order, nil, let found):
      "the header does not mention \(order)-grams, the file has \(found)"
    case .positiveLogProbabilities(let count, let line):
      "\(count) log probabilities above 0 were read as 0, the first on line \(line)"
    case .topOrderBackoffs(let count, let line):
      "\(count) backoffs of the highest order were ignored, the first on line \(line)"
    case .noUnknown(let value):
      "no <unk> among the 1-grams; unknown words get log10 probability \(value)"
    case .noBeginOfSentence:
      "no <s> among the 1-grams; sentences start without context"
    case .noEndOfSentence:
      "no </s> among the 1-grams; ends of sentences get log10 probability -99"
    case .blankNodes(let order, let count):
      """
      \(count) \(order)-grams that longer n-grams need are missing from the file; their \
      probabilities were computed by backing off
      """
    }
  }
}
