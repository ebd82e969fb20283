/// Writes a number into a field of JSON objects, and changes no other byte of them.
package struct JSONFieldWriter: Sendable {
  private let path: JSONFieldPath
  /// The name with its quotes and a colon.
  private let label: [UInt8]

  /// Makes a writer of the field `name` of the outermost object; dots are part of the name.
  package init(name: String) throws(TextError) {
    if name.isEmpty { throw .badJSONField(name) }
    path = JSONFieldPath(name: name)
    var quoted: [UInt8] = [UInt8(ascii: "\"")]
    let digits = Array("0123456789abcdef".utf8)
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): quoted += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        quoted += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: quoted.append(byte)
      }
    }
    label = quoted + Array("\":".utf8)
  }

  /// Appends the object in `range` of `block` with `number` as the value of the field: in place of the value that is
  /// there, or as the last field.
  package func append(
    _ number: [UInt8],
    to object: Range<Int>,
    of block: TextBlock,
    output: inout [UInt8]
  ) {
    // SAFETY: the range lies in the block.
    let base = unsafe block.pointer
    var scanner = unsafe JSONScanner(base: base, start: object.lowerBound, end: object.upperBound)
    _ = scanner.find(path)
    let place: Range<Int>
    var inserted = number
    if let value = scanner.valueRange {
      place = value
    } else {
      var end = object.upperBound
      while unsafe end > object.lowerBound && base[end - 1] != UInt8(ascii: "}") { end -= 1 }
      end = max(end - 1, object.lowerBound)
      place = end..<end
      inserted = [UInt8(ascii: ",")] + label + number
    }
    unsafe output.append(
      contentsOf: UnsafeBufferPointer(
        start: base + object.lowerBound,
        count: place.lowerBound - object.lowerBound
      )
    )
    output += inserted
    unsafe output.append(
      contentsOf: UnsafeBufferPointer(
        start: base + place.upperBound,
        count: object.upperBound - place.upperBound
      )
    )
  }
}
