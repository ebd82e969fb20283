import GramdexCore

/// Brings one word into its Unicode form and case, in memory that is used again for the next word.
struct WordMapping {
  private let form: TokenizerOptions.UnicodeForm?
  private let lowercase: Bool
  /// The mapped word; zero bytes follow it, see `ScalarReader`.
  private var bytes: [UInt8] = []

  init(_ options: TokenizerOptions) {
    form = options.unicode
    lowercase = options.lowercase
  }

  /// Whether any word can change.
  var isNeeded: Bool {
    form != nil || lowercase
  }

  /// Calls `body` with the mapped word and at least 8 zero bytes after it.
  ///
  /// Bytes between well-formed sequences stay as they are.
  @unsafe
  mutating func withMapped(
    _ word: UnsafeBufferPointer<UInt8>,
    _ body: (UnsafePointer<UInt8>, Int) -> Void
  ) {
    bytes.removeAll(keepingCapacity: true)
    if unsafe !mapSimply(word) { unsafe mapStrings(word) }
    let count = bytes.count
    for _ in 0..<8 { bytes.append(0) }
    // SAFETY: the array is not changed within the call.
    unsafe bytes.withUnsafeBufferPointer { buffer in
      if let base = buffer.baseAddress { unsafe body(base, count) }
    }
  }

  /// Maps scalar by scalar; gives up, with false, where a Unicode form needs a closer look.
  @unsafe
  private mutating func mapSimply(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = word.baseAddress else { return true }
    let reader = unsafe ScalarReader(base, count: word.count)
    var offset = 0
    while offset < word.count {
      let (scalar, length) = reader.scalar(at: offset)
      if let scalar {
        if let form, !UnicodeForms.isInert(scalar, form) { return false }
        append(scalar)
      } else {
        // SAFETY: offset < count.
        bytes.append(unsafe word[offset])
      }
      offset += length
    }
    return true
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    if !lowercase {
      appendUTF8(scalar)
    } else if let lower = UnicodeForms.simpleLowercase(scalar) {
      appendUTF8(lower)
    } else {
      bytes += scalar.properties.lowercaseMapping.utf8
    }
  }

  private mutating func appendUTF8(_ scalar: Unicode.Scalar) {
    let value = scalar.value
    func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value >> shift & 0x3F | 0x80) }
    if value < 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value))
    } else if value < 0x800 {
      bytes.append(UInt8(truncatingIfNeeded: value >> 6 | 0xC0))
      bytes.append(tail(0))
    } else if value < 0x10000 {
      bytes.append(UInt8(truncatingIfNeeded: value >> 12 | 0xE0))
      bytes.append(tail(6))
      bytes.append(tail(0))
    } else {
      bytes.append(UInt8(truncatingIfNeeded: value >> 18 | 0xF0))
      bytes.append(tail(12))
      bytes.append(tail(6))
      bytes.append(tail(0))
    }
  }

  /// Maps whole well-formed stretches through strings.
  @unsafe
  private mutating func mapStrings(_ word: UnsafeBufferPointer<UInt8>) {
    bytes.removeAll(keepingCapacity: true)
    guard let base = word.baseAddress else { return }
    let reader = unsafe ScalarReader(base, count: word.count)
    var offset = 0
    var text = ""
    while offset < word.count {
      let (scalar, length) = reader.scalar(at: offset)
      if let scalar {
        text.unicodeScalars.append(scalar)
      } else {
        bytes += map(text).utf8
        text = ""
        // SAFETY: offset < count.
        bytes.append(unsafe word[offset])
      }
      offset += length
    }
    bytes += map(text).utf8
  }

  private func map(_ text: String) -> String {
    guard let form else { return lowercase ? UnicodeForms.lowercased(text) : text }
    let text = UnicodeForms.normalized(text, form)
    // Lower case can undo the form.
    return lowercase ? UnicodeForms.normalized(UnicodeForms.lowercased(text), form) : text
  }
}
