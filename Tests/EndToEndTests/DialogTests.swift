import Foundation
import TestSupport
import Testing

@Suite("gramdex query in a dialog with another program", .needsBinary)
struct DialogTests {
  let workshop: Workshop
  let index: String

  init() throws {
    workshop = try Workshop()
    index = try workshop.mustBuild(Texts.small)
  }

  private func start(_ flags: [String] = []) throws -> RunningProcess {
    var setting = BuiltBinary.Setting()
    setting.input = .pipe
    setting.timeoutSeconds = 20
    return try BuiltBinary.start(["query", index] + flags, setting: setting)
  }

  /// The lines that came, once there are `count` of them; fewer when the process does not answer.
  private func lines(_ process: RunningProcess, _ count: Int) -> [Substring] {
    func lines() -> [Substring] { process.outputSoFar.split(separator: "\n") }
    process.wait { lines().count >= count }
    return lines()
  }

  @Test(arguments: [[], ["--json"], ["--format", "kenlm"], ["--threads", "1"]])
  func `every line is answered before the next is written`(flags: [String]) throws {
    let query = try start(flags)
    // The first is shorter than what it takes to recognize packed text, and than a byte order mark.
    let questions = ["a", "the cat sat", "", "the cat saw the dog", "zebra"]
    for (number, question) in questions.enumerated() {
      try query.write(question + "\n")
      #expect(lines(query, number + 1).count == number + 1)
      try #require(query.isRunning)
    }
    try query.closeInput()
    let outcome = try query.wait()
    #expect(outcome.exitCode == 0, "\(outcome)")
    let all = try BuiltBinary.run(
      ["query", index] + flags,
      setting: {
        var setting = BuiltBinary.Setting()
        setting.input = .data(Data((questions.joined(separator: "\n") + "\n").utf8))
        return setting
      }()
    )
    #expect(outcome.output == all.output)
  }

  @Test func `whole lines are answered while another one is begun`() throws {
    let query = try start()
    try query.write("the cat\nthe dog\na c")
    #expect(lines(query, 2).count == 2)
    try query.write("at")
    usleep(50_000)
    #expect(lines(query, 2).count == 2)
    try query.write(" sat\n")
    let answers = lines(query, 3)
    #expect(answers.count == 3)
    #expect(answers.last?.hasPrefix("a=") == true && answers.last?.contains("\tcat=") == true)
    try query.closeInput()
    #expect(try query.wait().exitCode == 0)
  }

  @Test func `the lines of a file are answered before a pipe is waited for`() throws {
    let file = try workshop.folder.write("first.txt", "the cat\nthe dog")
    let query = try start([file, "-"])
    #expect(lines(query, 2).count == 2)
    try query.write("a\n")
    #expect(lines(query, 3).count == 3)
    try query.closeInput()
    #expect(try query.wait().exitCode == 0)
  }

  @Test func `an index that is cut while it is in use is an error with a message`() throws {
    let query = try start()
    try query.write("the cat\n")
    #expect(lines(query, 1).count == 1)
    let name = try #require(workshop.files().first { $0.hasSuffix(".mdb") })
    let file = try #require(FileHandle(forWritingAtPath: index + "/" + name))
    try file.truncate(atOffset: 0)
    try query.write("the dog sat\n")
    let outcome = try query.wait()
    #expect(outcome.exitCode == 74, "\(outcome)")
    #expect(outcome.errorText.hasPrefix("gramdex: "), "\(outcome)")
    #expect(outcome.errorText.contains("verify"), "\(outcome)")
  }

  @Test func `much text at once and a wait in between give the same as a file`() throws {
    let text = Texts.random(bytes: 700_000)
    let file = try workshop.folder.write("text.txt", text)
    let expected = try BuiltBinary.run("query", index, file)
    let query = try start()
    let half = text.index(text.startIndex, offsetBy: 300_001)
    try query.write(String(text[..<half]))
    let complete = text[..<half].count { $0 == "\n" }
    #expect(lines(query, complete).count == complete)
    try query.write(String(text[half...]))
    try query.closeInput()
    let outcome = try query.wait()
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(outcome.output == expected.output)
  }
}
