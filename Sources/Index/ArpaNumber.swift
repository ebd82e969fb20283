/// The numbers of ARPA files: correctly rounded floats in, shortest round-tripping decimals out.
///
/// Neither direction depends on the locale: the decimal sign is a point, never a comma.
package enum ArpaNumber {
  /// Powers of ten that a `Double` holds exactly.
  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// The number written in `bytes[start ..< end]`, or nil when that is no number.
  ///
  /// Accepts an optional sign, digits with an optional point, an optional exponent, and `inf` or
  /// `infinity` in any case; refuses NaN, hexadecimal and everything else.
  package static func parse(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Float? {
    var position = start
    var isNegative = false
    if position < end, bytes[position] == minus || bytes[position] == plus {
      isNegative = bytes[position] == minus
      position += 1
    }
    var mantissa: UInt64 = 0
    var sawDigit = false
    var digits = 0
    var scale = 0
    var sawPoint = false
    while position < end {
      let byte = bytes[position]
      if byte &- zero < 10 {
        mantissa = mantissa &* 10 &+ UInt64(byte &- zero)
        sawDigit = true
        if mantissa != 0 { digits += 1 }
        if digits > 18 { return parseSlowly(bytes, start, end) }
        if sawPoint { scale -= 1 }
      } else if byte == point, !sawPoint {
        sawPoint = true
      } else {
        break
      }
      position += 1
    }
    if position < end || !sawDigit || mantissa >= 1 << 53 || scale < -22 {
      return parseSlowly(bytes, start, end)
    }
    // mantissa and the power are exact, so `wide` is correctly rounded to 53 bits.
    let wide = Double(mantissa) / powers[-scale]
    // Rounding again to 24 bits is right unless the 29 bits cut off are exactly one half.
    if wide.bitPattern & 0x1FFF_FFFF == 0x1000_0000 { return parseSlowly(bytes, start, end) }
    return isNegative ? -Float(wide) : Float(wide)
  }

  /// The same for any spelling, through the C library's reader in the C locale.
  private static func parseSlowly(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Float? {
    guard end - start <= 4096 else { return nil }
    var text: [UInt8] = []
    text.reserveCapacity(end - start)
    for index in start..<end { text.append(bytes[index] | (isLetter(bytes[index]) ? 0x20 : 0)) }
    let isPlain = text.allSatisfy {
      $0 &- zero < 10 || $0 == point || $0 == minus || $0 == plus || $0 == lowerE
    }
    if isPlain { return Float(String(decoding: text, as: UTF8.self)) }
    switch String(decoding: text, as: UTF8.self) {
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    default: return nil
    }
  }

  /// Appends the shortest decimal that reads back as `value`, which is finite.
  ///
  /// Written as `0`, `-99`, `-0.30103`; with an exponent (`-1e-7`) only below 1e-6 or from 1e9 on.
  package static func append(_ value: Float, to output: inout [UInt8]) {
    precondition(value.isFinite, "ARPA files hold finite numbers only")
    if value == 0 {
      output.append(zero)
      return
    }
    if value < 0 { output.append(minus) }
    // The standard library gives the shortest digits; only their layout is ours.
    var digits: InlineArray<16, UInt8> = .init(repeating: 0)
    var count = 0
    var pointAt: Int? = nil
    var exponent = 0
    var exponentSign = 1
    var inExponent = false
    for byte in value.magnitude.description.utf8 {
      if inExponent {
        if byte == minus {
          exponentSign = -1
        } else if byte != plus {
          exponent = exponent * 10 + Int(byte &- zero)
        }
      } else if byte == point {
        pointAt = count
      } else if byte == lowerE {
        inExponent = true
      } else if count < 16 {
        digits[count] = byte
        count += 1
      }
    }
    var decimalPoint = (pointAt ?? count) + exponentSign * exponent
    var first = 0
    while first < count - 1, digits[first] == zero {
      first += 1
      decimalPoint -= 1
    }
    while count > first + 1, digits[count - 1] == zero { count -= 1 }
    layOut(digits, first, count, decimalPoint, &output)
  }

  /// Writes digits `first ..< count`, whose point stands after `decimalPoint` of them.
  private static func layOut(
    _ digits: InlineArray<16, UInt8>,
    _ first: Int,
    _ count: Int,
    _ decimalPoint: Int,
    _ output: inout [UInt8]
  ) {
    let length = count - first
    if decimalPoint <= -6 || decimalPoint > 9 {
      output.append(digits[first])
      if length > 1 { output.append(point) }
      for index in (first + 1)..<max(count, first + 1) { output.append(digits[index]) }
      output.append(lowerE)
      output.append(contentsOf: String(decimalPoint - 1).utf8)
      return
    }
    if decimalPoint <= 0 {
      output.append(zero)
      output.append(point)
      for _ in 0..<(-decimalPoint) { output.append(zero) }
      for index in first..<count { output.append(digits[index]) }
      return
    }
    for index in 0..<max(length, decimalPoint) {
      if index == decimalPoint { output.append(point) }
      output.append(index < length ? digits[first + index] : zero)
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A
  }

  private static let zero: UInt8 = 0x30
  private static let point: UInt8 = 0x2E
  private static let minus: UInt8 = 0x2D
  private static let plus: UInt8 = 0x2B
  private static let lowerE: UInt8 = 0x65
}
