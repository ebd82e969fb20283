import Foundation
import TestSupport
import Testing

@Suite("gramdex filter-text", .needsBinary)
struct FilterTextTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
    try workshop.mustBuild(Texts.random(bytes: 60_000), "index", ["--order", "3"])
  }

  private struct Document: Codable {
    var id: Int
    var text: String
    var perplexity: Double?
  }

  /// JSON lines of random documents.
  private func documents(_ count: Int) throws -> String {
    let lines = Texts.random(bytes: count * 120, seed: 3).split(separator: "\n").map(String.init)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try (0..<count).map { number in
      let text = (0...number % 3).map { lines[(number * 7 + $0) % lines.count] }
      let document = Document(id: number, text: text.joined(separator: "\n"))
      return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    }.joined()
  }

  private func filter(_ flags: [String], input: String? = nil) throws -> ProcessOutcome {
    var setting = BuiltBinary.Setting()
    if let input { setting.input = .data(Data(input.utf8)) }
    return try BuiltBinary.run(["filter-text", workshop.index()] + flags, setting: setting)
  }

  @Test
  func `gives the same bytes for any threads, memory and packing`() throws {
    let text = try documents(3000)
    let path = try workshop.folder.write("in.jsonl", text)
    let flags = ["--json-field", "text", "--keep", "head", "--keep", "tail", "--sample", "400"]
    let reference = try filter([path] + flags + ["--threads", "1", "--memory", "1G"])
    try #require(reference.exitCode == 0, "\(reference)")
    let kept = reference.outputText.split(separator: "\n")
    #expect(kept.count > 1500 && kept.count < 2500)
    for more in [["--threads", "2", "--memory", "16M"], ["--threads", "3", "--memory", "64M"]] {
      let outcome = try filter([path] + flags + more)
      #expect(outcome.output == reference.output)
      #expect(outcome.errorText == reference.errorText)
    }
    for ending in ["gz", "zst"] {
      let packed = workshop.folder.path("out.\(ending)")
      let outcome = try filter([path] + flags + ["--output", packed])
      #expect(outcome.exitCode == 0, "\(outcome)")
      #expect(outcome.output.isEmpty)
      // What was written can be read: everything in it lies in the parts that were kept, with the same score.
      let again = try filter([packed, "--json-field", "text"])
      #expect(again.output == reference.output, "\(ending)")
    }
  }

  @Test
  func `takes thresholds from the summary of an earlier run, also for standard input`() throws {
    let text = try documents(600)
    let path = try workshop.folder.write("in.jsonl", text)
    let parts = workshop.folder.path("parts")
    let summary = workshop.folder.path("summary.json")
    let outcome = try filter([
      path, "--json-field", "text", "--split", parts, "--packing", "zstd", "--summary", summary,
    ])
    try #require(outcome.exitCode == 0, "\(outcome)")
    #expect(
      workshop.folder.listing("parts") == ["head.jsonl.zst", "middle.jsonl.zst", "tail.jsonl.zst"]
    )
    var total = 0
    for part in ["head", "middle", "tail"] {
      let whole = try filter(["\(parts)/\(part).jsonl.zst", "--json-field", "text"])
      let piped = try filter(
        ["-", "--json-field", "text", "--keep", part, "--thresholds", summary],
        input: text
      )
      #expect(piped.output == whole.output, "\(piped)")
      total += whole.outputText.split(separator: "\n").count
    }
    #expect(total == 600)
    let wrong = try filter(
      ["-", "--json-field", "text", "--keep", "head", "--thresholds", summary, "--per", "byte"],
      input: text
    )
    #expect(wrong.exitCode == 65)
    #expect(wrong.errorText.contains("no thresholds of perplexities per byte"))
  }

  @Test
  func `shows a distribution and writes no document`() throws {
    let path = try workshop.folder.write("in.jsonl", try documents(300))
    let text = try filter([path, "--json-field", "text", "--histogram"])
    #expect(text.exitCode == 0)
    #expect(text.outputText.hasPrefix("perplexity"))
    #expect(text.outputText.contains("share below"))
    struct Distribution: Decodable {
      struct Quantile: Decodable {
        var share: Double
        var perplexity: Double
      }
      var documents: Int
      var quantiles: [Quantile]
    }
    let json = try filter([path, "--json-field", "text", "--histogram", "--json"])
    let found = try json.json(Distribution.self)
    #expect(found.documents == 300)
    #expect(found.quantiles.map(\.perplexity) == found.quantiles.map(\.perplexity).sorted())
  }

  @Test(arguments: [
    (["--minimum-perplexity", "9", "--maximum-perplexity", "3"], "no perplexity is between"),
    (["--minimum-perplexity", "9", "--keep", "head"], "exclude each other"),
    (["--quantiles", "0.2,0.5"], "--keep or --split"),
    (["--keep", "head", "--quantiles", "0.5"], "are no quantiles"),
    (["--split", "x", "-o", "y"], "--split and --output exclude each other"),
    (["--json"], "--json is about --histogram"),
    (["--histogram", "--split", "x"], "--split and --histogram exclude each other"),
    (["--histogram", "-o", "y"], "--output and --histogram exclude each other"),
    (["--histogram", "--keep", "head"], "--keep and --histogram exclude each other"),
    (["--histogram", "--maximum-perplexity", "9"], "and --histogram exclude each other"),
    (["--paragraphs", "--json-field", "text"], "--paragraphs is about plain text"),
  ])
  func `refuses flags that make no sense`(flags: [String], message: String) throws {
    let outcome = try filter(["x"] + flags)
    #expect(outcome.exitCode == 64, "\(outcome)")
    #expect(outcome.errorText.contains(message), "\(outcome)")
    #expect(outcome.output.isEmpty)
  }

  @Test
  func `names the first document without a score where none may be passed over`() throws {
    let path = try workshop.folder.write("in.jsonl", "{\"text\": \"w1\"}\n{\"text\": 1}\n")
    let target = workshop.folder.path("out.jsonl")
    let outcome = try filter([path, "--json-field", "text", "--on-error", "fail", "-o", target])
    #expect(outcome.exitCode == 65)
    #expect(outcome.errorText.contains("in.jsonl, line 2: there is no text in the field"))
    #expect(!FileManager.default.fileExists(atPath: target))
    let dropped = try filter([path, "--json-field", "text"])
    #expect(dropped.errorText.contains("1 have no text in the field, the first in \(path), line 2"))
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `leaves nothing behind when it is interrupted`(signal: Int32) throws {
    var setting = BuiltBinary.Setting()
    setting.input = .pipe
    setting.timeoutSeconds = 20
    let process = try BuiltBinary.start(
      ["filter-text", workshop.index(), "-", "-o", workshop.folder.path("kept.txt")],
      setting: setting
    )
    try process.write("some text\n")
    var checks = 0
    process.wait {
      checks += 1
      return checks > 200
    }
    process.send(signal: signal)
    let outcome = try process.wait()
    #expect(outcome.exitCode == 128 + signal, "\(outcome)")
    #expect(!workshop.folder.listing().contains { $0.contains("kept") || $0.contains("tmp") })
  }

  @Test
  func `keeps to its memory`() throws {
    let path = try workshop.folder.write("in.jsonl", try documents(30_000))
    let process = try BuiltBinary.start([
      "filter-text", workshop.index(), path, "--json-field", "text", "--memory", "32M", "-o",
      workshop.folder.path("out"),
    ])
    var peak: UInt64 = 0
    process.wait {
      peak = max(peak, process.anonymousBytes)
      return false
    }
    #expect(try process.wait().exitCode == 0)
    #expect(peak > 0 && peak <= 32 << 20, "\(peak) bytes")
  }
}

@Suite("gramdex with a SentencePiece model", .needsBinary)
struct SentencePieceCommandTests {
  let workshop: Workshop
  let model: String

  init() throws {
    workshop = try Workshop()
    model = SharedData.package.appending(path: "pipelines/demo/sample.model").path
    try workshop.mustBuild(Texts.english, "index", flags)
  }

  private var flags: [String] {
    ["--order", "3", "--tokenizer", "sentencepiece", "--tokenizer-model", model]
  }

  private func run(_ arguments: String...) throws -> ProcessOutcome {
    try BuiltBinary.run(arguments)
  }

  @Test
  func `needs nothing but the index afterwards`() throws {
    let moved = workshop.folder.path("elsewhere")
    try FileManager.default.moveItem(atPath: workshop.index(), toPath: moved)
    let query = try run("query", moved, "--text", "it was a dark night")
    #expect(query.exitCode == 0, "\(query)")
    #expect(query.outputText.hasPrefix("\u{2581}"))
    let count = try run("count", moved, "it was")
    #expect(count.exitCode == 0)
    #expect(!count.outputText.hasSuffix("\t0\n"), "\(count)")
    let info = try run("info", moved)
    #expect(info.outputText.contains("tokenizer: sentencepiece, model "))
    let verify = try run("verify", moved)
    #expect(verify.exitCode == 0, "\(verify)")
    let text = try workshop.folder.write("text.txt", Texts.english)
    for command in [["perplexity", moved, text], ["filter-text", moved, text]] {
      let outcome = try BuiltBinary.run(command)
      #expect(outcome.exitCode == 0, "\(outcome)")
    }
    let arpa = workshop.folder.path("model.arpa")
    _ = try run("export", moved, "-o", arpa)
    let imported = try BuiltBinary.run(
      ["import", arpa, "-o", workshop.index("back"), "--tokenizer", "sentencepiece"]
        + ["--tokenizer-model", model]
    )
    #expect(imported.exitCode == 0, "\(imported)")
    let again = try run("query", workshop.index("back"), "--text", "it was a dark night")
    #expect(again.output == query.output)
  }

  @Test
  func `gives the same bytes from a job file, with any threads`() throws {
    let text = try workshop.folder.write("index.txt", Texts.english)
    let job = try workshop.folder.write(
      "job.yaml",
      """
      inputs: \(text)
      order: 3
      threads: 1
      tokenizer: {kind: sentencepiece, model: \(model)}
      output: job
      """
    )
    let outcome = try run("run", job)
    #expect(outcome.exitCode == 0, "\(outcome)")
    func files(_ name: String) throws -> [String: Data] {
      try workshop.contents(of: name).filter { $0.key != "MANIFEST" }
    }
    #expect(try files("job").count == 2)
    #expect(try files("job") == files("index"))
  }

  @Test
  func `replaces the model with its index, and goes back to both`() throws {
    let before = try workshop.contents()
    let plain = try workshop.build(Texts.english, "index", ["--replace", "--keep-previous"])
    #expect(plain.exitCode == 0)
    #expect(workshop.files().contains { $0.hasSuffix(".model") })
    #expect(try run("roll-back", workshop.index()).exitCode == 0)
    #expect(try run("query", workshop.index(), "--text", "it was").outputText.hasPrefix("\u{2581}"))
    _ = try workshop.build(Texts.english, "index", ["--replace"])
    #expect(!workshop.files().contains { $0.hasSuffix(".model") })
    _ = try workshop.build(Texts.english, "index", ["--replace"] + flags)
    #expect(
      try workshop.contents().filter { $0.key.hasSuffix(".model") }
        == before.filter { $0.key.hasSuffix(".model") }
    )
  }

  @Test
  func `says so when the model is damaged or gone`() throws {
    let name = try #require(workshop.files().first { $0.hasSuffix(".model") })
    let path = workshop.index() + "/" + name
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: path))
    for command in ["query", "perplexity", "info"] {
      let outcome = try run(command, workshop.index(), command == "info" ? "--json" : "/dev/null")
      #expect(outcome.exitCode == 65, "\(outcome)")
      #expect(outcome.errorText.contains("\(name) is missing or damaged"), "\(outcome)")
    }
    try FileManager.default.removeItem(atPath: path)
    let verify = try run("verify", workshop.index())
    #expect(verify.exitCode == 1)
    #expect(verify.outputText.contains("is missing or damaged"))
    let bad = try workshop.folder.write("bad.model", "no model")
    let refused = try BuiltBinary.run(
      ["build", "/dev/null", "-o", workshop.index("x"), "--tokenizer", "sentencepiece"]
        + ["--tokenizer-model", bad]
    )
    #expect(refused.exitCode == 65)
    #expect(refused.errorText.contains("the SentencePiece model \(bad) cannot be used"))
    #expect(!FileManager.default.fileExists(atPath: workshop.index("x")))
  }
}

extension Texts {
  /// The first lines of the sample.
  static let english: String = {
    let path = SharedData.package.appending(path: "pipelines/demo/sample.train.txt")
    let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").prefix(1500).map { $0 + "\n" }.joined()
  }()
}
