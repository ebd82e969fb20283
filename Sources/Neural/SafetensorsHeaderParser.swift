/// Reads the JSON of a safetensors header, and nothing else: what the format does not have is an error with its place.
///
/// A parser of JSON in general would take the last of two equal keys, and would not say where an error is.
struct SafetensorsHeaderParser {
  /// An entry as it stands there, unchecked but for its form.
  struct Tensor {
    var name: String
    /// Where the entry's value begins in the file.
    var byte: UInt64
    var type = ""
    var shape: [UInt64] = []
    var begin: UInt64 = 0
    var end: UInt64 = 0
  }

  /// The tensors in the order of the header.
  private(set) var tensors: [Tensor] = []
  /// Texts by name.
  private(set) var metadata: [String: String] = [:]

  private let text: [UInt8]
  private let path: String
  private var position = 0
  /// The tensor whose entry is being read.
  private var current: String?

  init(text: [UInt8], path: String) {
    self.text = text
    self.path = path
  }

  /// Reads the whole header.
  mutating func parse() throws(SafetensorsError) {
    guard text.first == UInt8(ascii: "{") else { throw damage("the header does not begin with {") }
    // Names are compared by their bytes: equal forms of one character are two names.
    var names: Set<[UInt8]> = []
    var hasMetadata = false
    try parseObject { (parser, key, byte) throws(SafetensorsError) in
      guard key != "__metadata__" else {
        if hasMetadata { throw parser.damage("__metadata__ occurs twice", at: byte) }
        hasMetadata = true
        return try parser.parseMetadata()
      }
      guard names.insert(Array(key.utf8)).inserted else {
        throw SafetensorsError.damaged(
          path: parser.path,
          tensor: key,
          byte: 8 + UInt64(byte),
          reason: "the name occurs twice"
        )
      }
      parser.current = key
      try parser.tensors.append(parser.parseTensor(key))
      parser.current = nil
    }
    skipSpace()
    if position < text.count { throw damage("something follows the header's object") }
  }

  private mutating func parseMetadata() throws(SafetensorsError) {
    var names: Set<[UInt8]> = []
    try parseObject { (parser, key, byte) throws(SafetensorsError) in
      guard names.insert(Array(key.utf8)).inserted else {
        throw parser.damage("the metadata have the name \(key) twice", at: byte)
      }
      parser.metadata[key] = try parser.parseString()
    }
  }

  private mutating func parseTensor(_ name: String) throws(SafetensorsError) -> Tensor {
    skipSpace()
    let start = position
    var tensor = Tensor(name: name, byte: 8 + UInt64(start))
    var (hasType, hasShape, hasOffsets) = (false, false, false)
    try parseObject { (parser, key, byte) throws(SafetensorsError) in
      switch key {
      case "dtype" where !hasType:
        hasType = true
        tensor.type = try parser.parseString()
      case "shape" where !hasShape:
        hasShape = true
        tensor.shape = try parser.parseNumbers()
      case "data_offsets" where !hasOffsets:
        hasOffsets = true
        let offsets = try parser.parseNumbers()
        guard offsets.count == 2 else {
          throw parser.damage("data_offsets has \(offsets.count) numbers instead of 2", at: byte)
        }
        (tensor.begin, tensor.end) = (offsets[0], offsets[1])
      case "dtype", "shape", "data_offsets":
        throw parser.damage("\(key) occurs twice", at: byte)
      default:
        throw parser.damage("\(key) is none of dtype, shape, data_offsets", at: byte)
      }
    }
    guard hasType, hasShape, hasOffsets else {
      throw damage("it lacks dtype, shape or data_offsets", at: start)
    }
    return tensor
  }

  /// Reads an object; `body` reads each value, with its key and the key's place.
  private mutating func parseObject(
    _ body: (inout Self, String, Int) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    try expect("{")
    if take("}") { return }
    repeat {
      skipSpace()
      let byte = position
      let key = try parseString()
      try expect(":")
      try body(&self, key, byte)
    } while take(",")
    try expect("}")
  }

  /// Reads an array of whole numbers.
  private mutating func parseNumbers() throws(SafetensorsError) -> [UInt64] {
    try expect("[")
    if take("]") { return [] }
    var numbers: [UInt64] = []
    repeat {
      skipSpace()
      let start = position
      var number: UInt64 = 0
      while position < text.count, case let digit = text[position] &- 0x30, digit < 10 {
        let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
        if overflow || carry { throw damage("a number is too large", at: start) }
        number = sum
        position += 1
      }
      if position == start { throw damage("a whole number is expected") }
      if position - start > 1, text[start] == 0x30 {
        throw damage("a number begins with 0", at: start)
      }
      numbers.append(number)
    } while take(",")
    try expect("]")
    return numbers
  }

  private mutating func parseString() throws(SafetensorsError) -> String {
    skipSpace()
    let start = position
    try expect("\"")
    var bytes: [UInt8] = []
    while position < text.count {
      let byte = text[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: bytes, as: UTF8.self) else {
          throw damage("a text is not UTF-8", at: start)
        }
        return string
      case UInt8(ascii: "\\"):
        try bytes.append(contentsOf: parseEscape())
      case 0..<0x20:
        throw damage("a text has a control character", at: position - 1)
      default:
        bytes.append(byte)
      }
    }
    throw damage("a text does not end", at: start)
  }

  /// What follows a backslash, in UTF-8.
  private mutating func parseEscape() throws(SafetensorsError) -> [UInt8] {
    let start = position - 1
    guard position < text.count else { throw damage("a text does not end", at: start) }
    position += 1
    switch text[position - 1] {
    case UInt8(ascii: "\""): return [0x22]
    case UInt8(ascii: "\\"): return [0x5C]
    case UInt8(ascii: "/"): return [0x2F]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var units = [try parseUnit(start)]
      if UTF16.isLeadSurrogate(units[0]) {
        guard take("\\", skippingSpace: false), take("u", skippingSpace: false) else {
          throw damage("a text has half a surrogate pair", at: start)
        }
        try units.append(parseUnit(start))
      }
      guard let string = String(validating: units, as: UTF16.self) else {
        throw damage("a text has half a surrogate pair", at: start)
      }
      return Array(string.utf8)
    default:
      throw damage("a text has an unknown escape", at: start)
    }
  }

  /// The four hexadecimal digits of an escape.
  private mutating func parseUnit(_ start: Int) throws(SafetensorsError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard position < text.count,
        let digit = Character(Unicode.Scalar(text[position])).hexDigitValue, text[position] < 0x80
      else { throw damage("an escape has no four hexadecimal digits", at: start) }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  private mutating func skipSpace() {
    while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) { position += 1 }
  }

  /// Whether the next character is this one, which is then passed.
  private mutating func take(_ character: Unicode.Scalar, skippingSpace: Bool = true) -> Bool {
    if skippingSpace { skipSpace() }
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
    guard take(character) else {
      throw damage(position < text.count ? "\(character) is expected" : "the header ends too early")
    }
  }

  private func damage(_ reason: String, at offset: Int? = nil) -> SafetensorsError {
    let byte = 8 + UInt64(offset ?? position)
    return .damaged(path: path, tensor: current, byte: byte, reason: reason)
  }
}
