import Synchronization

/// Room for one payload in a table file under construction, filled in place.
///
/// Different values may be filled and sealed by different threads at once. One value belongs to one thread
/// at a time. The room starts as zero bytes, its address is a multiple of 64.
@safe
package final class ReservedValue: @unchecked Sendable {
  // @unchecked: the room belongs to this value alone, and the one thread that fills it, see above.
  private let environment: WritableEnvironment
  private let unsealed: UnsealedCount
  private let file: OpenFile
  private let address: UnsafeMutableRawPointer
  /// Where `address` lies in the file.
  private let offset: UInt64
  private let keyHash: UInt64
  private let isSealed = Atomic(false)
  /// Bytes of the payload.
  package let payloadBytes: Int

  init(
    environment: WritableEnvironment,
    unsealed: UnsealedCount,
    file: OpenFile,
    address: UnsafeMutableRawPointer,
    offset: UInt64,
    keyHash: UInt64,
    payloadBytes: Int
  ) {
    self.environment = environment
    self.unsealed = unsealed
    self.file = file
    unsafe self.address = address
    self.offset = offset
    self.keyHash = keyHash
    self.payloadBytes = payloadBytes
    unsealed.number.add(1, ordering: .relaxed)
  }

  /// Calls `body` with the payload's bytes; not allowed after `seal()`.
  package func withUnsafeMutableBytes<Result, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(!isSealed.load(ordering: .relaxed), "a sealed value is not changed")
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

  /// Stores the whole payload from memory of the caller and seals the value.
  ///
  /// The bytes go through the file and not through the mapping: the kernel need neither clear pages that
  /// are overwritten whole nor fault them in, which takes four times as long as copying them
  /// (400 MB: 0.33 s mapped, 0.04–0.09 s written).
  ///
  /// - Returns: where the payload lies.
  @discardableResult
  package func seal(with payload: UnsafeRawBufferPointer) throws(StorageError) -> StoredPlace {
    precondition(payload.count == payloadBytes, "a payload has the size that was reserved")
    let place = unsafe StoredPlace(
      offset: offset + UInt64(Envelope.byteCount),
      bytes: UInt64(payloadBytes),
      checksum: Checksum.xxh3(payload)
    )
    try unsafe file.descriptor.write(payload, at: place.offset)
    seal(checksum: place.checksum)
    return place
  }

  /// Computes the payload's checksum and completes the envelope; call it once, when all bytes are there.
  package func seal() {
    // SAFETY: the environment keeps the room mapped; the payload stands right after the envelope.
    let payload = unsafe UnsafeRawBufferPointer(
      start: address + Envelope.byteCount,
      count: payloadBytes
    )
    seal(checksum: unsafe Checksum.xxh3(payload))
  }

  private func seal(checksum: UInt64) {
    let wasSealed = isSealed.exchange(true, ordering: .relaxed)
    precondition(!wasSealed, "a value is sealed once")
    let envelope = Envelope(
      keyHash: keyHash,
      payloadBytes: UInt64(payloadBytes),
      payloadChecksum: checksum
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
