import Foundation
import GramdexStorage
import TestSupport
import Testing

/// Reads and writes whole files for the tests of compression.
enum CompressedFiles {
  /// All plain bytes of the file at `path`, read in pieces of `pieceBytes`.
  static func read(_ path: String, pieceBytes: Int = 4096) throws -> [UInt8] {
    var input = try CompressedInput(path: path)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: pieceBytes)
    while true {
      let count = try unsafe piece.withUnsafeMutableBytes { try unsafe input.read(into: $0) }
      if count == 0 { break }
      bytes += piece[..<count]
    }
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64
    #expect(input.consumedBytes == size)
    return bytes
  }

  /// Writes `bytes` to `path` in pieces; its ending chooses the format.
  static func write(_ bytes: [UInt8], to path: String, pieceBytes: Int = 1000) throws {
    var output = try CompressedOutput(path: path)
    for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
      try output.write(Array(bytes[start..<min(start + pieceBytes, bytes.count)]))
    }
    try output.finish()
  }

  /// Text that compresses well, and more of it than any buffer holds.
  static func text(lines: Int) -> [UInt8] {
    Array((0..<lines).map { "line \($0) of some text \($0 &* 7919 % 1000)\n" }.joined().utf8)
  }
}

@Suite("Reading compressed files")
struct CompressedInputTests {
  static let endings = ["txt", "gz", "zst"]

  @Test(arguments: endings, [1, 7, 4096, 1 << 20])
  func `what is written is read back, whatever the sizes of the pieces`(
    ending: String,
    pieceBytes: Int
  ) throws {
    let folder = try TemporaryFolder()
    for lines in [0, 1, pieceBytes == 1 ? 50 : 20_000] {
      let bytes = CompressedFiles.text(lines: lines)
      let path = folder.path("text.\(ending)")
      try CompressedFiles.write(bytes, to: path, pieceBytes: pieceBytes)
      #expect(try CompressedFiles.read(path, pieceBytes: pieceBytes) == bytes)
    }
  }

  @Test(arguments: endings)
  func `the format follows from the content, not from the name`(ending: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("text.\(ending)")
    try CompressedFiles.write(Array("abc\n".utf8), to: path)
    let other = try folder.write("no-ending", Data(contentsOf: URL(filePath: path)))
    #expect(try CompressedFiles.read(other) == Array("abc\n".utf8))
  }

  @Test(arguments: ["gz", "zst"])
  func `members that follow each other join, also empty ones`(ending: String) throws {
    let folder = try TemporaryFolder()
    var joined = Data()
    var expected: [UInt8] = []
    for lines in [3, 0, 5000, 0, 1] {
      let bytes = CompressedFiles.text(lines: lines)
      let path = folder.path("part.\(ending)")
      try CompressedFiles.write(bytes, to: path)
      joined += try Data(contentsOf: URL(filePath: path))
      expected += bytes
    }
    let path = try folder.write("joined", joined)
    for pieceBytes in [1000, 1 << 20] {
      #expect(try CompressedFiles.read(path, pieceBytes: pieceBytes) == expected)
    }
  }

  @Test
  func `skippable zstd frames are skipped wherever they stand`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("part.zst")
    try CompressedFiles.write(Array("abc\n".utf8), to: path)
    let frame = try Data(contentsOf: URL(filePath: path))
    let skippable = Data([0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3])
    let joined = try folder.write("joined", skippable + frame + skippable + frame + skippable)
    #expect(try CompressedFiles.read(joined) == Array("abc\nabc\n".utf8))
    let only = try folder.write("only", skippable)
    #expect(try CompressedFiles.read(only) == [])
  }

  @Test(arguments: ["gz", "zst"])
  func `data cut anywhere is an error that names the file and the byte`(ending: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("whole.\(ending)")
    try CompressedFiles.write(CompressedFiles.text(lines: 40), to: path)
    let whole = try Data(contentsOf: URL(filePath: path))
    for count in 4..<whole.count {
      let cut = try folder.write("cut", whole.prefix(count))
      let error = #expect(throws: CompressionError.self) { _ = try CompressedFiles.read(cut) }
      let format: CompressedFormat = ending == "gz" ? .gzip : .zstd
      #expect(error == .truncated(path: cut, format: format, offset: UInt64(count)))
    }
  }

  @Test(arguments: ["gz", "zst"])
  func `a changed byte anywhere is an error or changes nothing`(ending: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("whole.\(ending)")
    let text = CompressedFiles.text(lines: 40)
    try CompressedFiles.write(text, to: path)
    let whole = try Data(contentsOf: URL(filePath: path))
    var silent = 0
    for offset in 4..<whole.count {
      var damaged = whole
      damaged[offset] ^= 0x10
      let file = try folder.write("damaged", damaged)
      do {
        #expect(try CompressedFiles.read(file) == text)
        silent += 1
      } catch is CompressionError {}
    }
    #expect(silent <= 8, "only fields without meaning, such as a time, may change unseen")
  }

  @Test(arguments: ["gz", "zst"])
  func `something else after the data is an error that names the byte`(ending: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("whole.\(ending)")
    try CompressedFiles.write(CompressedFiles.text(lines: 1000), to: path)
    let whole = try Data(contentsOf: URL(filePath: path))
    let format: CompressedFormat = ending == "gz" ? .gzip : .zstd
    for garbage in [
      Data("garbage".utf8), Data(repeating: 0, count: 512), Data([0x1F, 0x00, 0x41, 0x42]),
    ] {
      let file = try folder.write("garbage", whole + garbage)
      let error = #expect(throws: CompressionError.self) { _ = try CompressedFiles.read(file) }
      #expect(error == .trailingData(path: file, format: format, offset: UInt64(whole.count)))
    }
  }

  @Test
  func `other compressed formats are named with the remedy`() throws {
    let folder = try TemporaryFolder()
    let xz = try folder.write(
      "a",
      Data([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0x00, 0x04, 0, 0, 0, 0])
    )
    #expect(
      throws: CompressionError.unsupportedFormat(path: xz, format: "xz", tool: "xz -dc \(xz)")
    ) {
      _ = try CompressedFiles.read(xz)
    }
    let bzip2 = try folder.write("b", Data("BZh91AY&SY....".utf8))
    #expect(throws: CompressionError.self) { _ = try CompressedFiles.read(bzip2) }
    let text = try folder.write("c", "BZh is no magic\n")
    #expect(try CompressedFiles.read(text) == Array("BZh is no magic\n".utf8))
  }

  @Test
  func `folders and missing files are errors that say so`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("")
    #expect(throws: CompressionError.isDirectory(path: path)) { _ = try CompressedFiles.read(path) }
    #expect(throws: CompressionError.cannotOpen(path: "/no/such/file", code: ENOENT)) {
      _ = try CompressedFiles.read("/no/such/file")
    }
  }
}
