import Foundation
import TestSupport
import Testing

/// Every call that changes a file fails in turn.
@Suite(
  "gramdex build on a failing disk",
  .needsBinary,
  .enabled(if: FaultInjection.library != nil, "needs a C compiler and LD_PRELOAD")
)
struct WriteFaultTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  @Test(arguments: FaultInjection.Fault.allCases)
  func `fails cleanly at every write, and can be gone on with`(
    fault: FaultInjection.Fault
  ) throws {
    let text = try workshop.folder.write("text.txt", Texts.random(bytes: 20_000))
    func arguments(_ name: String, _ flags: [String] = []) -> [String] {
      ["build", text, "--output", workshop.index(name), "--order", "3", "--threads", "1"] + flags
    }
    try #require(try BuiltBinary.run(arguments("reference")).exitCode == 0)
    let reference = try workshop.contents(of: "reference")
    let calls = try FaultInjection.calls(arguments("counted"), in: workshop.folder)
    try #require(calls > 20)
    for call in 1...calls {
      let setting = FaultInjection.setting(fault, at: call)
      let name = "index-\(call)"
      let outcome = try BuiltBinary.run(arguments(name, ["--resume"]), setting: setting)
      if fault == .kill {
        #expect(outcome.signal == SIGKILL, "call \(call): \(outcome)")
      } else if outcome.exitCode != 0 {
        #expect(outcome.exitCode == 74, "call \(call): \(outcome)")
        let message = fault == .diskFull ? "no space left" : "Input/output error"
        #expect(outcome.errorText.contains(message), "call \(call): \(outcome)")
      }
      let resumed = try BuiltBinary.run(arguments(name, ["--resume"]))
      let isComplete = resumed.errorText.contains("exists") || resumed.errorText.contains("already")
      #expect(resumed.exitCode == 0 || isComplete, "call \(call): \(resumed)")
      #expect(try workshop.contents(of: name) == reference, "call \(call)")
      #expect(workshop.folder.listing(name + "/work").isEmpty, "call \(call)")
    }
  }

  @Test(arguments: FaultInjection.Fault.allCases)
  func `what was published still answers`(fault: FaultInjection.Fault) throws {
    try workshop.mustBuild(Texts.small)
    var before = try workshop.contents()
    let text = try workshop.folder.write("text.txt", Texts.random(bytes: 20_000))
    func arguments(_ name: String) -> [String] {
      ["build", text, "--output", workshop.index(name), "--order", "3", "--replace"]
    }
    let calls = try FaultInjection.calls(arguments("counted"), in: workshop.folder)
    for call in 1...calls {
      let outcome = try BuiltBinary.run(
        arguments("index"),
        setting: FaultInjection.setting(fault, at: call)
      )
      let after = try workshop.contents()
      guard after["MANIFEST"] == before["MANIFEST"] else {
        // The call did not matter, or the manifest was renamed before it: the new index is complete.
        #expect(outcome.exitCode == 0 || call > calls / 2, "call \(call): \(outcome)")
        #expect(try BuiltBinary.run("verify", workshop.index()).exitCode == 0, "call \(call)")
        before = after
        continue
      }
      #expect(outcome.exitCode != 0, "call \(call): \(outcome)")
      for (name, bytes) in before { #expect(after[name] == bytes, "call \(call): \(name)") }
      #expect(try BuiltBinary.run("info", workshop.index()).exitCode == 0, "call \(call)")
    }
  }
}
