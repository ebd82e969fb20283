import GramdexCore

/// How the bytes of one word, in their Unicode form and case, become words of the normal form.
struct WordRules {
  /// Where word borders are.
  let kind: TokenizerOptions.Kind
  private let lowercase: Bool
  private let strip: Bool
  private let mayContainSpaces: Bool

  init(_ options: TokenizerOptions) {
    kind = options.kind
    lowercase = options.lowercase
    strip = options.stripPunctuation
    mayContainSpaces = options.unicode == .nfkc
  }
}

// MARK: - ASCII

extension WordRules {
  @inline(__always)
  private func lower(_ byte: UInt8) -> UInt8 {
    lowercase && byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
  }

  /// Appends an ASCII word that is cut at white space only.
  @unsafe
  func appendASCII(
    _ word: UnsafeBufferPointer<UInt8>,
    to output: inout NormalizedOutput
  ) {
    var start = 0
    var end = word.count
    if strip {
      // SAFETY: start < end <= count.
      while unsafe start < end && CharacterClass.isPunctuation(ascii: word[start]) { start += 1 }
      while unsafe start < end && CharacterClass.isPunctuation(ascii: word[end - 1]) { end -= 1 }
      if start == end { return }
    }
    output.beginWord(ofAtMost: end - start)
    for offset in start..<end { unsafe output.add(lower(word[offset])) }
  }

  /// Appends the characters of an ASCII word.
  @unsafe
  func appendASCIICharacters(
    _ word: UnsafeBufferPointer<UInt8>,
    to output: inout NormalizedOutput
  ) {
    for offset in 0..<word.count {
      // SAFETY: offset < count.
      let byte = unsafe word[offset]
      if byte == 0x0B || byte == 0x0C { continue }
      if strip && CharacterClass.isPunctuation(ascii: byte) { continue }
      output.beginWord(ofAtMost: 1)
      output.add(lower(byte))
    }
  }
}

extension WordRules {
  /// Appends the words of an ASCII word, as `appendWords` does for any text.
  @unsafe
  func appendASCIIWords(
    _ word: UnsafeBufferPointer<UInt8>,
    to output: inout NormalizedOutput
  ) {
    var cutter = WordCutter()
    for offset in 0..<word.count {
      // SAFETY: offset < count, and the cutter's words lie within the bytes that it was given.
      let kind = unsafe CharacterClass(ascii: word[offset])
      cutter.add(offset, offset + 1, kind, isDropped: false) { start, end in
        unsafe appendASCII(UnsafeBufferPointer(rebasing: word[start..<end]), to: &output)
      }
    }
    cutter.finish { start, end in
      unsafe appendASCII(UnsafeBufferPointer(rebasing: word[start..<end]), to: &output)
    }
  }
}

// MARK: - Kinds of words

extension WordRules {
  /// Appends the words of mapped bytes, where a compatibility form may have put spaces.
  @unsafe
  func appendParts(
    _ base: UnsafePointer<UInt8>,
    _ count: Int,
    to output: inout NormalizedOutput
  ) {
    var start = 0
    if mayContainSpaces {
      // SAFETY: offset < count.
      for offset in 0..<count where unsafe base[offset] == 0x20 {
        unsafe append(base, start..<offset, to: &output)
        start = offset + 1
      }
    }
    unsafe append(base, start..<count, to: &output)
  }

  /// Appends the words of `range` of the bytes from `base` on.
  @unsafe
  func append(
    _ base: UnsafePointer<UInt8>,
    _ range: Range<Int>,
    to output: inout NormalizedOutput
  ) {
    switch kind {
    // Pieces are cut from whole lines; no word comes here.
    case .whitespace, .sentencepiece: unsafe emit(base, range, stripping: strip, to: &output)
    case .characters: unsafe appendCharacters(base, range, to: &output)
    case .words: unsafe appendWords(base, range, to: &output)
    }
  }

  /// Appends the bytes of `range` as a word, without characters at its ends that begin with punctuation.
  @unsafe
  private func emit(
    _ base: UnsafePointer<UInt8>,
    _ range: Range<Int>,
    stripping: Bool,
    to output: inout NormalizedOutput
  ) {
    var start = range.lowerBound
    var end = range.upperBound
    if stripping {
      var clusters = unsafe ClusterIterator(base, range)
      start = end
      end = range.lowerBound
      while let cluster = clusters.next() {
        if let first = cluster.first, CharacterClass.isPunctuation(first) { continue }
        start = min(start, cluster.start)
        end = cluster.end
      }
      if start >= end { return }
    }
    // SAFETY: start ..< end lies in `range`, which lies in the bytes.
    unsafe output.append(UnsafeBufferPointer(start: base + start, count: end - start))
  }

  /// Appends every grapheme cluster as a word; white space is dropped.
  @unsafe
  private func appendCharacters(
    _ base: UnsafePointer<UInt8>,
    _ range: Range<Int>,
    to output: inout NormalizedOutput
  ) {
    var clusters = unsafe ClusterIterator(base, range)
    while let cluster = clusters.next() {
      if let first = cluster.first {
        if CharacterClass.isSpace(first) { continue }
        if strip && CharacterClass.isPunctuation(first) { continue }
      }
      unsafe emit(base, cluster.start..<cluster.end, stripping: false, to: &output)
    }
  }

  /// Appends the words of `range`: runs of letters and digits with single joiners inside, and other signs.
  @unsafe
  private func appendWords(
    _ base: UnsafePointer<UInt8>,
    _ range: Range<Int>,
    to output: inout NormalizedOutput
  ) {
    var cutter = WordCutter()
    var clusters = unsafe ClusterIterator(base, range)
    while let cluster = clusters.next() {
      let kind = cluster.first.map { CharacterClass($0) } ?? .other
      let isDropped = strip && (cluster.first.map(CharacterClass.isPunctuation) ?? false)
      cutter.add(cluster.start, cluster.end, kind, isDropped: isDropped) { start, end in
        unsafe emit(base, start..<end, stripping: strip, to: &output)
      }
    }
    cutter.finish { start, end in
      unsafe emit(base, start..<end, stripping: strip, to: &output)
    }
  }
}
