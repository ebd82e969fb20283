import CXXHash

/// XXH3, 64 bits: the checksum of everything that Gramdex writes to disk.
package enum Checksum {
  /// The checksum of some bytes.
  package static func xxh3(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    // SAFETY: the buffer is valid for the call; xxHash accepts no address when there are no bytes.
    unsafe XXH3_64bits(bytes.baseAddress, bytes.count)
  }

  /// The checksum of some bytes.
  package static func xxh3(_ bytes: RawSpan) -> UInt64 {
    // SAFETY: the pointer is used within the call only.
    unsafe bytes.withUnsafeBytes { unsafe xxh3($0) }
  }

  /// The checksum of some bytes.
  package static func xxh3(_ bytes: [UInt8]) -> UInt64 {
    // SAFETY: the pointer is used within the call only.
    unsafe bytes.withUnsafeBytes { unsafe xxh3($0) }
  }
}

/// The checksum of bytes that come in pieces: the same value as for the pieces put together.
@safe
package struct ChecksumStream: ~Copyable {
  private let state: OpaquePointer

  /// Starts with no bytes; stops the process when the system has no memory for 600 bytes.
  package init() {
    guard let state = unsafe XXH3_createState() else {
      preconditionFailure("the system has no memory for a checksum")
    }
    unsafe self.state = state
    // SAFETY: a state made one line above.
    _ = unsafe XXH3_64bits_reset(state)
  }

  deinit {
    _ = unsafe XXH3_freeState(state)
  }

  /// Adds bytes at the end.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    // SAFETY: the buffer is valid for the call.
    _ = unsafe XXH3_64bits_update(state, bytes.baseAddress, bytes.count)
  }

  /// The checksum of all bytes added so far.
  package var value: UInt64 {
    unsafe XXH3_64bits_digest(state)
  }
}
