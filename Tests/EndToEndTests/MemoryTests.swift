import Foundation
import TestSupport
import Testing

@Suite("gramdex build keeps to its memory", .needsBinary, .serialized)
struct MemoryTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  /// What the summary of a build says, as far as these tests ask.
  private struct Summary: Decodable {
    var tokens: Int
    var peakAnonymousBytes: UInt64
  }

  /// Builds a text, and requires that neither the program's own figure nor the kernel's is above the limit.
  private func build(_ path: String, memory megabytes: UInt64, _ flags: [String]) throws -> Summary
  {
    var setting = BuiltBinary.Setting()
    setting.timeoutSeconds = 300
    let process = try BuiltBinary.start(
      ["build", path, "--output", workshop.index(), "--replace", "--memory", "\(megabytes)M"]
        + ["--json"] + flags,
      setting: setting
    )
    var peak: UInt64 = 0
    process.wait {
      peak = max(peak, process.anonymousBytes)
      return false
    }
    let outcome = try process.wait()
    try #require(outcome.exitCode == 0, "\(outcome)")
    let summary = try outcome.json(Summary.self)
    #expect(peak > 0 && peak <= megabytes << 20, "\(peak) bytes")
    #expect(summary.peakAnonymousBytes <= megabytes << 20, "\(summary.peakAnonymousBytes) bytes")
    return summary
  }

  /// A text of some million tokens: English where it is there, else random words.
  private func text(bytes: Int) throws -> String {
    let english = "data/dev/lm/english-train.txt.gz"
    let whole =
      SharedData.exists(english)
      ? try SharedData.contents(english) : Data(Texts.random(bytes: bytes).utf8)
    let end = whole.prefix(bytes).lastIndex(of: 0x0A) ?? whole.startIndex
    return try workshop.folder.write("text.txt", whole.prefix(through: end))
  }

  @Test(arguments: [32, 64, 256] as [UInt64])
  func `of all sizes, with several million tokens`(megabytes: UInt64) throws {
    let path = try text(bytes: 25_000_000)
    #expect(try build(path, memory: megabytes, ["--threads", "2"]).tokens > 3_000_000)
  }

  @Test(arguments: [
    ["--layout", "compact"], ["--no-counts"], ["--order", "2"], ["--order", "9"],
    ["--order", "9", "--layout", "compact", "--no-counts", "--threads", "1"],
  ])
  func `whatever is built`(flags: [String]) throws {
    let path = try text(bytes: 5_000_000)
    _ = try build(path, memory: 32, ["--threads", "2"] + flags)
  }

  @Test func `and so does gramdex restrict by sentences, of which there are many`() throws {
    let path = try text(bytes: 5_000_000)
    _ = try build(path, memory: 256, ["--threads", "2", "--order", "3"])
    let part = workshop.index("part")
    for flags in [["--by", "sentence"], ["--by", "text"]] {
      let outcome = try BuiltBinary.run(
        ["restrict", workshop.index(), path, "--output", part, "--replace", "--json"] + flags
          + ["--memory", "32M", "--threads", "2"]
      )
      try #require(outcome.exitCode == 0, "\(outcome)")
      struct Peak: Decodable { var peakAnonymousBytes: UInt64 }
      let peak = try outcome.json(Peak.self).peakAnonymousBytes
      #expect(peak <= 32 << 20, "\(flags): \(peak) bytes")
    }
    // The text's own sentences need all n-grams.
    let whole = try BuiltBinary.run(["info", workshop.index(), "--json"])
    let restricted = try BuiltBinary.run(["info", part, "--json"])
    struct Info: Decodable {
      struct Model: Decodable { var ngrams: [UInt64] }
      var models: [Model]
    }
    #expect(
      try whole.json(Info.self).models[0].ngrams == restricted.json(Info.self).models[0].ngrams
    )
  }

  @Test func `with count files, weights, and repeated lines left out`() throws {
    let path = try text(bytes: 5_000_000)
    _ = try build(path, memory: 32, ["--threads", "2", "--remove-duplicates"])
    let dump = workshop.folder.path("counts.zst")
    let dumped = try BuiltBinary.run(["dump-counts", workshop.index(), "-o", dump])
    try #require(dumped.exitCode == 0, "\(dumped)")
    _ = try build(dump, memory: 32, ["--threads", "2", "--counts"])
    _ = try build(path, memory: 32, ["--threads", "2", "--weight", "\(path)=7"])
  }

  @Test func `and what a refusal asks for is enough`() throws {
    // 60,000 words, each of which occurs once.
    var generator = SeededGenerator(seed: 3)
    let words = (0..<60_000).map { "w\($0)" }.shuffled(using: &generator)
    let lines = stride(from: 0, to: words.count, by: 12).map { words[$0..<$0 + 12] }
    let path = try workshop.folder.write(
      "words.txt",
      lines.map { $0.joined(separator: " ") + "\n" }.joined()
    )
    for flags in [["--order", "3"], ["--order", "9"], ["--order", "20", "--no-counts"]] {
      let refused = try BuiltBinary.run(
        ["build", path, "--output", workshop.index(), "--replace", "--memory", "16M"] + flags
      )
      guard refused.exitCode != 0 else { continue }
      #expect(refused.exitCode == 65, "\(refused)")
      let number = try #require(refused.errorText.firstMatch(of: /--memory ([0-9.]+)M or more/)).1
      let megabytes = try #require(Double(number)).rounded(.up)
      _ = try build(path, memory: UInt64(megabytes), flags)
    }
  }
}
