public import CKernels

/// Where words and lines end in 64 bytes of text: bit i belongs to byte i.
///
/// This is the primitive of every loop over tokens. Bytes past the end of the text must be readable;
/// a `TextBlock` is followed by zero bytes, which count as delimiters.
@frozen
public struct TokenMask: Sendable, Equatable {
  /// The bytes that end a word: space, tab, CR, NUL and LF.
  public let delimiters: UInt64
  /// The bytes that end a line: LF.
  public let lineEnds: UInt64

  /// Makes a mask from its two words.
  @inlinable
  public init(delimiters: UInt64, lineEnds: UInt64) {
    self.delimiters = delimiters
    self.lineEnds = lineEnds
  }

  /// The mask of the 64 bytes from `address` on, at any alignment.
  @inlinable
  @inline(__always)
  @unsafe
  public static func load(_ address: UnsafePointer<UInt8>) -> Self {
    // SAFETY: the caller promises 64 readable bytes.
    let mask = unsafe gramdex_load_token_mask(address)
    return Self(delimiters: mask.delimiters, lineEnds: mask.line_ends)
  }
}
