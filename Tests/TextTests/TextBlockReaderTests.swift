import Foundation
import GramdexStorage
import GramdexText
import TestSupport
import Testing

@Suite("Reading blocks of text")
struct TextBlockReaderTests {
  private func read(
    _ files: [String],
    blockBytes: Int = 1 << 20,
    lineLimitBytes: Int? = nil,
    jsonField: String? = nil
  ) throws -> (blocks: [TextBlock], statistics: TextStatistics) {
    let inputs = try TextInputs(InputOptions(paths: files, jsonField: jsonField))
    let reader = try TextBlockReader(
      inputs,
      blockBytes: blockBytes,
      lineLimitBytes: lineLimitBytes
    )
    var blocks: [TextBlock] = []
    while let block = try reader.next() { blocks.append(block) }
    #expect(try reader.next() == nil)
    #expect(blocks.map(\.number) == Array(0..<blocks.count))
    return (blocks, reader.statistics)
  }

  @Test(arguments: [16, 17, 31, 64, 1000])
  func `blocks of any size join to the text`(blockBytes: Int) throws {
    let folder = try TemporaryFolder()
    let text = (0..<200).map { "line \($0)\(String(repeating: " x", count: $0 % 37))\n" }.joined()
    let file = try folder.write("a.txt", Data(text.utf8))
    let blocks = try read([file], blockBytes: blockBytes).blocks
    #expect(blocks.flatMap(\.bytes) == Array(text.utf8))
    var line: UInt64 = 1
    for block in blocks {
      #expect(block.firstLine == line)
      #expect(block.bytes.last == 0x0A && block.endsLine && block.startsLine)
      line += UInt64(block.bytes.count { $0 == 0x0A })
    }
  }

  @Test
  func `files never run together and a last line gets its end`() throws {
    let folder = try TemporaryFolder()
    let a = try folder.write("a", Data("one".utf8))
    let b = try folder.write("b", Data([0xEF, 0xBB, 0xBF] + Array("two\n".utf8)))
    let c = try folder.write("c", Data())
    let d = try folder.write("d", Data("\n".utf8))
    let (blocks, statistics) = try read([a, b, c, d])
    #expect(blocks.map { String(decoding: $0.bytes, as: UTF8.self) } == ["one\n", "two\n", "\n"])
    #expect(blocks.map(\.inputIndex) == [0, 1, 3])
    #expect(statistics.byteOrderMarks == 1)
  }

  @Test
  func `a line beyond the limit is cut after a separator`() throws {
    let folder = try TemporaryFolder()
    let text = String(repeating: "abc ", count: 100) + "\nend\n"
    let file = try folder.write("a", Data(text.utf8))
    let blocks = try read([file], blockBytes: 16, lineLimitBytes: 50).blocks
    #expect(blocks.flatMap(\.bytes) == Array(text.utf8))
    #expect(blocks.dropLast(2).allSatisfy { !$0.endsLine && $0.bytes.last == 0x20 })
    #expect(zip(blocks, blocks.dropFirst()).allSatisfy { $0.endsLine == $1.startsLine })
    #expect(blocks.first?.startsLine == true)
  }

  @Test
  func `a cut line at the end of a file gets its end`() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("a", Data(String(repeating: "abc ", count: 12).utf8))
    let blocks = try read([file], blockBytes: 16, lineLimitBytes: 16).blocks
    #expect(blocks.last?.endsLine == true)
    #expect(blocks.flatMap(\.bytes).last == 0x0A)
  }

  @Test
  func `a word beyond the limit is an error that names file and line`() throws {
    let folder = try TemporaryFolder()
    let text = "fine\n" + String(repeating: "x", count: 100)
    let file = try folder.write("a", Data(text.utf8))
    #expect(throws: TextError.wordTooLong(path: file, line: 2, limitBytes: 50)) {
      _ = try read([file], blockBytes: 16, lineLimitBytes: 50)
    }
  }

  @Test
  func `JSON lines give the text of their field`() throws {
    let folder = try TemporaryFolder()
    let json = #"""
      {"text": "one two"}

      {"text": "three\nfour", "other": [1, {"text": 5}]}
      {"other": 1}
      {"text": 7}
      {"text": "cut
      {"text": "caf\u00e9 \ud83d\ude42 \ud800 \"q\" \\ \/"}
      """#
    let file = try folder.write("a.jsonl", Data(json.utf8))
    let (blocks, statistics) = try read([file], jsonField: "text")
    let text = String(decoding: blocks.flatMap(\.bytes), as: UTF8.self)
    #expect(text == "one two\nthree\nfour\ncafé 🙂 \u{FFFD} \"q\" \\ /\n")
    #expect(statistics.jsonLines.lines == 6)
    #expect(statistics.jsonLines.missing.line == 4)
    #expect(statistics.jsonLines.notText.line == 5)
    #expect(statistics.jsonLines.malformed.line == 6)
  }

  @Test func `a pipe that has no more for now gives the whole lines that came`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("pipe")
    let made = unsafe mkfifo(path, 0o600)
    try #require(made == 0)
    // Opened for both, so that neither side waits for the other.
    let writer = try #require(FileHandle(forUpdatingAtPath: path))
    let reader = try TextBlockReader(
      TextInputs(InputOptions(paths: [path])),
      blockBytes: 64,
      endsWhereInputWaits: true
    )
    func write(_ text: String) throws { try writer.write(contentsOf: Data(text.utf8)) }
    func text(_ block: TextBlock?) -> String? {
      block.map { String(decoding: $0.bytes, as: UTF8.self) }
    }
    #expect(try reader.nextWithoutWaiting() == nil)
    try write("a\n")
    #expect(try text(reader.next()) == "a\n")
    #expect(try reader.nextWithoutWaiting() == nil)
    try write("b\nc")
    #expect(try text(reader.nextWithoutWaiting()) == "b\n")
    #expect(try reader.nextWithoutWaiting() == nil)
    try write("d\n")
    #expect(try text(reader.nextWithoutWaiting()) == "cd\n")
    // A line longer than a block comes in pieces.
    let long = String(repeating: "word ", count: 100)
    try write(long)
    #expect(try reader.nextWithoutWaiting() == nil)
    try write("end\nx\n")
    let block = try #require(try reader.nextWithoutWaiting())
    #expect(text(block) == long + "end\nx\n")
    #expect(block.number == 3 && block.firstLine == 4)
  }
}
