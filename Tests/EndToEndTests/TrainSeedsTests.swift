import Foundation
import TestSupport
import Testing

/// Trainings with several seeds.
@Suite("gramdex train --seeds", .needsBinary)
struct TrainSeedsTests {
  let here: TrainWorkshop

  init() throws {
    here = try TrainWorkshop(TrainTexts.sentences(1000))
  }

  private let flags = TrainWorkshop.small + ["--epochs", "3", "--checkpoint-every", "20"]

  @Test func `keeps the best of networks that are trained alone, and tells their spread`() throws {
    let alone = try (4...6).map { seed in
      try here.mustTrain("alone\(seed)", flags + ["--seed", "\(seed)"])
    }
    let together = try here.mustTrain("together", flags + ["--seed", "4", "--seeds", "3"])
    let perplexities = alone.map { $0.developmentPerplexities[$0.bestEpoch - 1] }
    #expect(together.seeds.members.map(\.seed) == [4, 5, 6])
    #expect(together.seeds.members.map(\.perplexity) == perplexities)
    #expect(together.seeds.members.map(\.bestEpoch) == alone.map(\.bestEpoch))
    let best = try #require(perplexities.min())
    #expect(together.developmentPerplexities[together.bestEpoch - 1] == best)
    let mean = perplexities.reduce(0, +) / 3
    let deviation = (perplexities.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2).squareRoot()
    // A few roundings of doubles.
    #expect(abs(together.seeds.mean - mean) < 1e-9)
    #expect(abs(try #require(together.seeds.standardDeviation) - deviation) < 1e-9)
    #expect(alone[0].seeds.members.count == 1 && alone[0].seeds.standardDeviation == nil)
    // The network itself is the one that was trained alone.
    let place = try #require(perplexities.firstIndex(of: best)) + 4
    func tensors(_ name: String) throws -> Data {
      let path = here.workshop.folder.path(name + ".safetensors")
      let outcome = try BuiltBinary.run(["export", here.index, "--model", name, "--output", path])
      try #require(outcome.exitCode == 0, "\(outcome)")
      let file = try Data(contentsOf: URL(filePath: path))
      let header = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      return file.dropFirst(8 + header)
    }
    #expect(try tensors("together") == tensors("alone\(place)"))
    let info = try BuiltBinary.run("info", here.index)
    #expect(info.outputText.contains("seed \(place), the best of 3 seeds"), "\(info)")
    #expect(info.outputText.contains("1 seed)"), "\(info)")
  }

  @Test func `stopped in the second, goes on to the same bytes`() throws {
    let flags = flags + ["--seeds", "3"]
    let whole = try here.mustTrain("whole", flags)
    for signal in [SIGKILL, SIGTERM] {
      let process = try here.start("part", flags + ["--replace"])
      process.wait { here.training("part", seed: 2).contains("last.safetensors") }
      process.send(signal: signal)
      let stopped = try process.wait()
      try #require(stopped.exitCode != 0, "\(stopped)")
      let fewer = try here.train("part", self.flags + ["--resume", "--replace"])
      #expect(fewer.exitCode == 64 && fewer.errorText.contains("--seeds"), "\(fewer)")
      let unsaid = try here.train("part", flags + ["--replace"])
      #expect(unsaid.exitCode == 64 && unsaid.errorText.contains("--resume"), "\(unsaid)")
      let part = try here.mustTrain("part", flags + ["--resume", "--replace"])
      #expect(part.seeds.members.map(\.perplexity) == whole.seeds.members.map(\.perplexity))
      #expect(try here.model("part") == here.model("whole"))
      #expect(here.workshop.folder.listing("index/training").isEmpty)
    }
  }

  @Test func `begins anew when it is told to, with any seeds`() throws {
    let process = try here.start("model", flags + ["--seeds", "2"])
    process.wait { here.training("model", seed: 2).contains("last.safetensors") }
    process.send(signal: SIGKILL)
    _ = try process.wait()
    let summary = try here.mustTrain("model", flags + ["--seed", "9", "--restart"])
    #expect(summary.seeds.members.map(\.seed) == [9])
    #expect(here.workshop.folder.listing("index/training").isEmpty)
  }

  @Test func `draws the curves of each seed`() throws {
    let curves = here.workshop.folder.path("curves")
    try here.mustTrain("model", flags + ["--seeds", "2", "--curves", curves])
    for seed in 1...2 {
      let table = try String(contentsOfFile: "\(curves)-\(seed).csv", encoding: .utf8)
      #expect(table.split(separator: "\n").count > 3)
    }
  }

  @Test(arguments: ["0", "-1", "1001", "9223372036854775808", "two"])
  func `refuses impossible numbers`(number: String) throws {
    let outcome = try here.train("model", ["--seeds=\(number)"])
    #expect(outcome.exitCode == 64 && outcome.errorText.contains("--seeds"), "\(outcome)")
    #expect(here.workshop.folder.listing("index/training").isEmpty)
  }
}
