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
  private let address: UnsafeMutableRawPointer
  private let keyHash: UInt64
  private let isSealed = Atomic(false)
  /// Bytes of the payload.
  package let payloadBytes: Int

  init(
    environment: WritableEnvironment,
    unsealed: UnsealedCount,
    address: UnsafeMutableRawPointer,
    keyHash: UInt64,
    payloadBytes: Int
  ) {
    self.environment = environment
    self.unsealed = unsealed
    unsafe self.address = address
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

  /// Computes the payload's checksum and completes the envelope; call it once, when all bytes are there.
  package func seal() {
    let wasSealed = isSealed.exchange(true, ordering: .relaxed)
    precondition(!wasSealed, "a value is sealed once")
    // SAFETY: as above; the envelope stands right before the payload.
    let payload = unsafe UnsafeRawBufferPointer(
      start: address + Envelope.byteCount,
      count: payloadBytes
    )
    let envelope = unsafe Envelope(
      keyHash: keyHash,
      payloadBytes: UInt64(payloadBytes),
      payloadChecksum: Checksum.xxh3(payload)
    )
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
