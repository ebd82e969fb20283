import Foundation
import TestSupport
import Testing

/// Texts that no language has, but logs, lists and mistakes do.
@Suite("gramdex build with a skewed text", .needsBinary)
struct SkewTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  /// Builds with much and with little memory, expects the same bytes within the budget, and a sound index.
  private func expectSameBytes(
    _ inputs: [String],
    little megabytes: UInt64,
    _ flags: [String] = []
  ) throws {
    var contents: [[String: Data]] = []
    for (name, memory, threads) in [("much", 1024, 2), ("little", megabytes, 1)] {
      let outcome = try BuiltBinary.run(
        ["build"] + inputs + ["--output", workshop.index(name), "--memory", "\(memory)M"]
          + ["--threads", "\(threads)", "--json"] + flags
      )
      try #require(outcome.exitCode == 0, "\(name): \(outcome)")
      struct Summary: Decodable { var peakAnonymousBytes: UInt64 }
      #expect(try outcome.json(Summary.self).peakAnonymousBytes <= UInt64(memory) << 20)
      contents.append(try workshop.contents(of: name).filter { $0.key.hasSuffix(".mdb") })
    }
    #expect(contents[0] == contents[1])
    let check = try BuiltBinary.run("verify", workshop.index("little"))
    #expect(check.exitCode == 0, "\(check)")
  }

  private func write(_ text: String) throws -> [String] {
    [try workshop.folder.write("text.txt", text)]
  }

  @Test(arguments: [["--layout", "exact"], ["--layout", "compact", "--order", "4"]])
  func `in which every third word is the same`(flags: [String]) throws {
    var generator = SeededGenerator(seed: 21)
    let lines = (0..<5_000).map { _ in
      (0..<20).map { _ in
        generator.next(below: 3) == 0
          ? "the" : "w\(generator.next(below: 1 + generator.next(below: 20_000)))"
      }.joined(separator: " ")
    }
    try expectSameBytes(write(lines.joined(separator: "\n")), little: 32, flags)
  }

  @Test func `that is one sentence again and again`() throws {
    let sentence = "one sentence is repeated and nothing else is in it\n"
    try expectSameBytes(write(String(repeating: sentence, count: 60_000)), little: 20)
  }

  @Test(arguments: ["5", "20"])
  func `of a single word`(order: String) throws {
    let lines = (0..<4000).map { String(repeating: "a ", count: 1 + $0 % 37) }
    try expectSameBytes(write(lines.joined(separator: "\n")), little: 32, ["--order", order])
  }

  @Test func `in which one context has all words, at every depth`() throws {
    let lines = (0..<25_000).map { "a a a a a w\($0)" }
    try expectSameBytes(write(lines.joined(separator: "\n")), little: 32)
  }

  @Test func `with lines of five million bytes`() throws {
    let words = Texts.random(bytes: 500_000).split(whereSeparator: \.isWhitespace)
    let line = words.joined(separator: " ")
    let long = Array(repeating: line, count: 5_000_000 / line.utf8.count).joined(separator: " ")
    try expectSameBytes(write(long + "\n" + line + "\n"), little: 40)
  }

  @Test func `in a thousand files`() throws {
    var generator = SeededGenerator(seed: 22)
    for number in 0..<1000 {
      let words = (0..<12).map { _ in "w\(generator.next(below: 300))" }
      try workshop.folder.write("many/\(number).txt", words.joined(separator: " "))
    }
    try expectSameBytes([workshop.folder.path("many")], little: 24)
  }

  /// Order 9 needs keys of 128 bits, order 20 of 512 bits.
  @Test(arguments: [("9", 32), ("20", 48)] as [(String, UInt64)])
  func `with windows of many words`(order: String, megabytes: UInt64) throws {
    let text = Texts.random(bytes: 150_000, seed: 23)
    try expectSameBytes(write(text), little: megabytes, ["--order", order])
  }
}
