import Foundation
import TestSupport
import Testing

@Suite("gramdex compare-softmax", .needsBinary)
struct CompareSoftmaxTests {
  private struct Table: Decodable {
    struct Row: Decodable {
      var softmax: String
      var classes: Int?
      var perplexity: Double
      var mixedPerplexity: Double
    }
    var rows: [Row]
    var ngramPerplexity: Double
  }

  private struct Report: Decodable {
    var perplexity: Double
  }

  let here: TrainWorkshop
  /// Training ends by itself, after epochs that were no better than the best.
  private let flags =
    ["--hidden", "16", "--lanes", "4", "--bptt", "8", "--epochs", "90", "--threshold", "0"]
    + ["--rate", "1", "--dropout", "0"]

  init() throws {
    here = try TrainWorkshop(
      TrainTexts.sentences(60),
      development: TrainTexts.sentences(60, seed: 2)
    )
  }

  private func perplexity(_ model: String) throws -> Double {
    let outcome = try BuiltBinary.run(
      ["perplexity", here.index, here.development, "--model", model, "--json"]
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
    return try outcome.json(Report.self).perplexity
  }

  private func compare(_ arguments: [String]) throws -> Table {
    let outcome = try BuiltBinary.run(
      ["compare-softmax", here.index] + arguments + flags + ["--json"]
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
    return try outcome.json(Table.self)
  }

  @Test func `tells what train and perplexity do, of the best epoch`() throws {
    let table = try compare(
      [here.text, "--valid", here.development, "--forms", "full", "--class-counts", "5"]
    )
    try #require(table.rows.count == 2)
    var isBestBeforeLast = false
    for (row, more) in zip(table.rows, [["full"], ["classes", "--classes", "5"]]) {
      let name = more[0]
      let trained = try here.mustTrain(name, flags + ["--softmax"] + more)
      if trained.bestEpoch < trained.developmentPerplexities.count { isBestBeforeLast = true }
      // Sums of the same numbers in another order.
      #expect(abs(row.perplexity / (try perplexity(name)) - 1) < 1e-4)
      #expect(abs(row.mixedPerplexity / (try perplexity("ngram:0.5,\(name):0.5")) - 1) < 1e-4)
    }
    // Otherwise the best epoch could not be told from the last one.
    #expect(isBestBeforeLast)
    #expect(abs(table.ngramPerplexity / (try perplexity("ngram")) - 1) < 1e-4)
    #expect(here.workshop.folder.listing("index/work").isEmpty)
  }

  @Test func `reads all its texts as JSON lines when it is told to`() throws {
    func asJSON(_ path: String, _ name: String) throws -> String {
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      return try here.workshop.folder.write(
        name,
        lines.map { "{\"text\": \"\($0)\"}\n" }.joined()
      )
    }
    let some = ["--forms", "full", "--class-counts", "5"]
    let plain = try compare([here.text, "--valid", here.development] + some)
    let json = try compare(
      [try asJSON(here.text, "a.jsonl"), "--valid", try asJSON(here.development, "b.jsonl")]
        + some + ["--json-field", "text"]
    )
    #expect(json.ngramPerplexity == plain.ngramPerplexity)
    #expect(json.rows.map(\.perplexity) == plain.rows.map(\.perplexity))
  }

  @Test func `refuses what cannot be`() throws {
    let base = ["compare-softmax", here.index, here.text, "--valid", here.development]
    for (arguments, part) in [
      (base + ["--memory", "1M"], "--memory"), (base + ["--threads", "0"], "threads"),
      (["compare-softmax", here.index, here.text, "--valid", "-"], "only once"),
      (base + ["--class-counts", "0"], "--class-counts"), (base + ["--forms", "x"], "--forms"),
    ] {
      let outcome = try BuiltBinary.run(arguments)
      #expect(outcome.exitCode == 64 && outcome.errorText.contains(part), "\(outcome)")
    }
  }
}
