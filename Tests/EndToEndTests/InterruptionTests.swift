import Foundation
import TestSupport
import Testing

@Suite("gramdex build that is interrupted", .needsBinary)
struct InterruptionTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  /// Starts a build that waits for more standard input than it gets.
  private func startWaitingBuild(_ flags: [String] = []) throws -> RunningProcess {
    var setting = BuiltBinary.Setting()
    setting.input = .pipe
    setting.timeoutSeconds = 20
    let build = try BuiltBinary.start(
      ["build", "-", "--output", workshop.index()] + flags,
      setting: setting
    )
    try build.write(Texts.random(bytes: 50_000))
    var checks = 0
    build.wait {
      checks += 1
      return checks > 200
    }
    return build
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `ends with the right code and without leftovers while it reads`(signal: Int32) throws {
    let build = try startWaitingBuild()
    try #require(build.isRunning)
    build.send(signal: signal)
    let outcome = try build.wait()
    #expect(outcome.exitCode == 128 + signal, "\(outcome)")
    #expect(outcome.errorText.contains("interrupted"), "\(outcome)")
    #expect(workshop.folder.listing("index").isEmpty, "\(workshop.folder.listing("index"))")
    #expect(!FileManager.default.fileExists(atPath: workshop.index()))
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `leaves what was published`(signal: Int32) throws {
    try workshop.mustBuild(Texts.small)
    let before = try workshop.contents()
    let build = try startWaitingBuild(["--replace"])
    try #require(build.isRunning)
    build.send(signal: signal)
    let outcome = try build.wait()
    #expect(outcome.exitCode == 128 + signal, "\(outcome)")
    #expect(try workshop.contents() == before)
    #expect(workshop.folder.listing("index/work").isEmpty)
    #expect(try workshop.scores("the cat\n").report["OOVs"] == 0)
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `no signal is lost while the program starts`(signal: Int32) throws {
    var setting = BuiltBinary.Setting()
    setting.input = .pipe
    setting.timeoutSeconds = 10
    for step in 0..<20 {
      let build = try BuiltBinary.start(
        ["build", "-", "--output", workshop.index()],
        setting: setting
      )
      usleep(UInt32(step * 1000))
      build.send(signal: signal)
      let outcome = try build.wait()
      // Before the program listens, the signal ends it as usual.
      #expect(outcome.exitCode == 128 + signal || outcome.signal == signal, "\(step): \(outcome)")
      #expect(workshop.folder.listing("index/work").isEmpty)
      guard !outcome.timedOut else { break }
    }
  }

  @Test func `a second signal ends it at once`() throws {
    let build = try startWaitingBuild()
    try #require(build.isRunning)
    // The job is stopped while it cannot look at the first signal.
    build.send(signal: SIGSTOP)
    build.send(signal: SIGINT)
    build.send(signal: SIGTERM)
    build.send(signal: SIGCONT)
    let outcome = try build.wait()
    #expect([130, 143].contains(outcome.exitCode), "\(outcome)")
    #expect(try workshop.build(Texts.small).exitCode == 0, "the lock went with the process")
  }

  @Test func `ends at any moment without leftovers`() throws {
    try workshop.mustBuild(Texts.small)
    let before = try workshop.contents()
    let text = try workshop.folder.write("large.txt", Texts.random(bytes: 1_500_000))
    var interrupted = 0
    for milliseconds in [30, 80, 150, 300, 600, 1000, 1500, 2500] {
      let build = try BuiltBinary.start(["build", text, "--output", workshop.index(), "--replace"])
      build.wait { !build.errorsSoFar.isEmpty }
      let start = Date()
      build.wait { Date().timeIntervalSince(start) * 1000 > Double(milliseconds) }
      build.send(signal: SIGTERM)
      let outcome = try build.wait()
      let leftovers = workshop.folder.listing("index/work")
      #expect(leftovers.isEmpty, "\(leftovers)")
      guard outcome.exitCode != 0 else { break }
      #expect(outcome.exitCode == 143, "\(outcome)")
      #expect(try workshop.contents() == before)
      interrupted += 1
    }
    #expect(interrupted > 0)
  }

  @Test func `killed, its leftovers are reclaimed by the next`() throws {
    let reference = try workshop.mustBuild(Texts.small, "reference")
    let text = try workshop.folder.write("large.txt", Texts.random(bytes: 1_500_000))
    for hadIndex in [false, true] {
      for milliseconds in [100, 500, 1200] {
        let build = try BuiltBinary.start([
          "build", text, "--output", workshop.index(), "--replace",
        ])
        let start = Date()
        build.wait { Date().timeIntervalSince(start) * 1000 > Double(milliseconds) }
        build.send(signal: SIGKILL)
        _ = try build.wait()
        if hadIndex { #expect(try workshop.scores("the cat\n").sentences.count == 1) }
      }
      let next = try workshop.build(Texts.small, "index", ["--replace"])
      #expect(next.exitCode == 0, "\(next)")
      #expect(workshop.files().filter { $0.hasSuffix(".mdb") }.count == 1, "\(workshop.files())")
      #expect(workshop.folder.listing("index/work").isEmpty)
    }
    let check = try BuiltBinary.run("verify", reference)
    #expect(check.exitCode == 0, "\(check)")
  }

  @Test func `readers answer while the index is replaced, with the old or the new one`() throws {
    let texts = try ["the cat sat\n", "the cat ran\n"].enumerated().map { number, text in
      try workshop.folder.write("text\(number).txt", text)
    }
    func build(_ number: Int) throws -> RunningProcess {
      try BuiltBinary.start([
        "build", texts[number], "--output", workshop.index(), "--replace", "--order", "2",
      ])
    }
    func answer() throws -> ProcessOutcome {
      try BuiltBinary.run("query", workshop.index(), "--text", "the cat sat", "--check")
    }
    var answers: [Data] = []
    for number in [0, 1] {
      try #require(try build(number).wait().exitCode == 0)
      answers.append(try answer().output)
    }
    #expect(answers[0] != answers[1])
    for round in 0..<12 {
      let writer = try build(round % 2)
      while writer.isRunning {
        let outcome = try answer()
        #expect(outcome.exitCode == 0, "\(outcome)")
        #expect(answers.contains(outcome.output), "\(outcome)")
      }
      #expect(try writer.wait().exitCode == 0)
      #expect(try answer().output == answers[round % 2])
    }
  }

  @Test func `two writers of one index do not meet`() throws {
    let build = try startWaitingBuild()
    try #require(build.isRunning)
    let second = try workshop.build(Texts.small)
    #expect([64, 74].contains(second.exitCode), "\(second)")
    try build.closeInput()
    let first = try build.wait()
    #expect(first.exitCode == 0, "\(first)")
    #expect(try BuiltBinary.run("verify", workshop.index()).exitCode == 0)
  }
}
