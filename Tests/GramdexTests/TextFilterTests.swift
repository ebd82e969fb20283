import Foundation
import GramdexCore
import GramdexScoring
import TestSupport
import Testing

@testable import Gramdex
@testable import GramdexText

/// Filters against a naive reading: whole files in memory, one document after the other, with Foundation's JSON.
@Suite("Filtering text")
struct TextFilterTests {
  private let folder: TemporaryFolder
  private let model: NGramModel

  init() throws {
    folder = try TemporaryFolder()
    let text = try String(
      contentsOf: SharedData.package.appending(path: "pipelines/demo/sample.train.txt"),
      encoding: .utf8
    )
    let lines = text.split(separator: "\n").prefix(600).joined(separator: "\n")
    var options = BuildOptions(inputs: [try folder.write("train.txt", lines)])
    options.order = 3
    options.memoryBytes = 64 << 20
    options.threads = 1
    try IndexBuilder.build(options, to: folder.path("index"))
    model = try NGramModel.open(folder.path("index"))
  }

  /// Documents of one to four lines of the sample, some with odd things in them.
  private static let documents: [String] = {
    let text = try? String(
      contentsOf: SharedData.package.appending(path: "pipelines/demo/sample.test.txt"),
      encoding: .utf8
    )
    let lines = (text ?? "").split(separator: "\n").map(String.init)
    var generator = SeededGenerator(seed: 5)
    return (0..<120).map { number in
      let start = generator.next(below: lines.count - 4)
      var document = lines[start...start + generator.next(below: 4)].joined(separator: "\n")
      if number % 7 == 0 { document += "\n\n\"quoted\" \\ tab\t\u{1F600} é\n" }
      return document
    }
  }()

  private func json(_ documents: [String]) -> String {
    documents.enumerated().map { number, document in
      let object: [String: Any] = ["id": number, "meta": ["body": document]]
      let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
      return String(decoding: data ?? Data(), as: UTF8.self)
    }.joined(separator: "\n") + "\n"
  }

  private func options(_ path: String, json: Bool = true) -> FilterOptions {
    var options = FilterOptions(inputs: [path])
    options.jsonField = json ? "meta.body" : nil
    options.output = .file(folder.path("out"))
    options.memoryBytes = 64 << 20
    options.threads = 2
    return options
  }

  private func lines(_ name: String = "out") throws -> [String] {
    try String(contentsOfFile: folder.path(name), encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
  }

  @Test(arguments: ScoreUnit.allCases)
  func `keeps what lies in the window, in order, with the perplexity of perplexity`(unit: ScoreUnit)
    throws
  {
    let scores = Self.documents.map { document -> Double in
      let report = model.perplexity(of: document)
      return switch unit {
      case .token: report.perplexity
      case .character: pow(2, report.bitsPerCharacter)
      case .byte: pow(2, report.bitsPerByte)
      }
    }
    let sorted = scores.sorted()
    var options = options(try folder.write("in.jsonl", json(Self.documents)))
    options.unit = unit
    options.selection = .window(minimum: sorted[30] - 1e-9, maximum: sorted[90] + 1e-9)
    let summary = try TextFilter.run(options, model: model)
    let kept = scores.indices.filter { scores[$0] >= sorted[30] && scores[$0] <= sorted[90] }
    #expect(summary.documents == 120)
    #expect(summary.kept == 61)
    #expect(summary.below == 30 && summary.above == 29)
    let found = try lines().map { line -> (id: Int, perplexity: Double, body: String) in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      let meta = object?["meta"] as? [String: Any]
      return (
        object?["id"] as? Int ?? -1, object?["perplexity"] as? Double ?? -1,
        meta?["body"] as? String ?? ""
      )
    }
    #expect(found.map(\.id) == kept)
    for (found, index) in zip(found, kept) {
      // Six digits are written.
      #expect(abs(found.perplexity / scores[index] - 1) < 1e-5)
      #expect(found.body == Self.documents[index])
    }
  }

  @Test
  func `parts the corpus at quantiles of its perplexities`() throws {
    let scores = Self.documents.map { model.perplexity(of: $0).perplexity }
    let sorted = scores.sorted()
    var options = options(try folder.write("in.jsonl", json(Self.documents)))
    options.selection = .parts(CorpusPart.allCases)
    options.quantiles = [0.25, 0.6]
    options.scoreField = nil
    options.output = .folder(folder.path("parts"), suffix: ".jsonl")
    let summary = try TextFilter.run(options, model: model)
    #expect(summary.sampleDocuments == 120)
    for (found, expected) in zip(summary.thresholds, [sorted[30], sorted[72]]) {
      #expect(abs(found / expected - 1) < 1e-9)
    }
    #expect(summary.parts == ["head": 30, "middle": 42, "tail": 48])
    let all = json(Self.documents).split(separator: "\n").map(String.init)
    for (part, range) in [("head", 0..<30), ("middle", 30..<72), ("tail", 72..<120)] {
      let wanted = Set(scores.indices.sorted { scores[$0] < scores[$1] }[range])
      #expect(
        try lines("parts/\(part).jsonl") == all.indices.filter(wanted.contains).map { all[$0] }
      )
    }
    // Thresholds that were found can be given.
    options.thresholds = summary.thresholds
    options.selection = .parts([.middle])
    options.output = .file(folder.path("middle"))
    let again = try TextFilter.run(options, model: model)
    #expect(again.kept == 42 && again.sampleDocuments == 0)
    #expect(try lines("middle") == lines("parts/middle.jsonl"))
  }

  @Test
  func `takes the same uniform sample whatever the threads and blocks`() throws {
    let many = (0..<40).flatMap { _ in Self.documents }
    let path = try folder.write("in.jsonl", json(many))
    var options = options(path)
    options.sampleDocuments = 500
    var found: Set<ScoreDistribution> = []
    for (threads, memory) in [(1, 1 << 30), (2, 1 << 30), (3, 16 << 20)] {
      options.threads = threads
      options.memoryBytes = UInt64(memory)
      found.insert(try TextFilter.distribution(options, model: model))
    }
    #expect(found.count == 1)
    let sample = try #require(found.first)
    #expect(sample.documents == 500)
    options.sampleDocuments = nil
    let all = try TextFilter.distribution(options, model: model)
    #expect(all.documents == 4800)
    // 500 of 4,800: the share below the median is within 5 standard errors of a half.
    let median = try #require(sample.quantile(0.5))
    let scores = Self.documents.map { model.perplexity(of: $0).perplexity }
    let below = Double(scores.count { $0 < median }) / Double(scores.count)
    #expect(abs(below - 0.5) < 0.12)
  }

  @Test
  func `knows quantiles within a hundredth`() throws {
    let scores = Self.documents.map { model.perplexity(of: $0).perplexity }
    var distribution = ScoreDistribution()
    for score in scores { distribution.add(score) }
    let sorted = scores.sorted()
    for share in [0.1, 0.25, 0.5, 0.9] {
      let found = try #require(distribution.quantile(share))
      let place = Int(share * 120)
      #expect(found > sorted[place - 1] * 0.99 && found < sorted[place] * 1.01)
    }
    #expect(distribution.ranges.reduce(0) { $0 + $1.documents } == 120)
    #expect(distribution.minimum == sorted.first && distribution.maximum == sorted.last)
  }

  @Test
  func `reads paragraphs and lines as documents`() throws {
    let documents = Self.documents.map { document in
      document.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
        .joined(separator: "\n")
    }
    let path = try folder.write("in.txt", "\n\n" + documents.joined(separator: "\n\n \n"))
    var options = options(path, json: false)
    options.byParagraphs = true
    let scores = documents.map { model.perplexity(of: $0).perplexity }
    let limit = scores.sorted()[60]
    options.selection = .window(minimum: nil, maximum: limit * 1.0000001)
    let summary = try TextFilter.run(options, model: model)
    #expect(summary.documents == 120)
    let kept = documents.indices.filter { scores[$0] <= limit }.map { documents[$0] }
    let found = try String(contentsOfFile: folder.path("out"), encoding: .utf8)
    #expect(found.split(separator: "\n\n").map { $0.trimmingCharacters(in: .newlines) } == kept)

    options.byParagraphs = false
    options.hasScoreColumn = true
    options.selection = .window(minimum: nil, maximum: nil)
    try folder.write("in.txt", documents.joined(separator: "\n") + "\n")
    let all = documents.joined(separator: "\n").split(separator: "\n").map(String.init)
    try TextFilter.run(options, model: model)
    let rows = try lines()
    #expect(rows.map { $0.drop { $0 != "\t" }.dropFirst() } == all.map { $0[...] })
    for (row, line) in zip(rows, all) {
      let score = Double(row.prefix { $0 != "\t" }) ?? 0
      #expect(abs(score / model.perplexity(of: line).perplexity - 1) < 1e-5)
    }
  }

  @Test(arguments: DocumentErrorPolicy.allCases)
  func `counts documents without a perplexity, and does with them as it is told`(
    policy: DocumentErrorPolicy
  ) throws {
    let text = """
      {"meta": {"body": "it was"}}
      {"meta": {"body": " \\n "}}

      {"meta": 7}
      {"meta": {"body": 7}}
      {"meta": {"body": "cut
      {"meta": {"body": "night"}}
      """
    var options = options(try folder.write("in.jsonl", text))
    options.onError = policy
    options.scoreField = nil
    if policy == .fail {
      #expect(throws: FilterError.document(path: folder.path("in.jsonl"), line: 2, problem: .empty))
      {
        try TextFilter.run(options, model: model)
      }
      #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
      return
    }
    let summary = try TextFilter.run(options, model: model)
    #expect(summary.documents == 6)
    #expect(summary.empty.documents == 1 && summary.empty.line == 2)
    #expect(summary.missing.documents == 2 && summary.missing.line == 4)
    #expect(summary.malformed.documents == 1 && summary.malformed.line == 6)
    let expected = text.split(separator: "\n").map(String.init)
    #expect(try lines() == (policy == .keep ? expected : [expected[0], expected[5]]))
  }

  @Test
  func `refuses options that make no sense`() {
    func error(_ change: (inout FilterOptions) -> Void) -> FilterError? {
      var options = FilterOptions(inputs: ["x"])
      change(&options)
      do throws(FilterError) {
        _ = try options.validated()
        return nil
      } catch {
        return error
      }
    }
    #expect(error { _ in } == nil)
    #expect(
      error { $0.selection = .window(minimum: 2, maximum: 1) }
        == .emptyWindow(minimum: 2, maximum: 1)
    )
    #expect(error { $0.output = .folder("x", suffix: "") } == .folderWithoutParts)
    #expect(error { $0.quantiles = [0.5, 0.2] } == .quantiles([0.5, 0.2]))
    #expect(error { $0.quantiles = [0.5] } == .quantiles([0.5]))
    #expect(error { $0.thresholds = [2, 1] } == .thresholds([2, 1]))
    #expect(
      error {
        $0.inputs = ["-"]
        $0.selection = .parts([.head])
      } == .sampleOfStandardInput
    )
    #expect(error { $0.sampleDocuments = 0 } == .emptySample)
    #expect(
      error {
        $0.byParagraphs = true
        $0.jsonField = "text"
      } == .paragraphsOfJSON
    )
    #expect(
      error {
        $0.hasScoreColumn = true
        $0.jsonField = "text"
      } == .scoreColumn
    )
    #expect(error { $0.memoryBytes = 1 } == .memory(1))
    #expect(error { $0.threads = 0 } == .threads(0))
  }
}

@Suite("Scores in JSON objects")
struct JSONFieldWriterTests {
  private func written(_ line: String, name: String = "ppl") throws -> String {
    let block = TextBlock(Array(line.utf8))
    var output: [UInt8] = []
    try JSONFieldWriter(name: name).append(
      Array("1.5".utf8),
      to: 0..<block.count,
      of: block,
      output: &output
    )
    return String(decoding: output, as: UTF8.self)
  }

  @Test
  func `come last, and leave every other byte alone`() throws {
    #expect(
      try written("{ \"a\" : [1, {\"ppl\": 2}] , \"b\":\"}\\u00e9\"}  \r\n")
        == "{ \"a\" : [1, {\"ppl\": 2}] , \"b\":\"}\\u00e9\",\"ppl\":1.5}  \r\n"
    )
  }

  @Test
  func `replace a value that is there`() throws {
    #expect(try written("{\"ppl\" : {\"x\": 1}, \"a\": 1}\n") == "{\"ppl\" : 1.5, \"a\": 1}\n")
    #expect(try written("{\"a\": 1, \"\\u0070pl\":null}\n") == "{\"a\": 1, \"\\u0070pl\":1.5}\n")
  }

  @Test
  func `have any name`() throws {
    #expect(try written("{\"a\":1}\n", name: "x.\"y\\") == "{\"a\":1,\"x.\\\"y\\\\\":1.5}\n")
    #expect(throws: TextError.self) { try JSONFieldWriter(name: "") }
  }

  @Test(arguments: [0.001234567, 1, 9.99999949, 145.0309699, 99999.96, 1_234_567.8, 1e30])
  func `have six digits or more`(value: Double) throws {
    let text = DocumentRenderer.number(value)
    let number = try #require(Double(text))
    #expect(abs(number / value - 1) < 5.1e-6)
    #expect(try JSONSerialization.jsonObject(with: Data("[\(text)]".utf8)) is [Double])
  }
}
