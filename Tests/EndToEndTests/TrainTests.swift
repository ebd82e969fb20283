import Foundation
import TestSupport
import Testing

@Suite("gramdex train", .needsBinary)
struct TrainTests {
  static let networks: [[String]] = [
    ["--architecture", "lstm", "--softmax", "full", "--layers", "2"],
    ["--architecture", "lstm", "--softmax", "noise", "--noise-samples", "20"],
    ["--architecture", "gru", "--softmax", "full", "--precision", "float32"],
    ["--architecture", "elman", "--softmax", "noise", "--activation", "tanh"],
    ["--architecture", "irnn", "--softmax", "full", "--optimizer", "adam"],
    ["--architecture", "feed-forward", "--softmax", "classes", "--classes", "5"],
    ["--architecture", "elman", "--softmax", "adaptive", "--cutoffs", "8,16"],
    [
      "--softmax", "full", "--tie", "--embedding", "32", "--maxent-order", "3", "--maxent-bits",
      "12",
    ],
    [
      "--softmax", "noise", "--tie", "--embedding", "32", "--maxent-order", "2", "--maxent-bits",
      "10",
    ],
  ]

  @Test(arguments: networks)
  func `any number of threads gives the same bytes`(flags: [String]) throws {
    let here = try TrainWorkshop()
    let flags = ["--hidden", "32", "--embedding", "24", "--lanes", "20", "--epochs", "2"] + flags
    try here.mustTrain("model", flags + ["--threads", "1"])
    let reference = try #require(try here.model("model"))
    for threads in ["2", "3"] {
      try here.mustTrain("model", flags + ["--threads", threads, "--replace"])
      #expect(try here.model("model") == reference, "\(threads) threads")
    }
    let check = try BuiltBinary.run("verify", here.index)
    #expect(check.exitCode == 0, "\(check)")
  }

  @Test(arguments: [
    ["--optimizer", "sgd"], ["--optimizer", "adagrad"], ["--optimizer", "adam"],
    ["--optimizer", "adagrad", "--softmax", "full"], ["--optimizer", "sgd", "--softmax", "full"],
    ["--sentence-state", "reset"], ["--dropout", "0"], ["--layers", "2"],
    ["--architecture", "gru"], ["--architecture", "elman"], ["--architecture", "irnn"],
    ["--architecture", "elman", "--activation", "relu"],
    ["--architecture", "feed-forward", "--order", "3"],
    ["--architecture", "feed-forward", "--order", "4", "--tie", "--softmax", "full"],
    ["--architecture", "feed-forward", "--order", "3", "--tie", "--softmax", "noise"],
    ["--architecture", "feed-forward", "--order", "3", "--direct-connections"],
    ["--tie", "--softmax", "full"], ["--tie"],
    ["--softmax", "classes", "--classes", "6"], ["--softmax", "adaptive", "--cutoffs", "10"],
    ["--maxent-order", "3", "--maxent-bits", "14"],
  ])
  func `learns`(flags: [String]) throws {
    let here = try TrainWorkshop()
    let summary = try here.mustTrain(
      "model",
      ["--hidden", "32", "--lanes", "4", "--bptt", "8", "--epochs", "6", "--noise-samples", "64"]
        + flags
    )
    // The sentences' own perplexity is near 3, that of their unigrams near 14.
    let best = try #require(summary.developmentPerplexities.min())
    #expect(best < 6, "\(summary.developmentPerplexities)")
    #expect(summary.developmentPerplexities[summary.bestEpoch - 1] == best)
    #expect(summary.epochSeconds.count == summary.developmentPerplexities.count)
  }

  @Test func `learns five sentences by heart`() throws {
    let text = """
      one two three four five
      six seven eight nine
      red green blue
      north south east west
      spring summer autumn winter

      """
    let here = try TrainWorkshop(text, development: text)
    let summary = try here.mustTrain(
      "model",
      ["--hidden", "32", "--softmax", "full", "--dropout", "0", "--lanes", "1", "--bptt", "30"]
        + ["--epochs", "150", "--threshold", "0", "--optimizer", "adam", "--rate", "0.01"]
    )
    #expect(try #require(summary.developmentPerplexities.min()) < 1.1)
  }

  @Test func `a seed decides, and only the seed`() throws {
    let here = try TrainWorkshop()
    for (name, seed) in [("a", "1"), ("b", "1"), ("c", "2")] {
      try here.mustTrain(name, TrainWorkshop.small + ["--epochs", "1", "--seed", seed])
    }
    let models = try ["a", "b", "c"].map { try #require(try here.model($0)) }
    // Equal to the last byte: names of models are not in their files.
    #expect(models[0] == models[1])
    #expect(models[0] != models[2])
  }

  @Test(arguments: ["word\n", "a b\n", "a\nb\nc\n", "the cat sat on the mat\n"])
  func `of a text that is shorter than its lanes`(text: String) throws {
    let here = try TrainWorkshop(text, development: text)
    let summary = try here.mustTrain("model", ["--hidden", "8", "--epochs", "3"])
    #expect(
      summary.tokens == text.split(whereSeparator: \.isWhitespace).count
        + text.count { $0 == "\n" }
    )
    #expect(summary.developmentPerplexities.allSatisfy { $0.isFinite })
  }

  @Test func `reads plain, gzip, zstd, JSON lines and standard input alike`() throws {
    let here = try TrainWorkshop()
    let flags = ["--epochs", "1", "--replace", "--name", "model"]
    func train(_ texts: [String], valid: String? = nil, input: Data? = nil) throws -> Data? {
      var setting = BuiltBinary.Setting()
      if let input { setting.input = .data(input) }
      let outcome = try BuiltBinary.run(
        ["train", here.index, "--valid", valid ?? here.development] + texts + flags
          + TrainWorkshop.small,
        setting: setting
      )
      try #require(outcome.exitCode == 0, "\(outcome)")
      return try here.model("model")
    }
    let reference = try train([here.text])
    let plain = try Data(contentsOf: URL(filePath: here.text))
    #expect(try train(["-"], input: plain) == reference)
    for packer in ["gzip", "zstd"] {
      try Subprocess.output(of: "/usr/bin/env", [packer, "-q", "-k", here.text])
    }
    #expect(try train([here.text + ".gz"]) == reference)
    #expect(try train([here.text + ".zst"]) == reference)
    // The field is that of the development text, too.
    func asJSON(_ path: String, _ name: String) throws -> String {
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      let objects = lines.map { "{\"text\": \"\($0)\"}\n" }.joined()
      return try here.workshop.folder.write(name, objects)
    }
    let json = try asJSON(here.text, "text.jsonl")
    let jsonValid = try asJSON(here.development, "valid.jsonl")
    #expect(try train([json, "--json-field", "text"], valid: jsonValid) == reference)
    #expect(
      try train(["--files-from", here.workshop.folder.write("names", here.text + "\n")])
        == reference
    )
  }

  @Test func `says what is wrong, and leaves the index alone`() throws {
    let here = try TrainWorkshop()
    let before = try here.workshop.contents()
    let empty = try here.workshop.folder.write("empty.txt", "\n\n")
    let cases: [(Int32, [String], String)] = [
      (74, ["train", here.index, "missing.txt", "--valid", here.development], "missing.txt"),
      (74, ["train", here.index, here.text, "--valid", "missing.txt"], "missing.txt"),
      (65, ["train", here.index, empty, "--valid", here.development], "no sentence"),
      (65, ["train", here.index, here.text, "--valid", empty], "no sentence"),
      (74, ["train", here.index + "x", here.text, "--valid", here.development], "no index"),
      (64, ["train", here.index, here.text], "--valid"),
      (
        64, here.arguments("ngram", []), "is an n-gram model, which a neural model does not replace"
      ),
      (64, here.arguments(".", []), "--name"),
      (64, here.arguments("..", []), "--name"),
      (64, here.arguments("m", ["--seed", "18446744073709551615"]), "--seed"),
      (64, here.arguments("../x", []), "../x"),
      (64, here.arguments("m", ["--memory", "32M", "--hidden", "2000"]), "needs"),
      (
        64, here.arguments("m", ["--hidden", "65536", "--layers", "64", "--lanes", "65536"]),
        "needs"
      ),
      (64, here.arguments("m", ["--hidden", "9999999999"]), "--hidden"),
      (64, here.arguments("m", ["--lanes", "9223372036854775807"]), "--lanes"),
      (64, here.arguments("m", ["--epochs", "9223372036854775807"]), "--epochs"),
      (64, here.arguments("m", ["--clip", "inf"]), "--clip"),
      (64, here.arguments("m", ["--clip", "nan"]), "--clip"),
      (64, here.arguments("m", ["--rate", "nan"]), "--rate"),
      (64, here.arguments("m", ["--dropout", "nan"]), "--dropout"),
      (64, here.arguments("m", ["--identity-scale", "inf"]), "--identity-scale"),
      (64, here.arguments("m", ["--checkpoint-every", "0"]), "checkpoint-every"),
      (64, here.arguments("m", ["--checkpoint-every", "nans"]), "checkpoint-every"),
      (64, here.arguments("m", ["--resume", "--restart"]), "exclude"),
      (64, here.arguments("m", ["--threads", "0"]), "--threads"),
      (64, here.arguments("m", ["--threads=-1"]), "--threads"),
      (64, here.arguments("m", ["--activation", "tanh"]), "--activation"),
      (64, here.arguments("m", ["--order", "3"]), "--order"),
      (64, here.arguments("m", ["--identity-scale", "0.5"]), "--identity-scale"),
      (64, here.arguments("m", ["--layers", "2", "--architecture", "feed-forward"]), "--layers"),
      (64, ["train", here.index, "-", "--valid", "-"], "only once"),
    ]
    for (code, arguments, part) in cases {
      let outcome = try BuiltBinary.run(arguments)
      #expect(outcome.exitCode == code, "\(arguments): \(outcome)")
      #expect(outcome.errorText.contains(part), "\(arguments): \(outcome)")
      #expect(outcome.outputText.isEmpty)
    }
    #expect(try here.workshop.contents() == before)
  }

  @Test func `warns of a text that is none`() throws {
    let here = try TrainWorkshop()
    var generator = SeededGenerator(seed: 4)
    let noise = Data((0..<5000).map { _ in UInt8(generator.next(below: 256)) })
    let path = here.workshop.folder.path("noise.txt")
    try noise.write(to: URL(filePath: path))
    for arguments in [
      ["train", here.index, here.text, path, "--valid", here.development],
      ["train", here.index, here.text, "--valid", path],
    ] {
      let outcome = try BuiltBinary.run(
        arguments + ["--epochs", "1", "--replace"] + TrainWorkshop.small
      )
      #expect(outcome.errorText.contains("looks like no text"), "\(outcome)")
    }
  }

  @Test func `replaces a model only when it is told to`() throws {
    let here = try TrainWorkshop()
    try here.mustTrain("model", TrainWorkshop.small + ["--epochs", "1"])
    let before = try here.model("model")
    let refused = try here.train("model", TrainWorkshop.small + ["--epochs", "1"])
    #expect(refused.exitCode == 64 && refused.errorText.contains("model"), "\(refused)")
    #expect(try here.model("model") == before)
    try here.mustTrain(
      "model",
      TrainWorkshop.small + ["--epochs", "1", "--replace", "--seed", "5", "--keep-previous"]
    )
    let undone = try BuiltBinary.run("roll-back", here.index)
    #expect(undone.exitCode == 0, "\(undone)")
    let info = try BuiltBinary.run("info", here.index)
    #expect(info.exitCode == 0 && info.outputText.contains("lstm"), "\(info)")
  }

  @Test func `stops when numbers explode, and says what to do`() throws {
    let here = try TrainWorkshop()
    let before = try here.workshop.contents()
    let wild = ["--softmax", "full", "--optimizer", "sgd", "--clip", "1e30"] + TrainWorkshop.small
    let outcome = try here.train(
      "model",
      wild + ["--rate", "10000", "--checkpoint-every", "1", "--architecture", "irnn"]
    )
    #expect(outcome.exitCode == 65, "\(outcome)")
    #expect(outcome.errorText.contains("exploded") && outcome.errorText.contains("--rate"))
    for (name, contents) in before {
      #expect(try Data(contentsOf: URL(filePath: here.index + "/" + name)) == contents)
    }
  }

  @Test func `goes on from the last checkpoint before an explosion with a lower rate`() throws {
    let here = try TrainWorkshop()
    let calm =
      ["--softmax", "full", "--optimizer", "sgd", "--checkpoint-every", "5"]
      + TrainWorkshop.small
    let process = try here.start("model", calm + ["--epochs", "50", "--threshold", "0"])
    process.wait { here.training("model").contains("last.safetensors") }
    process.send(signal: SIGKILL)
    _ = try process.wait()
    let exploded = try here.train(
      "model",
      calm + ["--epochs", "50", "--rate", "1e9", "--clip", "1e30", "--resume"]
    )
    #expect(exploded.exitCode == 65, "\(exploded)")
    #expect(exploded.errorText.contains("checkpoint was kept"), "\(exploded)")
    #expect(here.training("model").contains("last.safetensors"))
    #expect(try here.model("model") == nil)
  }

  @Test func `one thread of its own for each that it was given`() throws {
    #if os(Linux)
      let here = try TrainWorkshop(TrainTexts.sentences(5000))
      var counts: [Int: Int] = [:]
      for threads in [1, 3] {
        let process = try here.start(
          "model",
          ["--epochs", "1000", "--threads", "\(threads)", "--checkpoint-every", "1"]
        )
        process.wait { here.training("model").contains("last.safetensors") }
        let tasks = "/proc/\(process.identifier)/task"
        counts[threads] = try FileManager.default.contentsOfDirectory(atPath: tasks).count
        process.send(signal: SIGKILL)
        _ = try process.wait()
        try? FileManager.default.removeItem(atPath: here.index + "/training")
      }
      // Threads of the program itself (signals, timers) come and go.
      let one = try #require(counts[1])
      let three = try #require(counts[3])
      #expect(one <= 6 && three <= one + 4, "\(counts)")
    #endif
  }

  @Test func `draws curves`() throws {
    let here = try TrainWorkshop()
    let curves = here.workshop.folder.path("curves")
    let summary = try here.mustTrain(
      "model",
      TrainWorkshop.small + ["--epochs", "3", "--threshold", "0", "--curves", curves]
    )
    let table = try String(contentsOfFile: curves + ".csv", encoding: .utf8)
    let rows = table.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(rows.count > 3 && rows.allSatisfy { $0.count == rows[0].count })
    let last = try #require(rows[0].firstIndex(of: "development_perplexity"))
    let perplexities = rows.dropFirst().compactMap { Double($0[last]) }
    #expect(perplexities == summary.developmentPerplexities)
    let drawing = try String(contentsOfFile: curves + ".svg", encoding: .utf8)
    #expect(drawing.hasPrefix("<svg ") && drawing.hasSuffix("</svg>\n"))
    #expect(drawing.contains("<polyline") && drawing.contains("development text"))
    #expect(!drawing.contains("nan") && !drawing.contains("inf"))
    let unwritable = try here.train("other", ["--curves", "/nowhere/curves"])
    #expect(unwritable.exitCode == 74, "\(unwritable)")
  }
}
