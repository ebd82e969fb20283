import Foundation

/// Whoever read standard output has gone: no error, the command just ends.
struct ClosedPipe: Error {}

/// Standard output could not be written.
struct OutputError: Error, CustomStringConvertible {
  /// What the system said.
  var reason: String

  var description: String {
    "cannot write to standard output: \(reason); check the disk or the program that reads it"
  }
}

/// Standard output through a buffer, written from one thread.
struct StandardOutput {
  private static let capacity = 64 << 10
  private var buffer: [UInt8] = []

  init() {
    buffer.reserveCapacity(Self.capacity + 4096)
  }

  /// Appends `text`.
  mutating func write(_ text: String) throws {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= Self.capacity { try flush() }
  }

  /// Appends bytes.
  mutating func write(_ bytes: some Collection<UInt8>) throws {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.capacity { try flush() }
  }

  /// Hands everything to the system.
  mutating func flush() throws {
    defer { buffer.removeAll(keepingCapacity: true) }
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(buffer))
    } catch {
      let system = Self.posixError(error)
      if system?.code == Int(EPIPE) { throw ClosedPipe() }
      throw OutputError(reason: system?.localizedDescription ?? "\(error)")
    }
  }

  /// Writes `text` at once.
  static func print(_ text: String) throws {
    var output = Self()
    try output.write(text)
    try output.flush()
  }

  /// Writes one JSON value and a newline at once; keys are sorted.
  static func print(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try print(String(decoding: encoder.encode(value), as: UTF8.self) + "\n")
  }

  private static func posixError(_ error: any Error) -> NSError? {
    let error = error as NSError
    if error.domain == NSPOSIXErrorDomain { return error }
    let inner = error.userInfo[NSUnderlyingErrorKey] as? NSError
    return inner?.domain == NSPOSIXErrorDomain ? inner : nil
  }
}
