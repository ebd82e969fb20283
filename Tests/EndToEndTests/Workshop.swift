import Foundation
import TestSupport
import Testing

/// A folder with texts and indexes of one test, and short ways to make them with the built program.
struct Workshop {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// The path of an index in the folder.
  func index(_ name: String = "index") -> String { folder.path(name) }

  /// Builds `name` from `text`; the outcome may be any.
  @discardableResult
  func build(_ text: Data, _ name: String = "index", _ flags: [String] = []) throws
    -> ProcessOutcome
  {
    let path = try folder.write(name + ".txt", text)
    return try BuiltBinary.run(["build", path, "--output", index(name)] + flags)
  }

  /// Builds `name` from `text`; the outcome may be any.
  @discardableResult
  func build(_ text: String, _ name: String = "index", _ flags: [String] = []) throws
    -> ProcessOutcome
  {
    try build(Data(text.utf8), name, flags)
  }

  /// Builds `name` and requires success.
  @discardableResult
  func mustBuild(_ text: String, _ name: String = "index", _ flags: [String] = []) throws -> String
  {
    let outcome = try build(text, name, flags)
    try #require(outcome.exitCode == 0, "\(outcome)")
    return index(name)
  }

  /// The words of `text` as the index scores them.
  func scores(_ text: String, _ name: String = "index") throws -> KenLMQuery {
    var setting = BuiltBinary.Setting()
    setting.input = .data(Data(text.utf8))
    let outcome = try BuiltBinary.run(
      ["query", index(name), "-", "--format", "kenlm"],
      setting: setting
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
    return KenLMQuery(outcome.output)
  }

  /// The lines that a build of an index under way has written down, nothing when there are none.
  func journal(of name: String = "index") -> String {
    let path = URL(filePath: index(name)).appending(path: "work").appending(path: "journal")
    return (try? String(contentsOf: path, encoding: .utf8)) ?? ""
  }

  /// The files of an index, without the lock.
  func files(of name: String = "index") -> [String] {
    folder.listing(name).filter { $0 != "LOCK" && $0 != "work" && !$0.hasPrefix("work/") }
  }

  /// The bytes of every file of an index by name, without the lock.
  func contents(of name: String = "index") throws -> [String: Data] {
    try files(of: name).reduce(into: [:]) { contents, file in
      contents[file] = try Data(contentsOf: URL(filePath: index(name)).appending(path: file))
    }
  }
}

/// Short texts of the tests.
enum Texts {
  /// Four lines with enough repetition to be interesting.
  static let small = """
    the cat sat on the mat
    the dog sat on the cat
    a cat saw the dog
    the cat sat

    """

  /// About `bytes` bytes of skewed random words.
  static func random(bytes: Int, seed: UInt64 = 7) -> String {
    var generator = SeededGenerator(seed: seed)
    var text = ""
    while text.utf8.count < bytes {
      let length = 1 + generator.next(below: 20)
      let words = (0..<length).map { _ in
        "w\(generator.next(below: 1 + generator.next(below: 5000)))"
      }
      text += words.joined(separator: " ") + "\n"
    }
    return text
  }
}

extension Trait where Self == ConditionTrait {
  /// Runs the test only where the program was built.
  static var needsBinary: Self {
    .enabled(if: BuiltBinary.isBuilt, "\(BuiltBinary.absent)")
  }
}
