import Synchronization

/// Room for one payload in a table file under construction, filled in place.
///
/// Different values, and different parts of one, may be filled and sealed by different threads at once. The room
/// starts as zero bytes, its address is a multiple of 64.
@safe
package final class ReservedValue: @unchecked Sendable {
  // @unchecked: the room belongs to this value alone, and each part of it to the one thread that fills it, see above.
  private let environment: WritableEnvironment
  private let unsealed: UnsealedCount
  private let file: OpenFile
  private let address: UnsafeMutableRawPointer
  /// Where `address` lies in the file.
  private let offset: UInt64
  private let keyHash: UInt64
  private let parts: PayloadParts
  private let sealed: Mutex<Sealed>
  /// Bytes of the payload.
  package let payloadBytes: Int

  /// The checksums of the parts that are sealed.
  private struct Sealed {
    var checksums: [UInt64?]
    var missing: Int
  }

  init(
    environment: WritableEnvironment,
    unsealed: UnsealedCount,
    file: OpenFile,
    address: UnsafeMutableRawPointer,
    offset: UInt64,
    keyHash: UInt64,
    payloadBytes: Int,
    parts: PayloadParts
  ) {
    self.environment = environment
    self.unsealed = unsealed
    self.file = file
    unsafe self.address = address
    self.offset = offset
    self.keyHash = keyHash
    self.payloadBytes = payloadBytes
    self.parts = parts
    let count = parts.count(payloadBytes: payloadBytes)
    sealed = Mutex(Sealed(checksums: [UInt64?](repeating: nil, count: count), missing: count))
    unsealed.number.add(1, ordering: .relaxed)
  }

  /// Calls `body` with the payload's bytes; not allowed after `seal()`.
  package func withUnsafeMutableBytes<Result, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(sealed.withLock { $0.missing > 0 }, "a sealed value is not changed")
    // SAFETY: the environment, kept alive by this object, keeps the room mapped.
    return try unsafe body(
      UnsafeMutableRawBufferPointer(start: address + Envelope.byteCount, count: payloadBytes)
    )
  }

  /// Calls `body` with the payload's bytes for reading, at any time.
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // SAFETY: the environment, kept alive by this object, keeps the room mapped.
    try unsafe body(
      UnsafeRawBufferPointer(start: address + Envelope.byteCount, count: payloadBytes)
    )
  }

  /// Stores a whole part, or a payload without parts, from memory of the caller and seals it; with its last part
  /// the value is complete.
  ///
  /// The bytes go through the file and not through the mapping: the kernel need neither clear pages that
  /// are overwritten whole nor fault them in, which takes four times as long as copying them
  /// (400 MB: 0.33 s mapped, 0.04–0.09 s written).
  ///
  /// - Returns: where the part lies.
  @discardableResult
  package func seal(
    part: Int = 0,
    with bytes: UnsafeRawBufferPointer
  ) throws(StorageError) -> StoredPlace {
    let range = parts.range(part, payloadBytes: payloadBytes)
    precondition(bytes.count == range.count, "a part has the size that was reserved")
    let place = unsafe StoredPlace(
      offset: offset + UInt64(Envelope.byteCount + range.lowerBound),
      bytes: UInt64(range.count),
      checksum: Checksum.xxh3(bytes)
    )
    try unsafe file.descriptor.write(bytes, at: place.offset)
    seal(part, checksum: place.checksum)
    return place
  }

  /// Computes the checksum of a payload without parts and completes the envelope; call it once, when all bytes are there.
  package func seal() {
    precondition(parts == .none, "parts are sealed one by one")
    // SAFETY: the environment keeps the room mapped; the payload stands right after the envelope.
    let payload = unsafe UnsafeRawBufferPointer(
      start: address + Envelope.byteCount,
      count: payloadBytes
    )
    seal(0, checksum: unsafe Checksum.xxh3(payload))
  }

  private func seal(_ part: Int, checksum: UInt64) {
    let all = sealed.withLock { sealed -> [UInt64]? in
      precondition(sealed.checksums[part] == nil, "a part is sealed once")
      sealed.checksums[part] = checksum
      sealed.missing -= 1
      return sealed.missing == 0 ? sealed.checksums.compactMap { $0 } : nil
    }
    guard let all else { return }
    let envelope = Envelope(
      keyHash: keyHash,
      payloadBytes: UInt64(payloadBytes),
      payloadChecksum: parts.checksum(ofParts: all),
      parts: parts
    )
    // SAFETY: as above; the envelope stands right before the payload.
    unsafe envelope.store(
      to: UnsafeMutableRawBufferPointer(start: address, count: Envelope.byteCount)
    )
    unsealed.number.subtract(1, ordering: .releasing)
  }
}

/// How many values of a writer are not sealed yet.
final class UnsealedCount: Sendable {
  let number = Atomic(0)
}
