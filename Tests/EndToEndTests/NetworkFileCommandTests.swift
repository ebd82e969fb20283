import Foundation
import TestSupport
import Testing

@Suite("gramdex export and import of networks", .needsBinary)
struct NetworkFileCommandTests {
  private let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  /// An index with a network named elman.
  private func train() throws -> String {
    let index = try workshop.mustBuild(Texts.small)
    let text = try workshop.folder.write("text.txt", Texts.small)
    let outcome = try BuiltBinary.run(
      "train",
      index,
      text,
      "--valid",
      text,
      "--architecture",
      "elman",
      "--softmax",
      "full",
      "--hidden",
      "8",
      "--epochs",
      "2",
      "--threads",
      "1"
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
    return index
  }

  private func run(_ arguments: String...) throws -> ProcessOutcome {
    try BuiltBinary.run(arguments)
  }

  @Test(arguments: [[], ["--names", "pytorch"]])
  func `a network goes out and comes in again`(names: [String]) throws {
    let index = try train()
    let (path, text) = (
      workshop.folder.path("net.safetensors"), workshop.folder.path("text.txt")
    )
    let exported = try BuiltBinary.run(
      ["export", index, "--model", "elman", "-o", path] + names
    )
    #expect(exported.exitCode == 0 && exported.outputText.isEmpty, "\(exported)")
    #expect(exported.errorText.contains("tensors to \(path)"))
    let imported = try run("import", path, "-o", index, "--name", "again")
    #expect(imported.exitCode == 0, "\(imported)")
    #expect(imported.outputText.contains("model again, elman, 8 units, full softmax"))
    func perplexity(_ model: String) throws -> String {
      let outcome = try run("query", index, text, "--model", model, "--json")
      try #require(outcome.exitCode == 0, "\(outcome)")
      return outcome.outputText.replacing("\"\(model)\"", with: "")
    }
    #expect(try perplexity("again") == perplexity("elman"))
    #expect(try run("verify", index).exitCode == 0)
    let taken = try run("import", path, "-o", index, "--name", "again")
    #expect(taken.exitCode == 64 && taken.errorText.contains("--replace"), "\(taken)")
    #expect(try run("import", path, "-o", index, "--name", "again", "--replace").exitCode == 0)
  }

  @Test(arguments: [
    ("\\\"clip\\\":5", "\\\"clip\\\":-5", "clip"),
    ("\\\"steps\\\":35", "\\\"steps\\\":0", "bptt"),
    ("{\\\"architecture\\\":\\\"elman", "{\\\"architecture\\\":\\\"other", "architecture"),
    ("\\\"isTied\\\":false", "\\\"isTied\\\":true", "tied"),
  ])
  func `a file that says what cannot be is refused`(
    old: String,
    new: String,
    part: String
  ) throws {
    let index = try train()
    let path = workshop.folder.path("net.safetensors")
    #expect(try run("export", index, "--model", "elman", "-o", path).exitCode == 0)
    let file = try Data(contentsOf: URL(filePath: path))
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = String(decoding: file[8..<8 + length], as: UTF8.self)
    let changed = Data(header.replacing(old, with: new).utf8)
    try #require(changed != Data(header.utf8))
    let size = (0..<8).map { UInt8(truncatingIfNeeded: changed.count >> (8 * $0)) }
    let odd = workshop.folder.path("odd.safetensors")
    try (Data(size) + changed + file[(8 + length)...]).write(to: URL(filePath: odd))
    let outcome = try run("import", odd, "-o", index, "--name", "odd")
    #expect(outcome.exitCode == 65 && outcome.errorText.contains(part), "\(outcome)")
  }

  @Test func `what does not go together is refused`() throws {
    let index = try train()
    let path = workshop.folder.path("net.safetensors")
    #expect(try run("export", index, "--model", "elman", "-o", path).exitCode == 0)
    for (arguments, part) in [
      (["export", index, "--model", "elman", "-o", "x.arpa"], "gramdex export"),
      (["export", index, "--model", "ngram", "-o", path], "is an n-gram model"),
      (["export", index, "-o", "x.arpa", "--names", "pytorch"], "--names"),
      (["export", index, "--model", "elman", "-o", path, "--classes", "x"], "--classes"),
      (["import", path, "-o", index, "--strict"], "--strict"),
      (["import", path, "-o", index, "--lowercase"], "tokenizer"),
      (["import", path, "-o", index, "--options", "x"], "--words"),
      (["import", "x.arpa", "-o", index, "--name", "x"], "--name"),
    ] {
      let outcome = try BuiltBinary.run(arguments)
      #expect(outcome.exitCode == 64 && outcome.errorText.contains(part), "\(outcome)")
    }
    let noNetwork = try workshop.folder.write("x.safetensors", "no network at all")
    let damaged = try run("import", noNetwork, "-o", index)
    #expect(damaged.exitCode == 65, "\(damaged)")
    let nowhere = try run("import", path, "-o", workshop.folder.path("nowhere"))
    #expect(nowhere.exitCode == 74, "\(nowhere)")
  }
}
