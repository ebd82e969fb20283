import Foundation
import TestSupport
import Testing

/// Trainings that are killed or stopped and gone on with: the published bytes must be those of one that was not.
@Suite("gramdex train --resume", .needsBinary)
struct TrainResumeTests {
  let here: TrainWorkshop

  init() throws {
    here = try TrainWorkshop(TrainTexts.sentences(1500))
  }

  static let variants: [[String]] = [
    ["--softmax", "full", "--layers", "2", "--optimizer", "adam"],
    ["--softmax", "noise", "--threads", "2"],
    ["--architecture", "gru", "--optimizer", "sgd", "--sentence-state", "reset"],
  ]

  private func flags(_ variant: [String]) -> [String] {
    variant + ["--hidden", "48", "--lanes", "4", "--bptt", "8", "--epochs", "4"]
      + ["--threshold", "0", "--checkpoint-every", "7", "--json"]
  }

  @Test(arguments: variants, [SIGKILL, SIGINT, SIGTERM])
  func `stopped at random moments, comes to the same bytes`(
    variant: [String],
    signal: Int32
  ) throws {
    let flags = flags(variant)
    let start = Date()
    try here.mustTrain("whole", flags)
    let duration = Date().timeIntervalSince(start)
    let reference = try #require(try here.model("whole"))
    var generator = SeededGenerator(seed: UInt64(signal))
    var stops = 0
    for number in 0..<4 {
      let name = "part\(number)"
      var outcome: ProcessOutcome
      var tries = 0
      repeat {
        tries += 1
        let resumes = here.training(name).contains("last.safetensors")
        // A process that is killed after it has published finds its own model.
        let process = try here.start(
          name,
          flags + ["--replace"] + (resumes ? ["--resume"] : [])
        )
        let moment = duration * (0.1 + 0.8 * Double(generator.next(below: 1000)) / 1000)
        let begin = Date()
        process.wait { tries < 20 && Date().timeIntervalSince(begin) > moment }
        process.send(signal: signal)
        outcome = try process.wait()
        #expect([0, 128 + signal, nil].contains(outcome.exitCode), "\(outcome)")
        if outcome.exitCode != 0 { stops += 1 }
        if outcome.exitCode == 128 + signal, here.training(name).contains("last.safetensors") {
          #expect(outcome.errorText.contains("was kept"), "\(outcome)")
          #expect(outcome.errorText.contains("--resume"), "\(outcome)")
          #expect(!outcome.errorText.contains("were removed"), "\(outcome)")
        }
      } while outcome.exitCode != 0 && tries < 25
      #expect(try here.model(name) == reference)
      #expect(here.training(name).isEmpty, "\(here.training(name))")
    }
    #expect(stops > 0)
  }

  @Test func `reports what an uninterrupted run does`() throws {
    let flags = flags(["--softmax", "full"])
    func table(_ name: String) throws -> [[Substring]] {
      let text = try String(
        contentsOfFile: here.workshop.folder.path(name + ".csv"),
        encoding: .utf8
      )
      let rows = text.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      let clock = try #require(rows[0].firstIndex(of: "words_per_second"))
      return rows.map { row in
        row.indices.filter { $0 != clock }.map { row[$0] }
      }
    }
    func curves(_ name: String) -> [String] {
      ["--curves", here.workshop.folder.path(name)]
    }
    let whole = try here.mustTrain("whole", flags + curves("whole"))
    let process = try here.start("part", flags + curves("part"))
    process.wait { here.training("part").contains("best-2.safetensors") }
    process.send(signal: SIGKILL)
    #expect(try process.wait().signal == SIGKILL)
    let part = try here.mustTrain("part", flags + curves("part") + ["--resume"])
    #expect(part.developmentPerplexities == whole.developmentPerplexities)
    #expect(part.epochSeconds.count == whole.epochSeconds.count)
    #expect(try table("part") == table("whole"))
  }

  /// Leaves a checkpoint of a training that was killed.
  private func leaveCheckpoint(_ flags: [String]) throws {
    let process = try here.start("model", flags)
    process.wait { here.training("model").contains("best-1.safetensors") }
    process.send(signal: SIGKILL)
    try #require(try process.wait().signal == SIGKILL)
  }

  @Test func `refuses the checkpoint of another training`() throws {
    let flags = flags([])
    try leaveCheckpoint(flags)
    let before = here.training("model")
    let others: [[String]] = [
      ["--seed", "2"], ["--hidden", "8"], ["--lanes", "5"], ["--optimizer", "sgd"],
      ["--sentence-state", "reset"], ["--short-list", "5"], ["--valid", here.text],
    ]
    for other in others {
      let outcome = try here.train("model", flags + other + ["--resume"])
      #expect(outcome.exitCode == 64 && outcome.errorText.contains("--restart"), "\(outcome)")
    }
    let unsaid = try here.train("model", flags)
    #expect(unsaid.exitCode == 64, "\(unsaid)")
    #expect(unsaid.errorText.contains("--resume") && unsaid.errorText.contains("--restart"))
    // A file that was being written when the process was killed is nobody's, and goes.
    func kept(_ names: [String]) -> [String] {
      names.filter { $0 != "lock" && !$0.hasSuffix(".tmp") }
    }
    #expect(kept(here.training("model")) == kept(before))
    try here.mustTrain("model", flags + ["--restart"])
    #expect(here.training("model").isEmpty)
  }

  @Test func `may end earlier or later than was said at first`() throws {
    let flags = flags([])
    let whole = try here.mustTrain("whole", flags + ["--epochs", "6"])
    try leaveCheckpoint(flags)
    let longer = try here.mustTrain("model", flags + ["--resume", "--epochs", "6"])
    #expect(longer.developmentPerplexities == whole.developmentPerplexities)
    try leaveCheckpoint(flags + ["--replace"])
    let shorter = try here.mustTrain("model", flags + ["--resume", "--epochs", "1", "--replace"])
    #expect(shorter.developmentPerplexities.first == whole.developmentPerplexities.first)
  }

  @Test func `notices a damaged checkpoint`() throws {
    let flags = flags([])
    try leaveCheckpoint(flags)
    let path = URL(filePath: here.index + "/training/model/seed-1/last.safetensors")
    let whole = try Data(contentsOf: path)
    var generator = SeededGenerator(seed: 3)
    for number in 0..<25 {
      var damaged = whole
      switch number % 3 {
      case 0: damaged = damaged.prefix(generator.next(below: whole.count))
      case 1: damaged[generator.next(below: whole.count)] ^= 1 << generator.next(below: 8)
      default: damaged[generator.next(below: 4000)] ^= 1 << generator.next(below: 8)
      }
      try damaged.write(to: path)
      let outcome = try here.train("model", flags + ["--resume"])
      #expect([64, 65].contains(outcome.exitCode), "\(number): \(outcome)")
      #expect(outcome.errorText.contains("last.safetensors"), "\(number): \(outcome)")
    }
    try whole.write(to: path)
    try here.mustTrain("model", flags + ["--resume"])
  }

  @Test(.enabled(if: FaultInjection.library != nil, "needs a C compiler"))
  func `a full disk ends it, and it goes on when there is room`() throws {
    let flags = flags([]) + ["--threads", "1"]
    try here.mustTrain("whole", flags)
    let reference = try here.model("whole")
    let arguments = here.arguments("model", flags + ["--replace"])
    let calls = try FaultInjection.calls(arguments, in: here.workshop.folder)
    #expect(calls > 10)
    var generator = SeededGenerator(seed: 9)
    var isDone = false
    for _ in 0..<12 where !isDone {
      let call = 1 + generator.next(below: calls)
      let fault: FaultInjection.Fault = generator.next(below: 2) == 0 ? .diskFull : .kill
      let resumes = here.training("model").contains("last.safetensors")
      let outcome = try BuiltBinary.run(
        arguments + (resumes ? ["--resume"] : []),
        setting: FaultInjection.setting(fault, at: call)
      )
      isDone = outcome.exitCode == 0
      #expect(isDone || fault == .kill || outcome.exitCode == 74, "call \(call): \(outcome)")
    }
    let resumes = here.training("model").contains("last.safetensors")
    try here.mustTrain("model", flags + ["--replace"] + (resumes ? ["--resume"] : []))
    #expect(try here.model("model") == reference)
    #expect(here.training("model").isEmpty)
    let check = try BuiltBinary.run("verify", here.index)
    #expect(check.exitCode == 0, "\(check)")
  }

  @Test func `waits for who writes the index`() throws {
    var setting = BuiltBinary.Setting()
    setting.input = .pipe
    // A build that waits for its text has the index for itself.
    let builder = try BuiltBinary.start(
      ["build", "-", "--output", here.index, "--replace"],
      setting: setting
    )
    builder.wait { !builder.errorsSoFar.isEmpty }
    let training = try here.start("model", flags([]) + ["--epochs", "1"])
    training.wait { training.errorsSoFar.contains("waiting for") }
    #expect(training.isRunning && builder.isRunning)
    builder.send(signal: SIGTERM)
    #expect(try builder.wait().exitCode == 143)
    let outcome = try training.wait()
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(try here.model("model") != nil)
  }

  @Test func `warns when another kind of processor goes on`() throws {
    #if arch(x86_64)
      let flags = flags(["--precision", "float32"])
      try leaveCheckpoint(flags)
      // oneDNN keeps to these instructions then, and so computes as an older processor does.
      var older = BuiltBinary.Setting()
      older.environment["ONEDNN_MAX_CPU_ISA"] = "SSE41"
      let other = try here.train("model", flags + ["--resume"], setting: older)
      #expect(other.exitCode == 0 && other.errorText.contains("another kind"), "\(other)")
      let info = try BuiltBinary.run("info", here.index)
      #expect(info.outputText.contains(", then "), "\(info)")
      try leaveCheckpoint(flags + ["--replace"])
      let same = try here.train("model", flags + ["--resume", "--replace"])
      #expect(same.exitCode == 0 && !same.errorText.contains("another kind"), "\(same)")
    #endif
  }

  @Test func `trains a model in one process at a time`() throws {
    let first = try here.start("model", flags([]) + ["--epochs", "1000"])
    first.wait { here.training("model").contains("last.safetensors") }
    for flag in ["--resume", "--restart"] {
      let second = try here.train("model", flags([]) + [flag])
      #expect(second.exitCode == 74 && second.errorText.contains("another process"), "\(second)")
    }
    try here.mustTrain("other", flags([]) + ["--epochs", "1"])
    first.send(signal: SIGTERM)
    #expect(try first.wait().exitCode == 143)
  }
}
