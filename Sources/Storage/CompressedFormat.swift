/// How a file is compressed, as its first bytes say.
public enum CompressedFormat: String, Sendable, Codable, CaseIterable {
  /// Not at all.
  case plain
  /// gzip members (RFC 1952), one or more.
  case gzip
  /// zstd frames (RFC 8878), one or more, skippable ones included.
  case zstd

  /// The format that a new file gets by the ending of its name: `.gz`, `.zst` or anything else.
  package init(extensionOf path: String) {
    if path.hasSuffix(".gz") {
      self = .gzip
    } else if path.hasSuffix(".zst") || path.hasSuffix(".zstd") {
      self = .zstd
    } else {
      self = .plain
    }
  }

  /// How many first bytes of a file are needed to tell its format.
  static let magicBytes = 10

  /// The format of a file that begins with `bytes`.
  init(magic bytes: [UInt8]) {
    if bytes.starts(with: [0x1F, 0x8B]) {
      self = .gzip
    } else if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) || Self.isSkippableFrame(bytes) {
      self = .zstd
    } else {
      self = .plain
    }
  }

  private static func isSkippableFrame(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 4 && bytes[0] & 0xF0 == 0x50 && Array(bytes[1..<4]) == [0x2A, 0x4D, 0x18]
  }

  /// A well-known format that is not read here, with the command that decompresses it.
  static func unsupported(magic bytes: [UInt8], path: String) -> CompressionError? {
    let known: [(magic: [UInt8], format: String, tool: String)] = [
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz", "xz -dc"),
      ([0x50, 0x4B, 0x03, 0x04], "zip", "unzip -p"),
      ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7z", "7z e -so"),
    ]
    if let found = known.first(where: { bytes.starts(with: $0.magic) }) {
      return .unsupportedFormat(path: path, format: found.format, tool: "\(found.tool) \(path)")
    }
    let blockMagic: [UInt8] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
    if bytes.starts(with: [0x42, 0x5A, 0x68]), bytes.dropFirst(4).elementsEqual(blockMagic) {
      return .unsupportedFormat(path: path, format: "bzip2", tool: "bzip2 -dc \(path)")
    }
    return nil
  }
}
