/// The types of numbers of the format, by the names that headers give them.
package enum SafetensorsType: String, CaseIterable, Sendable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case brainFloat16 = "BF16"
  case float8E4M3 = "F8_E4M3"
  case float8E5M2 = "F8_E5M2"
  case float8E8M0 = "F8_E8M0"
  case complex64 = "C64"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case unsigned64 = "U64"
  case unsigned32 = "U32"
  case unsigned16 = "U16"
  case unsigned8 = "U8"
  case bool = "BOOL"

  /// The types that are read as floats, for messages.
  static let floats = "F32, F16, BF16 or F64"

  /// The bytes of one number.
  package var byteCount: Int {
    switch self {
    case .float64, .int64, .unsigned64, .complex64: 8
    case .float32, .int32, .unsigned32: 4
    case .float16, .brainFloat16, .int16, .unsigned16: 2
    case .float8E4M3, .float8E5M2, .float8E8M0, .int8, .unsigned8, .bool: 1
    }
  }
}

/// What a header says of one tensor.
package struct SafetensorsEntry: Equatable, Sendable {
  /// The tensor's name.
  package let name: String
  /// The type of its numbers.
  package let type: SafetensorsType
  /// Its sizes, the slowest first: row-major.
  ///
  /// Empty for a single number.
  package let shape: [Int]
  /// How many numbers it has.
  package let count: Int
  /// Where its bytes begin in the file.
  package let byteOffset: UInt64

  /// How many bytes it has.
  package var byteCount: Int { count * type.byteCount }
}

/// The header of a safetensors file.
///
/// Layout of the file, all numbers little-endian:
///
/// | offset | size | type | meaning |
/// |---|---|---|---|
/// | 0 | 8 | UInt64 | n, the bytes of the header: 2 to 100,000,000 |
/// | 8 | n | JSON | the header: one object, in UTF-8, spaces may follow it |
/// | 8 + n | … | | the bytes of the tensors, row-major |
///
/// The object has one key a tensor, whose value is `{"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}`
/// with offsets counted from 8 + n, and perhaps a key `__metadata__` with texts by name.
///
/// The file is valid when the offsets of the tensors, in the order of `begin`, cover everything from 8 + n to its end without
/// gaps and overlaps, each tensor has as many bytes as its shape and type say, and no name occurs twice.
/// Source: the format's description in https://github.com/huggingface/safetensors.
package struct SafetensorsHeader: Equatable, Sendable {
  /// The longest header that the format allows, in bytes.
  package static let maximumBytes = 100_000_000

  /// The tensors in the order of their bytes.
  package let entries: [SafetensorsEntry]
  /// Texts by name: what the file says of itself.
  package let metadata: [String: String]

  /// Reads a header's text.
  ///
  /// - Parameters:
  ///   - text: the bytes 8 to 8 + n of the file.
  ///   - fileBytes: the size of the file.
  ///   - path: the file, for messages.
  /// - Throws: `SafetensorsError.damaged` or `unknownType`.
  package init(text: [UInt8], fileBytes: UInt64, path: String) throws(SafetensorsError) {
    var parser = SafetensorsHeaderParser(text: text, path: path)
    try parser.parse()
    metadata = parser.metadata
    entries = try Self.placed(
      parser.tensors,
      dataStart: 8 + UInt64(text.count),
      fileBytes: fileBytes,
      path: path
    )
  }

  /// The entries in the order of their bytes, all checked.
  private static func placed(
    _ tensors: [SafetensorsHeaderParser.Tensor],
    dataStart: UInt64,
    fileBytes: UInt64,
    path: String
  ) throws(SafetensorsError) -> [SafetensorsEntry] {
    let dataBytes = fileBytes - dataStart
    var entries: [SafetensorsEntry] = []
    entries.reserveCapacity(tensors.count)
    var covered: UInt64 = 0
    // Tensors without numbers begin where another one does: they come before it.
    for tensor in tensors.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      func damage(_ reason: String) -> SafetensorsError {
        .damaged(path: path, tensor: tensor.name, byte: tensor.byte, reason: reason)
      }
      guard let type = SafetensorsType(rawValue: tensor.type) else {
        throw .unknownType(
          path: path,
          tensor: tensor.name,
          byte: tensor.byte,
          type: tensor.type
        )
      }
      guard tensor.begin <= tensor.end else {
        throw damage("its offsets \(tensor.begin) and \(tensor.end) are in the wrong order")
      }
      guard tensor.end <= dataBytes else {
        throw damage(
          "it ends at \(tensor.end) of the \(dataBytes) bytes of tensors that the file has"
        )
      }
      guard tensor.begin >= covered else {
        throw damage(
          "it begins at \(tensor.begin), within the tensor before it, which ends at \(covered)"
        )
      }
      guard tensor.begin == covered else {
        throw damage(
          "it begins at \(tensor.begin), and no tensor covers the bytes from \(covered) on"
        )
      }
      var bytes: UInt64 = UInt64(type.byteCount)
      var overflows = false
      for size in tensor.shape where !overflows {
        (bytes, overflows) = bytes.multipliedReportingOverflow(by: size)
      }
      // A size of 0 makes the tensor empty, whatever the other sizes are.
      if tensor.shape.contains(0) { (bytes, overflows) = (0, false) }
      guard !overflows, bytes == tensor.end - tensor.begin,
        tensor.shape.allSatisfy({ $0 <= UInt64(Int.max) })
      else {
        throw damage(
          """
          it has \(tensor.end - tensor.begin) bytes, which the shape \(tensor.shape) \
          of \(type.rawValue) does not have
          """
        )
      }
      covered = tensor.end
      entries.append(
        SafetensorsEntry(
          name: tensor.name,
          type: type,
          shape: tensor.shape.map { Int($0) },
          count: Int(bytes) / type.byteCount,
          byteOffset: dataStart + tensor.begin
        )
      )
    }
    guard covered == dataBytes else {
      throw .damaged(
        path: path,
        tensor: nil,
        byte: dataStart + covered,
        reason: "\(dataBytes - covered) bytes follow that belong to no tensor"
      )
    }
    return entries
  }
}
