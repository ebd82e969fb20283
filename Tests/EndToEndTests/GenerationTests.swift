import Foundation
import Gramdex
import Synchronization
import TestSupport
import Testing

/// Many readers while generation after generation is published, and going back.
@Suite("Generations of an index", .needsBinary)
struct GenerationTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  private static let texts = [Texts.small, Texts.small + "the mouse sat on the dog\nthe cat\n"]
  private static let sentence = "the cat sat on the mat"

  /// The score that an index gives the sentence.
  private static func score(_ path: String) throws -> Double {
    try NGramModel.open(path).scoreSentence(sentence).log10Probability
  }

  private func build(_ number: Int, _ flags: [String] = []) throws {
    let text = try workshop.folder.write("text-\(number % 2).txt", Self.texts[number % 2])
    let outcome = try BuiltBinary.run(
      ["build", text, "--output", workshop.index(), "--order", "3", "--replace"] + flags
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
  }

  @Test func `readers see one or the other while ten are published`() throws {
    var expected: Set<Double> = []
    for number in 0..<2 {
      try build(number)
      expected.insert(try Self.score(workshop.index()))
    }
    try #require(expected.count == 2)
    let path = workshop.index()
    let isDone = Atomic(false)
    let seen = Mutex<(answers: Int, wrong: [String])>((0, []))
    let threads = 3
    let started = DispatchGroup()
    let (allowed, done) = (expected, DispatchGroup())
    for _ in 0..<threads {
      started.enter()
      done.enter()
      Thread.detachNewThread { [expected = allowed] in
        started.leave()
        while !isDone.load(ordering: .relaxed) {
          do {
            let model = try NGramModel.open(path)
            let first = model.scoreSentence(Self.sentence).log10Probability
            let second = model.scoreSentence(Self.sentence).log10Probability
            seen.withLock {
              $0.answers += 1
              let isRight = first == second && expected.contains(first)
              if !isRight { $0.wrong.append("\(first) \(second)") }
            }
          } catch {
            seen.withLock { $0.wrong.append("\(error)") }
          }
        }
        done.leave()
      }
    }
    started.wait()
    // A process that holds the index open and is killed must not pin anything.
    var setting = BuiltBinary.Setting()
    setting.input = .pipe
    let reader = try BuiltBinary.start(["query", path, "-"], setting: setting)
    for number in 2..<12 {
      if number == 6 { reader.send(signal: SIGKILL) }
      try build(number)
      let outcome = try BuiltBinary.run("query", path, "--text", "the cat sat", "--json")
      #expect(outcome.exitCode == 0, "\(outcome)")
    }
    isDone.store(true, ordering: .relaxed)
    done.wait()
    _ = try reader.wait()
    let result = seen.withLock { $0 }
    #expect(result.wrong.isEmpty, "\(result.wrong.prefix(3))")
    #expect(result.answers > 10)
    #expect(workshop.files() == ["MANIFEST", "ngrams-000012.mdb"])
    #expect(workshop.folder.listing("index/work").isEmpty)
  }

  @Test func `an open model answers after its files are gone`() throws {
    try build(0)
    let model = try NGramModel.open(workshop.index())
    let before = model.scoreSentence(Self.sentence).log10Probability
    try build(1)
    #expect(model.scoreSentence(Self.sentence).log10Probability == before)
    #expect(try Self.score(workshop.index()) != before)
  }

  @Test func `rolls back and forth`() throws {
    try build(0)
    let first = try Self.score(workshop.index())
    try build(1, ["--keep-previous"])
    let second = try Self.score(workshop.index())
    #expect(workshop.files().filter { $0.hasSuffix(".mdb") }.count == 2)
    let back = try BuiltBinary.run("roll-back", workshop.index())
    #expect(back.exitCode == 0, "\(back)")
    #expect(back.outputText.contains("generation 1 answers again, as generation 3"), "\(back)")
    #expect(try Self.score(workshop.index()) == first)
    #expect(try BuiltBinary.run("verify", workshop.index()).exitCode == 0)
    #expect(try BuiltBinary.run("roll-back", workshop.index(), "--json").exitCode == 0)
    #expect(try Self.score(workshop.index()) == second)
    try build(0)
    #expect(workshop.files().filter { $0.hasSuffix(".mdb") }.count == 1)
    let refused = try BuiltBinary.run("roll-back", workshop.index())
    #expect(refused.exitCode == 64, "\(refused)")
    #expect(refused.errorText.contains("--keep-previous"), "\(refused)")
  }

  @Test func `the second writer is told who holds the lock`() throws {
    var setting = BuiltBinary.Setting()
    setting.input = .pipe
    let command = ["build", "-", "--output", workshop.index()]
    let first = try BuiltBinary.start(command, setting: setting)
    try first.write(Texts.small)
    let lock = workshop.index() + "/LOCK"
    first.wait { (try? String(contentsOfFile: lock, encoding: .utf8).isEmpty) == false }
    let second = try workshop.build(Texts.small)
    #expect(second.exitCode == 74, "\(second)")
    #expect(second.errorText.contains("is being written by process"), "\(second)")
    #expect(second.errorText.contains("gramdex build"), "\(second)")
    try first.closeInput()
    #expect(try first.wait().exitCode == 0)
  }
}
