/// The numbers of lists: correctly rounded doubles in, shortest round-tripping decimals out, whatever the locale.
enum DecimalNumber {
  /// What stands in a place where a number is expected.
  enum Parsed: Equatable {
    /// A finite number.
    case number(Double)
    /// `nan`, `inf`, or a number beyond the range of doubles.
    case notFinite
    /// Something else.
    case text
  }

  /// Powers of ten that a `Double` holds exactly.
  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// The number in `bytes[range]`: sign, digits with or without a point, exponent.
  static func parse(_ bytes: [UInt8], _ range: Range<Int>) -> Parsed {
    var position = range.lowerBound
    var isNegative = false
    if position < range.upperBound, bytes[position] == 0x2D || bytes[position] == 0x2B {
      isNegative = bytes[position] == 0x2D
      position += 1
    }
    var mantissa: UInt64 = 0
    var digits = 0
    var scale = 0
    var sawPoint = false
    while position < range.upperBound {
      let byte = bytes[position]
      if byte &- 0x30 < 10 {
        digits += 1
        if digits > 15 { return parseSlowly(bytes[range]) }
        mantissa = mantissa &* 10 &+ UInt64(byte &- 0x30)
        if sawPoint { scale += 1 }
      } else if byte == 0x2E, !sawPoint {
        sawPoint = true
      } else {
        return parseSlowly(bytes[range])
      }
      position += 1
    }
    if digits == 0 { return .text }
    // The mantissa and the power are exact, so the quotient is correctly rounded.
    let value = Double(mantissa) / powers[scale]
    return .number(isNegative ? -value : value)
  }

  private static func parseSlowly(_ bytes: ArraySlice<UInt8>) -> Parsed {
    guard bytes.count <= 4096 else { return .text }
    var text = String(decoding: bytes, as: UTF8.self).lowercased()
    if text.hasPrefix("+") { text.removeFirst() }
    let magnitude = text.hasPrefix("-") ? text.dropFirst() : text[...]
    if ["nan", "inf", "infinity"].contains(magnitude) { return .notFinite }
    guard magnitude.utf8.allSatisfy({ $0 &- 0x30 < 10 || "+-.e".utf8.contains($0) }),
      let value = Double(text)
    else { return .text }
    return value.isFinite ? .number(value) : .notFinite
  }

  /// Appends the shortest decimal that reads back as `value`, which is finite.
  ///
  /// Whole numbers have no point, or, as JSON and TSV of most programs have them, `.0`.
  static func append(_ value: Double, wholeWithPoint: Bool = false, to output: inout [UInt8]) {
    if wholeWithPoint {
      output.append(contentsOf: value.description.utf8)
      return
    }
    if value.magnitude < 1e15, value == value.rounded(.towardZero) {
      // −0 has a sign that is worth keeping.
      if value == 0, value.sign == .minus { output.append(0x2D) }
      output.append(contentsOf: String(Int64(value)).utf8)
    } else {
      output.append(contentsOf: value.description.utf8)
    }
  }

  /// The same as text.
  static func text(_ value: Double) -> String {
    var bytes: [UInt8] = []
    append(value, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
