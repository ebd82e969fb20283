import Foundation
import TestSupport
import Testing

/// What a build says it will take, and what it takes.
@Suite("gramdex build --plan", .needsBinary)
struct PlanTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  private struct Plan: Decodable {
    var tokens: UInt64
    var ngrams: [UInt64]
    var indexBytes: UInt64
    var temporaryBytes: UInt64
    var memoryBytes: UInt64
    var seconds: Double
  }

  private struct Summary: Decodable {
    struct Bytes: Decodable {
      var file: UInt64
    }
    var tokens: UInt64
    var bytes: Bytes
    var temporaryBytesPeak: UInt64
    var peakAnonymousBytes: UInt64
  }

  private static let english = "data/dev/lm/english-train.txt.gz"

  private func isClose(_ plan: UInt64, _ real: UInt64, within share: Double = 0.25) -> Bool {
    abs(Double(plan) - Double(real)) <= share * Double(real)
  }

  @Test(
    .enabled(if: SharedData.exists(english), "\(SharedData.absent)"),
    arguments: [["--order", "5"], ["--order", "3", "--layout", "compact"]]
  )
  func `bytes and memory of English books are within a quarter`(flags: [String]) throws {
    let text = SharedData.url(Self.english).path
    let arguments = ["build", text, "--output", workshop.index(), "--json"] + flags
    let planned = try BuiltBinary.run(arguments + ["--plan"])
    try #require(planned.exitCode == 0, "\(planned)")
    #expect(workshop.folder.listing("index").isEmpty)
    let plan = try planned.json(Plan.self)
    let built = try BuiltBinary.run(arguments)
    try #require(built.exitCode == 0, "\(built)")
    let summary = try built.json(Summary.self)
    #expect(isClose(plan.tokens, summary.tokens))
    #expect(isClose(plan.indexBytes, summary.bytes.file), "\(plan) \(summary)")
    #expect(isClose(plan.memoryBytes, summary.peakAnonymousBytes), "\(plan) \(summary)")
    #expect(plan.temporaryBytes == summary.temporaryBytesPeak)
    #expect(plan.seconds > 0)
  }

  @Test func `a text that is smaller than the sample is counted exactly`() throws {
    let text = try workshop.folder.write("text.txt", Texts.random(bytes: 300_000))
    let arguments = ["build", text, "--output", workshop.index(), "--order", "3", "--json"]
    let plan = try BuiltBinary.run(arguments + ["--plan"]).json(Plan.self)
    let summary = try BuiltBinary.run(arguments).json(Summary.self)
    #expect(isClose(plan.tokens, summary.tokens, within: 0.02))
    #expect(isClose(plan.indexBytes, summary.bytes.file, within: 0.15), "\(plan) \(summary)")
  }

  @Test func `standard input cannot be planned`() throws {
    let outcome = try BuiltBinary.run(["build", "-", "--output", workshop.index(), "--plan"])
    #expect(outcome.exitCode == 64, "\(outcome)")
    #expect(outcome.errorText.contains("only once"), "\(outcome)")
  }

  @Test(
    .enabled(
      if: SharedData.exists(english) && SmallDisk.canBeMade,
      "needs the reference data in ../shared and the right to mount a small file system"
    )
  )
  func `a large build is refused before it begins when the disk cannot hold it`() throws {
    let disk = try SmallDisk(at: workshop.folder.path("disk"), bytes: 40 << 20)
    let text = try workshop.folder.write("text.txt", SharedData.contents(Self.english))
    let start = Date()
    let outcome = try BuiltBinary.run(["build", text, "--output", disk.path + "/index"])
    #expect(outcome.exitCode == 74, "\(outcome)")
    #expect(outcome.errorText.contains("will be needed"), "\(outcome)")
    #expect(workshop.folder.listing("disk").isEmpty)
    #expect(Date().timeIntervalSince(start) < 60)
    let tried = try BuiltBinary.run([
      "build", text, "--output", disk.path + "/index", "--skip-plan",
    ])
    #expect(tried.exitCode == 74, "\(tried)")
    #expect(tried.errorText.contains("no space left"), "\(tried)")
  }
}
