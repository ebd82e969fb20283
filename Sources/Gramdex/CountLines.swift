import GramdexStorage

/// A file of n-grams with their counts, a line each.
struct CountLines: ~Copyable {
  private static let pieceBytes = 64 << 10
  private let isJSON: Bool
  private var output: CompressedOutput
  private var buffer: [UInt8] = []

  /// Makes the file at `path`; see `CompressedOutput`.
  init(path: String, isJSON: Bool = false) throws {
    output = try CompressedOutput(path: path)
    self.isJSON = isJSON
    buffer.reserveCapacity(Self.pieceBytes + 4096)
  }

  /// The path, or `standard output`.
  var name: String { output.name }

  /// Appends the line of one n-gram.
  mutating func append(_ ngram: [UInt32], _ count: UInt64, _ listing: CountListing) throws {
    if isJSON {
      var words: [UInt8] = []
      try listing.append(ngram, to: &words)
      buffer.append(contentsOf: "{\"count\":\(count),\"ngram\":".utf8)
      Self.appendString(words, to: &buffer)
      buffer.append(contentsOf: "}\n".utf8)
    } else {
      try listing.append(ngram, to: &buffer)
      append(count: count)
    }
    if buffer.count >= Self.pieceBytes { try flush() }
  }

  /// Appends a line of any bytes.
  mutating func append(line: [UInt8]) throws {
    buffer.append(contentsOf: line)
    buffer.append(0x0A)
    if buffer.count >= Self.pieceBytes { try flush() }
  }

  /// Ends the file and gives it its name.
  consuming func finish() throws {
    try flush()
    try output.finish()
  }

  private mutating func append(count: UInt64) {
    buffer.append(0x09)
    buffer.append(contentsOf: String(count).utf8)
    buffer.append(0x0A)
  }

  private mutating func flush() throws {
    try output.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Appends `text` as a JSON string; bytes that are no UTF-8 become U+FFFD.
  private static func appendString(_ text: [UInt8], to target: inout [UInt8]) {
    target.append(0x22)
    for byte in String(decoding: text, as: UTF8.self).utf8 {
      switch byte {
      case 0x22, 0x5C:
        target.append(0x5C)
        target.append(byte)
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        target.append(
          contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
        )
      default:
        target.append(byte)
      }
    }
    target.append(0x22)
  }
}
