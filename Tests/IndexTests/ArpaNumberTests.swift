import GramdexIndex
import Testing

@Suite("Numbers of ARPA files")
struct ArpaNumberTests {
  private func parse(_ text: String) -> Float? {
    let bytes = Array(text.utf8)
    return ArpaNumber.parse(bytes.span, 0, bytes.count)
  }

  private func write(_ value: Float) -> String {
    var bytes: [UInt8] = []
    ArpaNumber.append(value, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(arguments: [
    "0", "-0", "-99", "-0.30103", "-.5", "5.", "+0.25", "-1.17609125905568", "-0.00012345678",
    "1e-5", "-1.5E+3", "0.1e1", "-0.000000000000000000000000000001",
    "123456789012345678901234567890",
    "16777217", "-33554433.0", "-0.0000000000000000000001175494351", "8388609.5", "1e-46",
    "-3.4028235e38",
  ])
  func `every spelling reads as the C library reads it`(text: String) {
    #expect(parse(text) == Float(text))
  }

  @Test func `nine digits are rounded correctly, near half-way cases included`() {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for _ in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: state >> 40) | 0x3F00_0000)
      // Half-way between two neighbours, cut to 9 digits, and to 17.
      let half = (Double(value) + Double(value.nextUp)) / 2
      for text in ["\(Float(half))", String("\(half)".prefix(11)), "\(half)", "-\(value)"] {
        #expect(parse(text) == Float(text), "\(text)")
      }
    }
  }

  @Test(arguments: ["inf", "-inf", "-Inf", "-INFINITY", "+inf"])
  func `infinities are read in any case`(text: String) {
    #expect(parse(text) == (text.hasPrefix("-") ? -Float.infinity : .infinity))
  }

  @Test(arguments: [
    "", "-", ".", "-.", "nan", "0x10", "-0,5", "1.2.3", "1e", "e5", "--1", "1-", "word", "1 ",
    "infi",
  ])
  func `anything else is no number`(text: String) {
    #expect(parse(text) == nil)
  }

  @Test func `shortest decimals read back as the same float`() {
    var state: UInt64 = 7
    for _ in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: state >> 32))
      guard value.isFinite else { continue }
      #expect(parse(write(value)) == value)
    }
  }

  @Test(arguments: [
    (Float(0), "0"), (-0.0, "0"), (-99, "-99"), (-0.30103, "-0.30103"), (-1.5, "-1.5"),
    (100, "100"),
    (-0.00001, "-0.00001"), (0.000001, "0.000001"), (-1.25e-7, "-1.25e-7"),
    (1e9, "1e9"), (123_456_792, "123456790"), (-3.4028235e38, "-3.4028235e38"), (0.1, "0.1"),
  ])
  func `numbers are laid out plainly`(value: Float, text: String) {
    #expect(write(value) == text)
  }
}
