import GramdexCore
import GramdexText
import TestSupport
import Testing

@Suite("Scanning for words and lines")
struct TokenScannerTests {
  private static func naive(_ bytes: [UInt8]) -> [[Range<Int>]] {
    var lines: [[Range<Int>]] = [[]]
    var start: Int?
    for (offset, byte) in bytes.enumerated() {
      let isLineEnd = byte == TextPolicy.lineEnd
      if isLineEnd || TextPolicy.isSeparator(byte) {
        if let begin = start { lines[lines.count - 1].append(begin..<offset) }
        start = nil
        if isLineEnd { lines.append([]) }
      } else if start == nil {
        start = offset
      }
    }
    if let begin = start { lines[lines.count - 1].append(begin..<bytes.count) }
    if bytes.isEmpty || bytes.last == TextPolicy.lineEnd { lines.removeLast() }
    return lines
  }

  @Test
  func `agrees with the naive scan on all texts of up to six bytes`() {
    let alphabet: [UInt8] = [0x61, 0x20, 0x0A, 0x00]
    for length in 0...6 {
      for code in 0..<(1 << (2 * length)) {
        let bytes = (0..<length).map { alphabet[(code >> (2 * $0)) & 3] }
        #expect(TokenScanner.lines(of: bytes) == Self.naive(bytes), "\(bytes)")
      }
    }
  }

  @Test(arguments: [Array(0...255), Array("ab \n".utf8), Array("aaaaaaaaaaaa \t\r\n\u{0B}".utf8)])
  func `agrees with the naive scan on random texts`(alphabet: [UInt8]) {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let bytes = (0..<random.next(below: 400)).map { _ in
        alphabet[random.next(below: alphabet.count)]
      }
      #expect(TokenScanner.lines(of: bytes) == Self.naive(bytes), "seed \(seed): \(bytes)")
    }
  }

  @Test
  func `every byte value has its class at every place of the mask`() {
    for value in UInt8.min...UInt8.max {
      let bytes = [UInt8](repeating: value, count: 80)
      let isLineEnd = value == TextPolicy.lineEnd
      let expected = TokenMask(
        delimiters: isLineEnd || TextPolicy.isSeparator(value) ? .max : 0,
        lineEnds: isLineEnd ? .max : 0
      )
      unsafe bytes.withUnsafeBufferPointer { buffer in
        guard let address = buffer.baseAddress else { return }
        for shift in 0..<16 { #expect(unsafe TokenMask.load(address + shift) == expected) }
      }
    }
    for place in 0..<64 {
      var bytes = [UInt8](repeating: 0x61, count: 64)
      bytes[place] = 0x0A
      unsafe bytes.withUnsafeBufferPointer { buffer in
        guard let address = buffer.baseAddress else { return }
        let mask = unsafe TokenMask.load(address)
        #expect(mask == TokenMask(delimiters: 1 << place, lineEnds: 1 << place))
      }
    }
  }
}
