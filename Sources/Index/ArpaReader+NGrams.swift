import GramdexCore

/// N-gram lines: probability, words, and a backoff that may be missing.
extension ArpaReader {
  /// Reads the n-gram line whose first field starts at `start`; returns where the next line starts.
  mutating func readNGram(
    _ bytes: Span<UInt8>,
    _ start: Int,
    _ emit: (ArpaBatch) throws -> Void
  ) throws -> Int {
    var end = Self.skipField(bytes, start)
    let probability = try readProbability(bytes, start, end)
    var position = Self.skipSeparators(bytes, end)
    if order == 1 {
      end = try endOfWord(bytes, start, position)
      return try readUnigram(bytes, start, position, end, probability)
    }
    let base = batch.tuples.count
    for _ in 0..<(order + ArpaBatch.payloadWidth) { batch.tuples.append(0) }
    for number in 1...order {
      end = try endOfWord(bytes, start, position)
      guard let id = vocabulary.id(of: bytes, position, end) else {
        throw ArpaError.unknownWord(
          file: file,
          line: line,
          word: Self.quote(bytes.extracting(position..<end)),
          order: order
        )
      }
      batch.tuples[base + (number == order ? order - 1 : order - 1 - number)] = id
      position = Self.skipSeparators(bytes, end)
    }
    var backoff: Float = 0
    (backoff, position) = try readBackoff(bytes, start, position)
    batch.tuples[base + order] = probability.bitPattern
    batch.tuples[base + order + 1] = backoff.bitPattern
    batch.tuples[base + order + 2] = UInt32(clamping: line - sectionLines[order - 1])
    found[order - 1] += 1
    if batch.tuples.count >= Self.batchCount * (order + ArpaBatch.payloadWidth) { try flush(emit) }
    return position
  }

  /// A 1-gram, whose word starts at `position` and ends at `end`.
  private mutating func readUnigram(
    _ bytes: Span<UInt8>,
    _ start: Int,
    _ position: Int,
    _ end: Int,
    _ probability: Float
  ) throws -> Int {
    guard let id = vocabulary.insert(bytes, position, end) else {
      throw ArpaError.tooManyWords(file: file, line: line)
    }
    let (backoff, next) = try readBackoff(bytes, start, Self.skipSeparators(bytes, end))
    // `<s>` is context only: whatever a file gives it, it is never an event.
    let value = id == WordID.beginOfSentence.rawValue ? Self.logZero : probability
    if Int(id) == unigramLog10Probabilities.count {
      unigramLog10Probabilities.append(value)
      unigramLog10Backoffs.append(backoff)
    } else if unigramLog10Probabilities[Int(id)].isNaN {
      unigramLog10Probabilities[Int(id)] = value
      unigramLog10Backoffs[Int(id)] = backoff
    } else {
      let word = Self.quote(bytes.extracting(position..<end))
      throw ArpaError.duplicate(file: file, line: line, ngram: word, earlierLine: 0)
    }
    found[0] += 1
    return next
  }

  /// The end of the word at `position`, which must not be the end of the line.
  @inline(__always)
  private func endOfWord(_ bytes: Span<UInt8>, _ start: Int, _ position: Int) throws -> Int {
    let end = Self.skipField(bytes, position)
    if end == position {
      let words = order == 1 ? "1 word" : "\(order) words"
      throw malformedNGram("\(words) after the log10 probability", bytes, start)
    }
    return end
  }

  private mutating func readProbability(
    _ bytes: Span<UInt8>,
    _ start: Int,
    _ end: Int
  ) throws -> Float {
    if isQuantized { return clamp(try code(probabilityCodes, bytes, start, start, end)) }
    guard let value = ArpaNumber.parse(bytes, start, end), value != .infinity else {
      throw malformedNGram("a log10 probability", bytes, start)
    }
    return clamp(value)
  }

  /// −99 stands for a probability of 0, and no probability is above 1.
  @inline(__always)
  private mutating func clamp(_ value: Float) -> Float {
    if value == -.infinity { return Self.logZero }
    if value < 0 { return value }
    if value > 0 {
      if positive.count == 0 { positive.line = line }
      positive.count += 1
    }
    return 0
  }

  /// The backoff at `position`, 0 when the line ends there, and where the next line starts.
  @inline(__always)
  private mutating func readBackoff(
    _ bytes: Span<UInt8>,
    _ start: Int,
    _ position: Int
  ) throws -> (Float, Int) {
    if bytes[position] == TextPolicy.lineEnd { return (0, position + 1) }
    let end = Self.skipField(bytes, position)
    var value: Float
    if isQuantized {
      value = try code(backoffCodes, bytes, start, position, end)
    } else if let number = ArpaNumber.parse(bytes, position, end), number != .infinity {
      value = number
    } else {
      throw malformedNGram("a log10 backoff after the words", bytes, start)
    }
    let rest = Self.skipSeparators(bytes, end)
    if bytes[rest] != TextPolicy.lineEnd {
      throw malformedNGram("the end of the line after the backoff", bytes, start)
    }
    if value == -.infinity { value = Self.logZero }
    if value == 0 { return (0, rest + 1) }
    if backoffs[order - 1].count == 0 { backoffs[order - 1].line = line }
    backoffs[order - 1].count += 1
    return (value, rest + 1)
  }

  /// qARPA: the number with this code.
  private func code(
    _ codes: [Float],
    _ bytes: Span<UInt8>,
    _ start: Int,
    _ from: Int,
    _ end: Int
  ) throws -> Float {
    guard let code = Int(Self.string(bytes.extracting(from..<end))), codes.indices.contains(code),
      codes[code] != .infinity
    else { throw malformedNGram("a code from 0 to \(codes.count - 1)", bytes, start) }
    return codes[code]
  }

  private func malformedNGram(_ expected: String, _ bytes: Span<UInt8>, _ start: Int) -> ArpaError {
    var end = start
    while bytes[end] != TextPolicy.lineEnd { end += 1 }
    return malformed(expected, bytes.extracting(start..<end))
  }

  /// log10 of a probability of 0, as ARPA files write it.
  static let logZero: Float = -99
}
