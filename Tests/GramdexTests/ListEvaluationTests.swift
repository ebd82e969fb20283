import Foundation
import Gramdex
import GramdexCore
import GramdexRescoring
import TestSupport
import Testing

@Suite("Evaluation of lists")
struct ListEvaluationTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private static let two = """
    {"utt":"a","ref":"the cat sat","nbest":[{"text":"the hat sat","s":-2,"t":-1},{"text":"the cat sat","s":-1,"t":-3},{"text":"a hat","s":-5,"t":-2}]}
    {"utt":"b","ref":"on <b> & mats","nbest":[{"text":"on <b> & mats","s":-1,"t":-1},{"text":"on mats","s":-2,"t":-2}]}

    """

  private func options(_ lists: String = two) throws -> ListEvaluationOptions {
    var options = ListEvaluationOptions(lists: [try folder.write("lists.json", lists)])
    options.bootstrap = Bootstrap(samples: 200, seed: 1)
    return options
  }

  @Test
  func `first, best and worst hypotheses are counted`() throws {
    let report = try ListEvaluation.run(options())
    #expect(report.utterances == 2 && report.hypotheses == 5)
    #expect(report.words.counts == ErrorCounts(correct: 6, substitutions: 1))
    #expect(report.oracle.rate == 0)
    #expect(report.worst.counts.errors == 5)
    #expect(report.words.sentenceErrorRate == 0.5)
    // Nothing was chosen, so there is nothing to compare with.
    #expect(report.other == nil)
    #expect(report.confusions == [.init(reference: "cat", hypothesis: "hat", count: 1)])
  }

  @Test
  func `a choice by a score is compared with the order of the file`() throws {
    var options = try options()
    options.choice = .total(TotalRule(score: "s"))
    let report = try ListEvaluation.run(options)
    #expect(report.words.rate == 0)
    let other = try #require(report.other)
    #expect(other.name == "input order")
    #expect((other.changed, other.better, other.worse) == (1, 1, 0))
    #expect(other.words.counts.errors == 1)
    #expect(report.measures[0].comparison?.pMatchedPairs != nil)
  }

  @Test
  func `weights, and the number of words, make a total`() throws {
    var options = try options()
    options.choice = .total(
      TotalRule(ScoreWeights([.init("t", 1), .init("words", -4)]))
    )
    let report = try ListEvaluation.run(options)
    // "a hat": -2 - 8; the others of three words -13 and -15; "on mats": -2 - 8 against -1 - 16.
    #expect(report.words.counts.errors == 3 + 2)
  }

  @Test
  func `the order of a rescored file is compared with the ranks it kept`() throws {
    let lists = """
      {"utt":"a","ref":"x y","nbest":[{"rank":2,"text":"x y"},{"rank":1,"text":"x z"}]}

      """
    let report = try ListEvaluation.run(options(lists))
    #expect(report.words.counts.errors == 0)
    #expect(report.other?.words.counts.errors == 1)
  }

  @Test
  func `other lists can be compared with`() throws {
    var options = try options()
    options.against = try folder.write(
      "other.tsv",
      "#utt-id-rank\ts\ttext\nb-1\t1\ton mats\na-1\t1\tthe cat sat\n"
    )
    let report = try ListEvaluation.run(options)
    let other = try #require(report.other)
    #expect((other.changed, other.better, other.worse) == (2, 1, 1))
    #expect(other.name == options.against)
  }

  @Test
  func `references of a file go before those of the lists`() throws {
    var options = try options()
    options.references = try folder.write("ref.tsv", "b\ton mats\na\tthe hat sat\n")
    #expect(try ListEvaluation.run(options).words.counts == ErrorCounts(correct: 5, insertions: 2))
  }

  @Test
  func `what is missing is an error that names it, or left out and told`() throws {
    var options = try options(
      Self.two + #"{"utt":"c","nbest":[{"text":"x"}]}"# + "\n"
    )
    options.references = try folder.write("ref.tsv", "a\tthe cat sat\nd\twho\n")
    options.against = try folder.write(
      "other.tsv",
      "#utt-id-rank\ts\ttext\na-1\t1\tthe\ne-1\t1\tthe\n"
    )
    var expected = MissingUtterances()
    expected.listsWithoutReference = ["c"]
    expected.referencesWithoutList = ["d"]
    expected.listsWithoutOther = ["b"]
    expected.othersWithoutList = ["e"]
    #expect(throws: ListEvaluationError.missing(expected)) { try ListEvaluation.run(options) }
    options.allowsMissing = true
    let report = try ListEvaluation.run(options)
    #expect(report.utterances == 1)
    #expect(report.missing == expected)
    #expect(report.text.contains("1 list without a reference: c"))
  }

  @Test
  func `nothing to measure is an error`() throws {
    var options = try options(#"{"utt":"c","nbest":[{"text":"x"}]}"# + "\n")
    options.allowsMissing = true
    #expect(throws: ListEvaluationError.noUtterances(file: options.systems[0][0])) {
      try ListEvaluation.run(options)
    }
  }

  @Test
  func `an empty list and empty hypotheses count as nothing heard`() throws {
    let lists = """
      {"utt":"a","ref":"x y","nbest":[]}
      {"utt":"b","ref":"x y","nbest":[{"text":"","s":1},{"text":"x","s":2}]}
      {"utt":"c","ref":"","nbest":[{"text":"","s":1}]}

      """
    #expect(try ListEvaluation.run(options(lists)).words.counts == ErrorCounts(deletions: 4))
    for choice: ListEvaluationOptions.Choice in [
      .minimumBayesRisk(TotalRule(score: "s")), .consensus(TotalRule(score: "s")),
    ] {
      var options = try options(lists)
      options.choice = choice
      options.scales = [5]
      #expect(
        try ListEvaluation.run(options).words.counts == ErrorCounts(correct: 1, deletions: 3)
      )
    }
  }

  @Test
  func `a score that is not there is named with its line`() throws {
    var options = try options()
    options.choice = .total(TotalRule(score: "lm"))
    let error = #expect(throws: TotalRuleError.self) { try ListEvaluation.run(options) }
    let message = error.map { "\($0)" } ?? ""
    #expect(message.contains("lists.json, line 1") && message.contains("it has s, t"), "\(message)")
  }

  /// Lists of random words of which two systems hear some wrong.
  private func systems(_ utterances: Int) throws -> [String] {
    var random = SplitMix64(seed: 5)
    var texts = ["", ""]
    for utterance in 0..<utterances {
      let reference = (0..<8).map { _ in "w\(random.next(below: 30))" }
      for system in 0..<2 {
        let hypotheses = (0..<4).map { rank in
          let words = reference.map {
            random.next(below: 3) == 0 ? "e\(random.next(below: 50))" : $0
          }
          return #"{"text":"\#(words.joined(separator: " "))","total":\#(-Double(rank) / 4)}"#
        }
        texts[system] +=
          #"{"utt":"u\#(utterance)","ref":"\#(reference.joined(separator: " "))","nbest":[\#(hypotheses.joined(separator: ","))]}"#
          + "\n"
      }
    }
    return try texts.enumerated().map { try folder.write("system\($0.offset).json", $0.element) }
  }

  @Test
  func `consensus of hypotheses that err independently is better, of two systems still better`()
    throws
  {
    let systems = try systems(60)
    var options = ListEvaluationOptions(lists: [systems[0]])
    options.bootstrap.samples = 100
    let first = try ListEvaluation.run(options).words.rate
    options.choice = .consensus(TotalRule(score: "total"))
    let one = try ListEvaluation.run(options)
    #expect(one.words.rate < first)
    #expect(one.scales?.isEmpty == false)
    options.systems = systems.map { [$0] }
    let two = try ListEvaluation.run(options)
    #expect(two.words.rate < one.words.rate)
    options.choice = .minimumBayesRisk(TotalRule(score: "total"))
    options.systems = [[systems[0]]]
    #expect(try ListEvaluation.run(options).words.rate < first)
  }

  @Test
  func `the report does not depend on threads`() throws {
    var options = ListEvaluationOptions(lists: [])
    options.systems = try systems(40).map { [$0] }
    options.choice = .consensus(TotalRule(score: "total"))
    options.reportsBLEU = true
    options.reportsCharacters = true
    options.bootstrap.samples = 300
    options.threads = 1
    let one = try JSONEncoder().encode(ListEvaluation.run(options)).sorted()
    options.threads = 4
    #expect(try JSONEncoder().encode(ListEvaluation.run(options)).sorted() == one)
  }

  @Test
  func `meshes are written, one for each utterance`() throws {
    let lists = Self.two.replacing(#""utt":"b""#, with: #""utt":"b/1%""#)
    var options = try options(lists)
    options.choice = .consensus(TotalRule(score: "s"))
    options.meshes = folder.path("meshes")
    #expect(throws: ListEvaluationError.meshScale) { try ListEvaluation.run(options) }
    options.scales = [2]
    let report = try ListEvaluation.run(options)
    #expect(folder.listing("meshes") == ["a", "b%2F1%25"])
    let mesh = try WordMesh(contentsOf: folder.path("meshes/a"))
    #expect(mesh.name == "a" && mesh.consensus == "the cat sat")
    #expect(report.words.counts.errors == 0)
  }

  @Test
  func `systems must have the same utterances`() throws {
    var options = try options()
    options.choice = .consensus(TotalRule(score: "s"))
    options.scales = [1]
    let path = try folder.write(
      "other.json",
      #"{"utt":"a","nbest":[{"text":"x","s":1}]}"# + "\n"
        + #"{"utt":"x","nbest":[{"text":"x","s":1}]}"# + "\n"
    )
    options.systems.append([path])
    #expect(
      throws: ListEvaluationError.systemsDiffer(
        file: path,
        line: 2,
        utterance: "x",
        otherFile: options.systems[0][0],
        other: "b"
      )
    ) { try ListEvaluation.run(options) }
    options.scales = [1, 2, 3]
    #expect(throws: ListEvaluationError.scales(3, systems: 2)) { try ListEvaluation.run(options) }
  }

  @Test
  func `the page marks differences and escapes what stands in texts`() throws {
    let hostile = Self.two.replacing("the hat sat", with: "the <script>alert(1)</script> & sat")
      .replacing(#""utt":"a""#, with: #""utt":"<i>a'""#)
    var options = try options(hostile)
    options.choice = .total(TotalRule(score: "s"))
    options.page = folder.path("page.html")
    _ = try ListEvaluation.run(options)
    let page = try String(contentsOfFile: folder.path("page.html"), encoding: .utf8)
    #expect(!page.contains("<script>") && !page.contains("<i>"))
    #expect(page.contains("&lt;i&gt;a&#39;"))
    #expect(page.contains(#"<span class="insertion">&lt;script&gt;"#))
    #expect(page.contains("<tr class=\"better\">") && page.contains("2 → 0"))
    #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("src="))
  }

  @Test
  func `details have a line for each utterance`() throws {
    struct Line: Decodable {
      var utt: String
      var text: String
      var oracleErrors: Int
      var counts: ErrorCounts
    }
    var options = try options()
    options.details = folder.path("details.jsonl")
    _ = try ListEvaluation.run(options)
    let lines = try String(contentsOfFile: folder.path("details.jsonl"), encoding: .utf8)
      .split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    #expect(lines.map(\.utt) == ["a", "b"])
    #expect(lines[0].text == "the hat sat" && lines[0].counts.errors == 1)
    #expect(lines[0].oracleErrors == 0)
  }
}
