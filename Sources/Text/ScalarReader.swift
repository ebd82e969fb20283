/// Reads scalars from bytes that may be ill-formed.
///
/// Up to three bytes after the last one are looked at; they must be readable and not continue a sequence.
@safe
struct ScalarReader {
  private let base: UnsafePointer<UInt8>
  /// How many bytes there are.
  let count: Int

  /// Makes a reader of `bytes`, which must outlive it.
  @unsafe
  init(_ base: UnsafePointer<UInt8>, count: Int) {
    unsafe self.base = base
    self.count = count
  }

  /// The scalar at `offset` and its length in bytes; nil and 1 where no sequence begins.
  @inline(__always)
  func scalar(at offset: Int) -> (scalar: Unicode.Scalar?, length: Int) {
    assert(offset < count)
    // SAFETY: offset < count, and three more bytes are readable.
    let address = unsafe base + offset
    let first = unsafe address[0]
    if first < 0x80 { return (Unicode.Scalar(first), 1) }
    let length = unsafe UTF8Tally.length(of: address)
    let value: UInt32
    switch length {
    case 2: value = unsafe UInt32(first & 0x1F) << 6 | tail(address, 1)
    case 3: value = unsafe UInt32(first & 0x0F) << 12 | tail(address, 1) << 6 | tail(address, 2)
    case 4:
      value =
        unsafe UInt32(first & 0x07) << 18 | tail(address, 1) << 12 | tail(address, 2) << 6
        | tail(address, 3)
    default: return (nil, 1)
    }
    return (Unicode.Scalar(value), length)
  }

  @unsafe
  @inline(__always)
  private func tail(_ address: UnsafePointer<UInt8>, _ index: Int) -> UInt32 {
    // SAFETY: the sequence has been checked up to `index`.
    unsafe UInt32(address[index] & 0x3F)
  }
}
