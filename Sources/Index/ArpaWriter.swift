/// Writes an ARPA file as KenLM and SRILM read it.
///
/// The form is strict: an empty line, `\data\`, a count for every order, sections in ascending order with
/// an empty line after each, `\end\`; tabs between probability, words and backoff, single spaces between
/// words; shortest decimals that read back as the same float. A backoff is written only where there is
/// one, never at the highest order.
///
/// Output: pieces of about 64 KB, handed to `sink`.
package struct ArpaWriter: ~Copyable {
  private static let pieceBytes = 64 << 10

  /// Element k−1 is the number of n-grams of order k that the header promises.
  package let ngrams: [UInt64]
  private let sink: (Span<UInt8>) throws -> Void
  private var buffer: [UInt8] = []
  private var order = 0
  private var written: [UInt64]
  private var hasWord = false

  /// Makes a writer of a file with these numbers of n-grams and writes its header.
  package init(ngrams: [UInt64], sink: @escaping (Span<UInt8>) throws -> Void) {
    precondition(!ngrams.isEmpty, "an ARPA file has 1-grams")
    self.ngrams = ngrams
    self.sink = sink
    self.written = ngrams.map { _ in 0 }
    append("\n\\data\\\n")
    for (index, count) in ngrams.enumerated() { append("ngram \(index + 1)=\(count)\n") }
  }

  /// Starts the section of `order`, which is one more than that of the section before.
  package mutating func beginSection(order: Int) {
    precondition(order == self.order + 1 && order <= ngrams.count, "sections ascend by one")
    self.order = order
    append("\n\\\(order)-grams:\n")
  }

  /// Starts an n-gram's line; as many calls of `appendWord` as the order follow, then `endLine`.
  package mutating func beginLine(log10Probability: Float) {
    ArpaNumber.append(log10Probability, to: &buffer)
    hasWord = false
  }

  /// Appends a word of the n-gram.
  package mutating func appendWord(_ word: Span<UInt8>) {
    buffer.append(hasWord ? 0x20 : 0x09)
    hasWord = true
    for index in 0..<word.count { buffer.append(word[index]) }
  }

  /// Ends an n-gram's line; the backoff is nil where the n-gram is no context.
  package mutating func endLine(log10Backoff: Float?) throws {
    if let log10Backoff, order < ngrams.count {
      buffer.append(0x09)
      ArpaNumber.append(log10Backoff, to: &buffer)
    }
    buffer.append(0x0A)
    written[order - 1] += 1
    if buffer.count >= Self.pieceBytes { try flush() }
  }

  /// Ends the file; returns element k−1 for order k, what was really written.
  ///
  /// The caller compares it with `ngrams`: a difference means that the header is wrong.
  package consuming func finish() throws -> [UInt64] {
    append("\n\\end\\\n")
    try flush()
    return written
  }

  private mutating func flush() throws {
    try sink(buffer.span)
    buffer.removeAll(keepingCapacity: true)
  }

  private mutating func append(_ text: String) {
    buffer.append(contentsOf: text.utf8)
  }
}
