import GramdexStorage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Cuts the lines of blocks into pieces, for one thread; its buffers and the words it has seen are used again.
///
/// A line longer than `partBytes` is encoded in parts, cut after a space where there is one.
struct SentencePieceEncoder: ~Copyable {
  /// The longest text that is cut into pieces at once.
  static let partBytes = 256 << 10

  private var line = ByteBuffer()
  private var normalized = ByteBuffer()
  private var unigrams = UnigramSegmenter()
  private var pairs = PairMergingSegmenter()
  private let cache = PieceCache()
  private var pieces = RecordBuffer<PieceRange>(uninitialized: 1024)
  private var pieceCount = 0
  private var endsUnknown = false

  init() {}

  /// Writes the pieces of the lines of `block` to `target`; returns how much text each line is.
  mutating func encode(
    _ block: TextBlock,
    to target: TextBlock,
    _ model: SentencePieceModel
  ) -> [TextMeasure] {
    var output = NormalizedOutput(target, capacity: block.count * 2)
    var measures: [TextMeasure] = []
    let address = unsafe block.pointer
    var start = 0
    while start < block.count {
      // SAFETY: start < count, and the block has `count` bytes.
      let found = unsafe memchr(address + start, 0x0A, block.count - start)
      let end = unsafe found.map { unsafe UnsafeRawPointer($0) - UnsafeRawPointer(address) }
      let lineEnd = end ?? block.count
      var hasPieces = start == 0 && !block.startsLine
      var measure = TextMeasure()
      while start < lineEnd {
        let count = unsafe Self.partCount(address + start, lineEnd - start)
        line.clear(capacity: count)
        // SAFETY: start + count <= lineEnd <= the block's count.
        unsafe line.appendLine(address + start, count: count)
        line.finish()
        if encodeLine(model, to: &output, &measure) { hasPieces = true }
        start += count
      }
      if end != nil {
        output.endLine()
        if hasPieces { measure.add(bytes: 1, characters: 1) }
      }
      measures.append(measure)
      start = lineEnd + 1
    }
    output.finish()
    return measures
  }

  /// How many of the first bytes are encoded at once.
  @unsafe
  private static func partCount(_ address: UnsafePointer<UInt8>, _ count: Int) -> Int {
    if count <= partBytes { return count }
    // SAFETY: partBytes < count.
    var end = partBytes
    while end > partBytes / 2, unsafe address[end - 1] != 0x20 { end -= 1 }
    if end > partBytes / 2 { return end }
    end = partBytes
    while end > partBytes - 4, unsafe address[end] & 0xC0 == 0x80 { end -= 1 }
    return end
  }

  /// Encodes what is in `line`; returns whether there were pieces.
  private mutating func encodeLine(
    _ model: SentencePieceModel,
    to output: inout NormalizedOutput,
    _ measure: inout TextMeasure
  ) -> Bool {
    model.normalizer.normalize(line, protected: model.pieces.protected, into: &normalized)
    if normalized.count == 0 { return false }
    endsUnknown = false
    unigrams.beginLine()
    var start = 0
    var spaces = 0
    var characters = 0
    while start < normalized.count {
      var end = start
      // A word goes up to the next U+2581; without words of their own the line is one.
      repeat {
        let byte = normalized[end]
        characters += byte & 0xC0 == 0x80 ? 0 : 1
        end += 1
        if normalized[end] == 0xE2, normalized[end + 1] == 0x96, normalized[end + 2] == 0x81 {
          spaces += 1
          if model.hasSeparateWords { break }
        }
      } while end < normalized.count
      encodeWord(start..<end, model, to: &output)
      start = end
    }
    // The first character was not looked at.
    if normalized.count >= 3, normalized[0] == 0xE2, normalized[1] == 0x96, normalized[2] == 0x81 {
      spaces += 1
    }
    let dummy = model.normalizer.addsDummySpace ? 1 : 0
    measure.add(
      bytes: normalized.count - 2 * spaces - dummy,
      characters: characters - dummy
    )
    return true
  }

  private mutating func encodeWord(
    _ range: Range<Int>,
    _ model: SentencePieceModel,
    to output: inout NormalizedOutput
  ) {
    guard model.hasSeparateWords && range.count <= PieceCache.wordLimit else {
      segment(range, model)
      emit(model, to: &output)
      return
    }
    let key = PieceCache.key(normalized, range.lowerBound, range.count)
    let slot = PieceCache.slot(of: key)
    let entry = cache[slot]
    let sum = abs(unigrams.sum)
    if entry.word == key && sum <= entry.sumLimit {
      output.append(entry.text, count: Int(entry.textCount))
      if model.algorithm == .unigram {
        for piece in 0..<Int(entry.pieceCount) { unigrams.add(entry.scores[piece]) }
      }
      endsUnknown = entry.endsUnknown
      return
    }
    unigrams.margin = .infinity
    segment(range, model)
    let start = output.position
    emit(model, to: &output)
    if let made = newEntry(key, output.copy(from: start), sum, model) { cache[slot] = made }
  }

  /// The entry of a word that was just encoded, or nil if it cannot be used elsewhere.
  private func newEntry(
    _ key: SIMD4<UInt64>,
    _ text: (bytes: SIMD64<UInt8>, count: Int)?,
    _ sumBefore: Float,
    _ model: SentencePieceModel
  ) -> PieceCache.Entry? {
    guard let text, (1...8).contains(pieceCount), !pieces[0].isUnknown else { return nil }
    var entry = PieceCache.Entry()
    entry.word = key
    entry.text = text.bytes
    entry.textCount = UInt8(text.count)
    entry.pieceCount = UInt8(pieceCount)
    entry.endsUnknown = pieces[pieceCount - 1].isUnknown
    guard model.algorithm == .unigram else { return entry }
    var size: Float = 0
    for piece in 0..<pieceCount {
      entry.scores[piece] = pieces[piece].score
      size += abs(pieces[piece].score)
    }
    // A sum of k numbers in single precision is off by at most k / 2 units in its last place, and so is the other way's
    // that was not taken; the margin was found after `sumBefore`, and is off as much. k is below the bytes of a word.
    let error = Float(2 * PieceCache.wordLimit) * Float.ulpOfOne
    let limit = unigrams.margin / error - 2 * size - sumBefore
    guard limit > sumBefore else { return nil }
    entry.sumLimit = min(limit, UnigramSegmenter.sumLimit - 4 * size)
    return entry
  }

  /// Finds the pieces of a range of the normalized line.
  private mutating func segment(_ range: Range<Int>, _ model: SentencePieceModel) {
    pieceCount = 0
    switch model.algorithm {
    case .unigram:
      unigrams.segment(
        normalized,
        range,
        model.pieces.trie,
        model.pieces.scores,
        unknownScore: model.unknownScore
      ) { Self.add($0, &pieces, &pieceCount) }
    case .bytePairs:
      pairs.segment(normalized, range, model.pieces) { Self.add($0, &pieces, &pieceCount) }
    }
  }

  private static func add(
    _ piece: PieceRange,
    _ pieces: inout RecordBuffer<PieceRange>,
    _ count: inout Int
  ) {
    if count == pieces.count { pieces.grow(to: 2 * count) }
    pieces[count] = piece
    count += 1
  }

  /// Writes the pieces found: neighbors that are unknown as one, or byte by byte where the model has pieces for bytes.
  private mutating func emit(_ model: SentencePieceModel, to output: inout NormalizedOutput) {
    for index in 0..<pieceCount {
      let piece = pieces[index]
      let range = Int(piece.start)..<Int(piece.start + piece.count)
      if piece.isUnknown && model.fallsBackToBytes {
        for offset in range {
          let text = SentencePieceFile.byteText(normalized[offset])
          output.beginWord(ofAtMost: text.count)
          for byte in text { output.add(byte) }
        }
      } else {
        if piece.isUnknown && endsUnknown {
          output.continueWord(byAtMost: 3 * range.count)
        } else {
          output.beginWord(ofAtMost: 3 * range.count)
        }
        for offset in range { add(normalized[offset], to: &output) }
      }
      endsUnknown = piece.isUnknown
    }
  }

  /// Appends a byte of a piece; what separates words would cut it, and becomes U+2581.
  @inline(__always)
  private func add(_ byte: UInt8, to output: inout NormalizedOutput) {
    switch byte {
    case 0, 0x09, 0x0A, 0x0D, 0x20:
      for byte in SentencePieceNormalizer.escapedSpace { output.add(byte) }
    default: output.add(byte)
    }
  }
}
