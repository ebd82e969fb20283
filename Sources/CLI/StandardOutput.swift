import GramdexStorage

/// Standard output through a buffer, written from one thread.
struct StandardOutput: ~Copyable {
  private var output: CompressedOutput

  /// Makes a buffer in front of standard output.
  init() throws {
    output = try CompressedOutput(path: "-", format: .plain)
  }

  /// Appends `text`.
  mutating func write(_ text: String) throws {
    try output.write(text)
  }

  /// Appends bytes.
  mutating func write(_ bytes: [UInt8]) throws {
    try output.write(bytes)
  }

  /// Appends one JSON value and a newline; keys are sorted.
  mutating func write(json value: some Encodable) throws {
    try write(JSONText.line(value))
  }

  /// Runs `body`; what was written before an error is handed to the system as well.
  mutating func flushing(_ body: (inout Self) throws -> Void) throws {
    do {
      try body(&self)
    } catch {
      try? output.flush()
      throw error
    }
    try output.flush()
  }

  /// Hands what is buffered to the system.
  mutating func flush() throws {
    try output.flush()
  }

  /// Writes `text` at once.
  static func print(_ text: String) throws {
    var output = try Self()
    try output.write(text)
    try output.flush()
  }

  /// Writes one JSON value and a newline at once; keys are sorted.
  static func print(json value: some Encodable) throws {
    var output = try Self()
    try output.write(json: value)
    try output.flush()
  }
}
