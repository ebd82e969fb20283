import GramdexStorage
import GramdexText

/// Pieces of the inputs, whole lines each, taken evenly from all of them.
///
/// Of plain files pieces are taken everywhere, of compressed ones at the start, as they cannot be entered elsewhere.
/// Memory: the sample.
struct TextSample {
  /// The pieces, in the order of the inputs.
  private(set) var pieces: [[UInt8]] = []
  /// Bytes of text in all inputs, decompressed; estimated where they are compressed.
  private(set) var totalBytes = 0.0

  private static let pieceBytes = 128 << 10
  private static let mostFiles = 256

  /// Takes about `bytes` bytes of `inputs`, which are regular files.
  init(_ inputs: TextInputs, bytes: Int) throws {
    let files = inputs.files
    let stride = max((files.count + Self.mostFiles - 1) / Self.mostFiles, 1)
    let chosen = Swift.stride(from: 0, to: files.count, by: stride).map { files[$0] }
    let all = files.reduce(0) { $0 + ($1.sizeBytes ?? 0) }
    let known = chosen.reduce(0) { $0 + ($1.sizeBytes ?? 0) }
    for file in chosen {
      guard let size = file.sizeBytes, size > 0 else { continue }
      let share = Double(size) / Double(max(known, 1))
      totalBytes += try take(file.path, size: size, bytes: Int(Double(bytes) * share))
    }
    totalBytes *= Double(all) / Double(max(known, 1))
  }

  /// Bytes of the sample.
  var bytes: Int { pieces.reduce(0) { $0 + $1.count } }

  /// Takes pieces of one file; returns how many bytes its text has.
  private mutating func take(_ path: String, size: UInt64, bytes: Int) throws -> Double {
    var input = try CompressedInput(path: path)
    if input.format == .plain && UInt64(bytes) < size {
      let count = max((bytes + Self.pieceBytes - 1) / Self.pieceBytes, 1)
      let length = min(max(bytes / count, 4096), Int(size))
      for number in 0..<count {
        let offset = UInt64(Double(size) * Double(number) / Double(count))
        let piece = try Files.read(path, from: offset, count: length)
        add(piece[...], isAtStart: offset == 0, isAtEnd: offset + UInt64(length) >= size)
      }
      return Double(size)
    }
    let room = input.format == .plain ? Int(size) + 1 : max(bytes * 4, 1 << 16)
    var text = [UInt8](repeating: 0, count: room)
    var count = 0
    while count < text.count {
      let read = try unsafe text.withUnsafeMutableBytes {
        try unsafe input.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
      }
      if read == 0 { break }
      count += read
    }
    let isWhole = count < text.count
    var start = 0
    while start < count {
      // A piece ends with a line.
      let least = min(start + Self.pieceBytes, count)
      let end = text[(least - 1)..<count].firstIndex(of: 0x0A).map { $0 + 1 } ?? count
      if isWhole || end < count { pieces.append(Array(text[start..<end])) }
      start = end
    }
    let consumed = Double(max(input.consumedBytes, 1))
    return isWhole ? Double(count) : Double(count) * max(Double(size) / consumed, 1)
  }

  /// Adds a piece of a plain file without the lines that it cuts.
  private mutating func add(_ piece: ArraySlice<UInt8>, isAtStart: Bool, isAtEnd: Bool) {
    var piece = piece
    if !isAtStart {
      guard let first = piece.firstIndex(of: 0x0A) else { return }
      piece = piece[(first + 1)...]
    }
    if !isAtEnd {
      guard let last = piece.lastIndex(of: 0x0A) else { return }
      piece = piece[...last]
    }
    if !piece.isEmpty { pieces.append(Array(piece)) }
  }
}
