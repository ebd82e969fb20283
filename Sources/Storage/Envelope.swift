/// The 48 bytes before every stored value.
///
/// | offset | type | meaning |
/// |---|---|---|
/// | 0 | u32 | magic `0x56584447` |
/// | 4 | u32 | envelope version, 2 |
/// | 8 | u64 | XXH3-64 of (database name, 0x00, key) |
/// | 16 | u64 | payload bytes |
/// | 24 | u64 | XXH3-64 of the payload, or of the checksums of its parts, u64 each |
/// | 32 | u64 | bytes of a part; 0: the payload has no parts |
/// | 40 | u64 | zero |
///
/// All integers are little-endian. An envelope is valid when magic and version are these, the key's hash
/// is that of the key under which the value was found, the payload ends within the value, and the last
/// 8 bytes are zero. Parts are written, and their checksums computed, independently of each other; the last part
/// may be shorter.
struct Envelope: Equatable {
  /// Bytes of an envelope.
  static let byteCount = 48
  /// What every envelope starts with: `GDXV`.
  static let magic: UInt32 = 0x5658_4447
  /// The version that is written and read.
  static let version: UInt32 = 2

  var keyHash: UInt64
  var payloadBytes: UInt64
  var payloadChecksum: UInt64
  var parts: PayloadParts

  init(
    keyHash: UInt64,
    payloadBytes: UInt64,
    payloadChecksum: UInt64,
    parts: PayloadParts = .none
  ) {
    self.keyHash = keyHash
    self.payloadBytes = payloadBytes
    self.payloadChecksum = payloadChecksum
    self.parts = parts
  }

  /// The hash that ties a value to its key.
  static func keyHash(_ database: TableDatabase, key: [UInt8]) -> UInt64 {
    Checksum.xxh3(Array(database.rawValue.utf8) + [0] + key)
  }

  /// Why an envelope is refused.
  enum Flaw: Error, Equatable {
    case version(UInt32)
    case other(String)
  }

  /// Reads and checks the envelope at the start of `value`.
  init(checking value: UnsafeRawBufferPointer, keyHash: UInt64) throws(Flaw) {
    guard value.count >= Self.byteCount else { throw .other("its value is too short") }
    // SAFETY: the value has at least 48 bytes; loads are unaligned.
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _: T.Type) -> T {
      T(littleEndian: unsafe value.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
    guard load(0, UInt32.self) == Self.magic else {
      throw .other("it does not start with the mark GDXV")
    }
    let version = load(4, UInt32.self)
    guard version == Self.version else { throw .version(version) }
    guard load(8, UInt64.self) == keyHash else { throw .other("its value belongs to another key") }
    let payloadBytes = load(16, UInt64.self)
    guard payloadBytes <= UInt64(value.count - Self.byteCount) else {
      throw .other("its payload is longer than its value")
    }
    guard load(40, UInt64.self) == 0 else { throw .other("reserved bytes are not zero") }
    let partBytes = load(32, UInt64.self)
    guard partBytes <= payloadBytes else {
      throw .other("its parts are larger than its payload")
    }
    self.init(
      keyHash: keyHash,
      payloadBytes: payloadBytes,
      payloadChecksum: load(24, UInt64.self),
      parts: PayloadParts(bytes: Int(partBytes))
    )
  }

  /// Writes the envelope at the start of `target`.
  func store(to target: UnsafeMutableRawBufferPointer) {
    precondition(target.count >= Self.byteCount)
    // SAFETY: the target has at least 48 bytes; stores are unaligned.
    unsafe target.storeBytes(of: Self.magic.littleEndian, toByteOffset: 0, as: UInt32.self)
    unsafe target.storeBytes(of: Self.version.littleEndian, toByteOffset: 4, as: UInt32.self)
    unsafe target.storeBytes(of: keyHash.littleEndian, toByteOffset: 8, as: UInt64.self)
    unsafe target.storeBytes(of: payloadBytes.littleEndian, toByteOffset: 16, as: UInt64.self)
    unsafe target.storeBytes(of: payloadChecksum.littleEndian, toByteOffset: 24, as: UInt64.self)
    unsafe target.storeBytes(
      of: UInt64(parts.bytes).littleEndian,
      toByteOffset: 32,
      as: UInt64.self
    )
    unsafe target.storeBytes(of: 0, toByteOffset: 40, as: UInt64.self)
  }
}

/// How a payload is divided into parts, each with a checksum of its own.
struct PayloadParts: Equatable, Sendable {
  /// Bytes of a part; 0 when there are none.
  var bytes: Int

  /// A payload without parts.
  static let none = PayloadParts(bytes: 0)

  /// How many parts a payload of `payloadBytes` has.
  func count(payloadBytes: Int) -> Int {
    bytes == 0 ? 1 : max((payloadBytes + bytes - 1) / bytes, 1)
  }

  /// The place of part `index` in a payload of `payloadBytes`.
  func range(_ index: Int, payloadBytes: Int) -> Range<Int> {
    bytes == 0 ? 0..<payloadBytes : index * bytes..<min((index + 1) * bytes, payloadBytes)
  }

  /// What an envelope says of a payload whose parts have these checksums.
  func checksum(ofParts checksums: some Sequence<UInt64>) -> UInt64 {
    if bytes == 0, let only = checksums.first(where: { _ in true }) { return only }
    var stream = ChecksumStream()
    for checksum in checksums {
      unsafe withUnsafeBytes(of: checksum.littleEndian) { unsafe stream.update($0) }
    }
    return stream.value
  }

  /// What an envelope says of `payload`.
  func checksum(of payload: UnsafeRawBufferPointer) -> UInt64 {
    let indices = 0..<count(payloadBytes: payload.count)
    return checksum(
      ofParts: indices.lazy.map { index in
        let range = range(index, payloadBytes: payload.count)
        // SAFETY: the range lies within the payload.
        return unsafe Checksum.xxh3(UnsafeRawBufferPointer(rebasing: payload[range]))
      }
    )
  }
}
