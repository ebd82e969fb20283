import GramdexCore

/// Lines that are no n-grams: the header, starts of sections, `\end\`, codebooks.
extension ArpaReader {
  /// Reads a line that holds no n-gram; `text` has no separators at its ends and is not empty.
  mutating func readControlLine(
    _ text: Span<UInt8>,
    _ emit: (ArpaBatch) throws -> Void
  ) throws {
    switch state {
    case .beforeData: startData(text)
    case .afterEnd: noteTrailingText()
    case .codebook(let remaining): try readCode(text, remaining: remaining)
    case .header:
      if text[0] == Self.backslash {
        try startSection(text, emit)
      } else {
        try readCount(text)
      }
    case .ngrams: try startSection(text, emit)
    }
  }

  /// Before `\data\`: anything, but IRSTLM's two variants announce themselves there.
  private mutating func startData(_ text: Span<UInt8>) {
    let isMarked = line == 1 && Self.equals(text, "\u{FEFF}\\data\\")
    if isMarked || Self.equals(text, #"\data\"#) {
      state = .header
    } else if Self.hasPrefix(text, "qARPA") {
      isQuantized = true
    } else if Self.hasPrefix(text, "iARPA") {
      isInterpolated = true
    }
  }

  /// `ngram ORDER=COUNT`, with spaces anywhere between the parts.
  private mutating func readCount(_ text: Span<UInt8>) throws {
    let bytes = (0..<text.count).map { text[$0] }.filter { !TextPolicy.isSeparator($0) }
    let line = String(decoding: bytes, as: UTF8.self)
    let parts = line.split(separator: "=", omittingEmptySubsequences: false)
    guard line.hasPrefix("ngram"), parts.count == 2, let order = Int(parts[0].dropFirst(5)),
      let count = UInt64(parts[1]), order >= 1
    else { throw malformed(#"ngram ORDER=COUNT or \1-grams:"#, text) }
    guard order <= maximumOrder else { throw malformed("an order up to \(maximumOrder)", text) }
    while declared.count < order { declared.append(nil) }
    declared[order - 1] = count
  }

  /// `\ORDER-grams:` or `\end\`.
  private mutating func startSection(
    _ text: Span<UInt8>,
    _ emit: (ArpaBatch) throws -> Void
  ) throws {
    if Self.equals(text, #"\end\"#) {
      try flush(emit)
      if found.first ?? 0 == 0 { throw malformed("1-grams", text) }
      state = .afterEnd
      return
    }
    let line = Self.string(text)
    let suffix = [":", ""].map { "-grams" + $0 }.first { line.hasSuffix($0) }
    guard let suffix, let next = Int(line.dropFirst().dropLast(suffix.count)),
      next >= 1, next <= maximumOrder
    else { throw malformed(expectedSection, text) }
    guard next > order, order > 0 || next == 1 else { throw malformed(expectedSection, text) }
    try flush(emit)
    order = next
    while found.count < order {
      found.append(0)
      sectionLines.append(self.line)
      backoffs.append((0, 0))
    }
    batch.order = order
    batch.vocabularySize = vocabulary.count
    batch.vocabularyBytes =
      vocabulary.memoryBytes + 4 * unigramLog10Probabilities.capacity
      + 4 * unigramLog10Backoffs.capacity
    state = isQuantized ? .codebook(remaining: nil) : .ngrams
  }

  private var expectedSection: String {
    order == 0 ? #"\1-grams:"# : #"an n-gram, \\#(order + 1)-grams: or \end\"#
  }

  /// qARPA: the number of codes, then a line each: probability, and below the top order backoff.
  private mutating func readCode(_ text: Span<UInt8>, remaining: Int?) throws {
    let fields = Self.string(text).split { $0.utf8.allSatisfy(TextPolicy.isSeparator) }
    guard let remaining else {
      guard fields.count == 1, let codes = Int(fields[0]), codes >= 1, codes <= 1 << 20 else {
        throw malformed("the number of codes of a qARPA file", text)
      }
      probabilityCodes.removeAll()
      backoffCodes.removeAll()
      state = .codebook(remaining: codes)
      return
    }
    guard (1...2).contains(fields.count), let probability = Float(fields[0]) else {
      throw malformed("a code's log10 probability and backoff", text)
    }
    guard let backoff = fields.count == 2 ? Float(fields[1]) : 0, !backoff.isNaN,
      !probability.isNaN
    else { throw malformed("a code's log10 backoff", text) }
    probabilityCodes.append(probability)
    backoffCodes.append(backoff)
    state = remaining == 1 ? .ngrams : .codebook(remaining: remaining - 1)
  }

  /// Checks the file as a whole and fills in missing reserved words' warnings.
  mutating func summary() throws -> ArpaSummary {
    var warnings: [ArpaWarning] = []
    for order in 1...max(declared.count, found.count) {
      let promised = order <= declared.count ? declared[order - 1] : nil
      let actual = order <= found.count ? found[order - 1] : 0
      if promised == actual || promised == nil && actual == 0 { continue }
      if isStrict {
        throw ArpaError.wrongCount(
          file: file,
          order: order,
          declared: promised ?? 0,
          found: actual
        )
      }
      warnings.append(.wrongCount(order: order, declared: promised, found: actual))
    }
    if positive.count > 0 {
      warnings.append(.positiveLogProbabilities(count: positive.count, line: positive.line))
    }
    while let last = found.last, last == 0 { found.removeLast() }
    let top = backoffs[found.count - 1]
    if top.count > 0 { warnings.append(.topOrderBackoffs(count: top.count, line: top.line)) }
    if let line = trailingTextLine { warnings.append(.textAfterEnd(line: line)) }
    return ArpaSummary(
      order: found.count,
      ngrams: found,
      sectionLines: Array(sectionLines.prefix(found.count)),
      isInterpolated: isInterpolated,
      warnings: warnings
    )
  }

  func malformed(_ expected: String, _ text: Span<UInt8>) -> ArpaError {
    .malformed(file: file, line: line, expected: expected, found: Self.quote(text))
  }

  /// At most 60 bytes of `text` in quotation marks, for a message.
  static func quote(_ text: Span<UInt8>) -> String {
    let shown = string(text.extracting(0..<min(60, text.count)))
    return "\"\(shown)\(text.count > 60 ? "…" : "")\""
  }

  static func string(_ text: Span<UInt8>) -> String {
    String(decoding: (0..<text.count).map { text[$0] }, as: UTF8.self)
  }

  private static func equals(_ text: Span<UInt8>, _ word: String) -> Bool {
    text.count == word.utf8.count && hasPrefix(text, word)
  }

  private static func hasPrefix(_ text: Span<UInt8>, _ word: String) -> Bool {
    guard text.count >= word.utf8.count else { return false }
    for (index, byte) in word.utf8.enumerated() where text[index] != byte { return false }
    return true
  }
}
