import GramdexStorage

/// A safetensors file open for reading: tensors by name, each read when it is asked for.
///
/// The header is in memory, the tensors are not: 32-bit floats go from the file straight to where they are wanted,
/// other floats through a buffer of 64 KB. The file is read and not mapped, so that one that shrinks meanwhile is an error.
/// Layout: see `SafetensorsHeader`.
package struct SafetensorsFile: ~Copyable {
  /// Where the file is, for messages.
  package let path: String
  /// What its header says.
  package let header: SafetensorsHeader
  private let file: FileDescriptor
  private let places: [[UInt8]: Int]

  /// Opens a file and checks its header.
  ///
  /// - Throws: `SafetensorsError` for what is no valid file, `StorageError` for what cannot be read.
  package init(path: String) throws {
    let file = try FileDescriptor(reading: path)
    let fileBytes = try file.size
    func damage(_ byte: UInt64, _ reason: String) -> SafetensorsError {
      .damaged(path: path, tensor: nil, byte: byte, reason: reason)
    }
    guard fileBytes >= 8 else { throw damage(0, "it has \(fileBytes) bytes, fewer than 8") }
    let lengthBytes = try Self.bytes(of: file, from: 0, count: 8, path: path)
    let length = lengthBytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(SafetensorsHeader.maximumBytes) else {
      throw damage(
        0,
        "its header has \(length) bytes, the limit is \(SafetensorsHeader.maximumBytes)"
      )
    }
    guard length <= fileBytes - 8 else {
      throw damage(0, "its header has \(length) bytes, but only \(fileBytes - 8) follow")
    }
    let text = try Self.bytes(of: file, from: 8, count: Int(length), path: path)
    let header = try SafetensorsHeader(text: text, fileBytes: fileBytes, path: path)
    var places: [[UInt8]: Int] = [:]
    for (place, entry) in header.entries.enumerated() { places[Array(entry.name.utf8)] = place }
    self.path = path
    self.header = header
    self.file = file
    self.places = places
  }

  /// What the header says of the tensor of this name; nil when there is none.
  package func entry(_ name: String) -> SafetensorsEntry? {
    places[Array(name.utf8)].map { header.entries[$0] }
  }

  /// The entry of the tensor of this name, of this shape if one is given.
  ///
  /// - Throws: `SafetensorsError.missingTensor` or `wrongShape`.
  package func entry(
    _ name: String,
    shape: [Int]?
  ) throws(SafetensorsError) -> SafetensorsEntry {
    guard let entry = entry(name) else {
      let names = header.entries.prefix(8).map(\.name).joined(separator: ", ")
      let more = header.entries.count > 8 ? ", …" : ""
      throw .missingTensor(path: path, tensor: name, near: names.isEmpty ? nil : names + more)
    }
    if let shape, shape != entry.shape {
      throw .wrongShape(
        path: path,
        tensor: name,
        byte: entry.byteOffset,
        found: entry.shape,
        wanted: shape
      )
    }
    return entry
  }

  /// The numbers of a tensor of F32, F16, BF16 or F64, row-major; F64 are rounded to the nearest float.
  ///
  /// - Throws: `SafetensorsError` for a tensor that is missing or of another kind, `StorageError` when it cannot be read.
  package func floats(_ name: String, shape: [Int]? = nil) throws -> [Float] {
    let entry = try entry(name, shape: shape)
    return try unsafe [Float](unsafeUninitializedCapacity: entry.count) { (buffer, count) in
      let all = unsafe UnsafeMutableBufferPointer(start: buffer.baseAddress, count: entry.count)
      try unsafe read(entry, into: all)
      count = entry.count
    }
  }

  /// Reads a tensor, as `floats` does, into memory that has room for exactly its numbers.
  @unsafe
  package func read(_ entry: SafetensorsEntry, into target: UnsafeMutableBufferPointer<Float>)
    throws
  {
    precondition(target.count == entry.count, "the memory has another size than the tensor")
    switch entry.type {
    case .float32:
      // SAFETY: the floats are trivial, any bytes are floats, and the call fills exactly the buffer.
      try unsafe read(UnsafeMutableRawBufferPointer(target), entry, at: 0)
      // The file's order of bytes is this machine's on all processors that Swift runs on but one.
      if UInt32(1).littleEndian != 1 {
        for index in 0..<target.count {
          unsafe target[index] = Float(bitPattern: target[index].bitPattern.byteSwapped)
        }
      }
    case .float16:
      try unsafe convert(entry, into: target) { (bits: UInt16) in Self.float(half: bits) }
    case .brainFloat16:
      try unsafe convert(entry, into: target) { (bits: UInt16) in
        Float(bitPattern: UInt32(bits) << 16)
      }
    case .float64:
      try unsafe convert(entry, into: target) { (bits: UInt64) in Float(Double(bitPattern: bits)) }
    default:
      throw wrongType(entry, SafetensorsType.floats)
    }
  }

  /// The numbers of a tensor of I64, I32 or U8, row-major.
  ///
  /// - Throws: as `floats`.
  package func integers(_ name: String, shape: [Int]? = nil) throws -> [Int] {
    let entry = try entry(name, shape: shape)
    return try unsafe [Int](unsafeUninitializedCapacity: entry.count) { (buffer, count) in
      let all = unsafe UnsafeMutableBufferPointer(start: buffer.baseAddress, count: entry.count)
      switch entry.type {
      case .int64:
        try unsafe convert(entry, into: all) { (bits: UInt64) in Int(Int64(bitPattern: bits)) }
      case .int32:
        try unsafe convert(entry, into: all) { (bits: UInt32) in Int(Int32(bitPattern: bits)) }
      case .unsigned8:
        try unsafe convert(entry, into: all) { (bits: UInt8) in Int(bits) }
      default:
        throw wrongType(entry, "I64, I32 or U8")
      }
      count = entry.count
    }
  }

  private func wrongType(_ entry: SafetensorsEntry, _ wanted: String) -> SafetensorsError {
    .wrongType(
      path: path,
      tensor: entry.name,
      byte: entry.byteOffset,
      found: entry.type.rawValue,
      wanted: wanted
    )
  }

  /// Reads a tensor in pieces and converts each number.
  @unsafe
  private func convert<Bits: FixedWidthInteger & BitwiseCopyable, Number: BitwiseCopyable>(
    _ entry: SafetensorsEntry,
    into target: UnsafeMutableBufferPointer<Number>,
    _ number: (Bits) -> Number
  ) throws {
    let pieceCount = (64 << 10) / MemoryLayout<Bits>.size
    let piece = RecordBuffer<Bits>(uninitialized: min(pieceCount, entry.count))
    var done = 0
    while done < entry.count {
      let count = min(pieceCount, entry.count - done)
      // SAFETY: the piece has room for `count` numbers, and any bytes are integers.
      let bytes = unsafe UnsafeMutableRawBufferPointer(
        start: piece.pointer,
        count: count * MemoryLayout<Bits>.size
      )
      try unsafe read(bytes, entry, at: done * MemoryLayout<Bits>.size)
      for index in 0..<count {
        unsafe target[done + index] = number(Bits(littleEndian: piece[index]))
      }
      done += count
    }
  }

  /// Fills `buffer` with the bytes of a tensor from `offset` on.
  @unsafe
  private func read(
    _ buffer: UnsafeMutableRawBufferPointer,
    _ entry: SafetensorsEntry,
    at offset: Int
  ) throws {
    guard try unsafe file.read(into: buffer, at: entry.byteOffset + UInt64(offset)) else {
      throw SafetensorsError.damaged(
        path: path,
        tensor: entry.name,
        byte: entry.byteOffset + UInt64(offset),
        reason: "the file became shorter while it was read"
      )
    }
  }

  private static func bytes(
    of file: borrowing FileDescriptor,
    from offset: UInt64,
    count: Int,
    path: String
  ) throws -> [UInt8] {
    try unsafe [UInt8](unsafeUninitializedCapacity: count) { (buffer, initialized) in
      // SAFETY: the buffer has room for `count` bytes.
      let all = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
      guard try unsafe file.read(into: all, at: offset) else {
        throw SafetensorsError.damaged(
          path: path,
          tensor: nil,
          byte: offset,
          reason: "the file became shorter while it was read"
        )
      }
      initialized = count
    }
  }

  /// The float of a 16-bit one (IEEE 754 binary16), exactly.
  ///
  /// Written out because Swift's `Float16` does not exist on all platforms.
  static func float(half bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10 & 0x1F)
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0:
      // Zero and subnormal numbers: fraction · 2⁻²⁴.
      let magnitude = Float(fraction) * 0x1p-24
      return sign == 0 ? magnitude : -magnitude
    case 0x1F:
      return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default:
      return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
