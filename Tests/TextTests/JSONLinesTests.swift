import Foundation
import TestSupport
import Testing

@testable import GramdexText

@Suite("Reading JSON lines")
struct JSONLinesTests {
  private func extract(
    _ text: some Collection<UInt8>,
    field: String = "text"
  ) throws -> (text: [UInt8], statistics: JSONLineStatistics) {
    let block = TextBlock(text)
    let statistics = JSONLines.extract(try JSONFieldPath(field), from: block)
    return (block.bytes, statistics)
  }

  /// What Foundation makes of a line; nil is text.
  private func foundation(_ line: [UInt8], field: String = "text") -> JSONScanner.Result? {
    if line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { return .blank }
    guard
      let value = try? JSONSerialization.jsonObject(
        with: Data(line),
        options: .fragmentsAllowed
      )
    else { return .malformed }
    guard let object = value as? [String: Any], let found = object[field] else { return .missing }
    return found is String ? nil : .notText
  }

  @Test
  func `agrees with Foundation on every line that can be made of a few pieces`() throws {
    let pieces = [
      "{", "}", "[", "]", ":", ",", "\"text\"", "\"a\"", "\"\\n\"", "1", "-0.5e+0", "true", "null",
      " ",
    ]
    var lines: [String] = [""]
    var last = lines
    for _ in 0..<4 {
      last = last.flatMap { line in pieces.map { line + $0 } }
      lines += last
      if last.count > 20_000 { break }
    }
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let field = try JSONFieldPath("text")
    for line in lines.shuffled(using: &random).prefix(3000) {
      compare(Array(line.utf8), field, "seed \(seed)")
    }
  }

  private func compare(_ line: [UInt8], _ field: JSONFieldPath, _ comment: Comment) {
    // Foundation lets a comma stand before a closing bracket; RFC 8259 and the scanner do not.
    let dense = line.filter { $0 != 0x20 }
    let hasLastComma = zip(dense, dense.dropFirst()).contains { $0 == 0x2C && ($1 | 0x20) == 0x7D }
    if hasLastComma { return }
    let found = unsafe (line + [0]).withUnsafeBufferPointer { buffer -> JSONScanner.Result in
      guard let base = buffer.baseAddress else { return .malformed }
      var scanner = unsafe JSONScanner(base: base, start: 0, end: line.count)
      return scanner.find(field)
    }
    let expected = foundation(line)
    let shown = Comment(rawValue: "\(comment): \(String(decoding: line, as: UTF8.self))")
    switch (found, expected) {
    case (.text, nil): break
    default: #expect(found == expected, shown)
    }
  }

  @Test
  func `agrees with Foundation on random changes of real lines`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let line = Array(
      #"{"id": -12.5, "tags": ["a", {"text": null}], "text": "x\u00e9 \"q\" \\n", "z": {}}"#.utf8
    )
    let field = try JSONFieldPath("text")
    for _ in 0..<3000 {
      var changed = line
      for _ in 0...random.next(below: 3) {
        let offset = random.next(below: changed.count)
        switch random.next(below: 3) {
        case 0: changed[offset] = line[random.next(below: line.count)]
        case 1: changed.remove(at: offset)
        default: changed.insert(line[random.next(below: line.count)], at: offset)
        }
      }
      compare(changed, field, "seed \(seed)")
    }
  }

  @Test
  func `strings come out as Foundation decodes them`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let scalars: [Unicode.Scalar] = [
      "a", "\"", "\\", "/", "\t", "é", "中", "😀", "\u{7F}", "\u{2028}", "\u{8}", "\u{C}", "\u{1}",
    ]
    for _ in 0..<300 {
      var text = ""
      for _ in 0..<random.next(below: 40) {
        text.unicodeScalars.append(scalars[random.next(below: scalars.count)])
      }
      let data = try JSONSerialization.data(withJSONObject: ["other": 1, "text": text])
      #expect(try extract(data).text == Array(text.utf8) + [0x0A], "seed \(seed)")
      let escaped = text.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }
      let line = Array("{\"text\": \"\(escaped.joined())\"}".utf8)
      #expect(try extract(line).text == Array(text.utf8) + [0x0A], "seed \(seed)")
    }
  }

  @Test
  func `dots lead into objects, and the last of equal names counts`() throws {
    let line = #"{"text": 1, "a": {"b.c": "dotted", "text": "inner"}, "text": "outer"}"#.utf8
    #expect(try extract(line).text == Array("outer\n".utf8))
    #expect(try extract(line, field: "a.text").text == Array("inner\n".utf8))
    #expect(try extract(line, field: #"a.b\.c"#).text == Array("dotted\n".utf8))
    #expect(try extract(line, field: "a").statistics.notText.count == 1)
    #expect(try extract(line, field: "a.b").statistics.missing.count == 1)
    let shadowed = #"{"a": {"text": "x"}, "a": 1}"#.utf8
    #expect(try extract(shadowed, field: "a.text").statistics.missing.count == 1)
    let named = #"{"t\u0065xt": "x"}"#.utf8
    #expect(try extract(named).text == Array("x\n".utf8))
  }

  @Test
  func `halves of surrogate pairs become U+FFFD`() throws {
    let line = #"{"text": "\ud800 \udc00 \ud800\ud800\udc00 \ud83d\ude00\ud83d"}"#.utf8
    let expected = "\u{FFFD} \u{FFFD} \u{FFFD}\u{10000} 😀\u{FFFD}\n"
    #expect(String(decoding: try extract(line).text, as: UTF8.self) == expected)
  }

  @Test
  func `text keeps its own line ends and is empty when the string is`() throws {
    let lines = #"{"text": "a\nb\n"}"# + "\n" + #"{"text": ""}"# + "\n" + #"{"text": "c\r\nd"}"#
    #expect(try extract(lines.utf8).text == Array("a\nb\n\nc\r\nd\n".utf8))
  }

  @Test
  func `a comma before a closing bracket is malformed`() throws {
    #expect(try extract("{\"text\": \"x\",}".utf8).statistics.malformed.count == 1)
    #expect(try extract("{\"text\": \"x\", \"a\": [1,]}".utf8).statistics.malformed.count == 1)
  }

  @Test
  func `deep nesting is malformed, not a crash`() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(try extract("{\"a\": \(deep)".utf8).statistics.malformed.count == 1)
    let objects = String(repeating: "{\"text\":", count: 100_000)
    #expect(try extract(objects.utf8).statistics.malformed.count == 1)
  }

  @Test
  func `bytes that are no UTF-8 pass unchanged`() throws {
    let line =
      Array("{\"text\": \"caf".utf8) + [0xE9, 0xFF] + Array(" au lait, long enough\"}".utf8)
    let expected = Array("caf".utf8) + [0xE9, 0xFF] + Array(" au lait, long enough\n".utf8)
    #expect(try extract(line).text == expected)
  }
}
