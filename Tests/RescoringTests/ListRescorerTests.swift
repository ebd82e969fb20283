import Gramdex
import GramdexCore
import GramdexRescoring
import GramdexScoring
import TestSupport
import Testing

@Suite("Rescoring of lists")
struct ListRescorerTests {
  private let folder: TemporaryFolder
  private let model: NGramModel

  init() throws {
    folder = try TemporaryFolder()
    let text = try folder.write("text", Corpora.text(Corpora.random(seed: 3, wordTypes: 12)))
    var options = BuildOptions(inputs: [text])
    options.order = 3
    options.memoryBytes = 64 << 20
    options.threads = 1
    try IndexBuilder.build(options, to: folder.path("index"))
    model = try NGramModel.open(folder.path("index"))
  }

  private func ensemble(_ names: String...) throws -> Ensemble {
    try Ensemble(names.map { Ensemble.Member($0, model) })
  }

  /// A list of random hypotheses with scores.
  private func list(_ utterance: String, _ count: Int, seed: UInt64) -> NBestList {
    var generator = SeededGenerator(seed: seed)
    return NBestList(
      utterance: utterance,
      hypotheses: (1...max(count, 1)).prefix(count).map { rank in
        let words = (0..<generator.next(below: 7)).map { _ in "w\(generator.next(below: 14))" }
        return Hypothesis(
          rank: rank,
          text: words.joined(separator: " "),
          scores: [Hypothesis.Score("ac", -Double(generator.next(below: 9)))],
          extras: [ExtraField(name: "speaker", json: "7")],
          line: rank + 10
        )
      },
      source: NBestList.Source(file: "lists", line: 10)
    )
  }

  private func log10(_ text: String) -> Double {
    model.scoreSentence(text).words.reduce(0) { $0 + Double($1.log10Probability) }
  }

  @Test func `the total is the weighted sum, and ties keep their order`() throws {
    var options = RescoringOptions()
    options.weights = ScoreWeights([
      .init("ac", 1), .init("lm", 2), .init("words", 0.5), .init("oov", -3),
    ])
    let rescorer = try ListRescorer(ensemble("lm"), options: options)
    let lists = [list("a", 30, seed: 1), list("b", 0, seed: 2), list("c", 1, seed: 3)]
    var summary = ListRescorer.Summary()
    let rescored = try rescorer.rescore(lists, summary: &summary)
    #expect(rescored.map(\.utterance) == ["a", "b", "c"])
    for (before, after) in zip(lists, rescored) {
      let expected = before.hypotheses.map { hypothesis in
        let words = hypothesis.words
        let unknown = words.count { model.id(of: String($0)) == .unknown }
        return (hypothesis[score: "ac"] ?? 0) + 2 * log10(hypothesis.text)
          + 0.5 * Double(words.count) - 3 * Double(unknown)
      }
      let order = expected.indices.sorted {
        abs(expected[$0] - expected[$1]) < 1e-9 ? $0 < $1 : expected[$0] > expected[$1]
      }
      #expect(after.hypotheses.map(\.rank) == order.map { before.hypotheses[$0].rank })
      for (hypothesis, place) in zip(after.hypotheses, order) {
        #expect(abs((hypothesis[score: "total"] ?? 0) - expected[place]) < 1e-9)
        #expect(abs((hypothesis[score: "lm"] ?? 0) - log10(hypothesis.text)) < 1e-9)
        #expect(hypothesis[score: "ac"] == before.hypotheses[place][score: "ac"])
        #expect(hypothesis.extras == before.hypotheses[place].extras)
      }
    }
    #expect(summary.lists == 3 && summary.hypotheses == 31)
    #expect(summary.scoredWords < summary.words)
    #expect(summary.changedLists == (rescored[0].hypotheses[0].rank == 1 ? 0 : 1))
  }

  @Test func `scores do not depend on the lists beside`() throws {
    let rescorer = try ListRescorer(ensemble("one", "two"), options: RescoringOptions())
    let lists = (0..<20).map { list("u\($0)", 40, seed: UInt64($0)) }
    var summary = ListRescorer.Summary()
    let together = try rescorer.rescore(lists, summary: &summary)
    for (place, list) in lists.enumerated() {
      #expect(try rescorer.rescore([list], summary: &summary) == [together[place]])
    }
    // Without weights the order stays.
    #expect(together.allSatisfy { $0.hypotheses.map(\.rank) == Array(1...40) })
    #expect(together[0].hypotheses[0].scores.map(\.name) == ["ac", "one", "two"])
  }

  @Test func `a list of ten thousand, and of long hypotheses, is scored in pieces`() throws {
    let rescorer = try ListRescorer(ensemble("lm"), options: RescoringOptions())
    let words = (0..<5000).map { "w\($0 % 12)" }.joined(separator: " ")
    var long = list("long", 3, seed: 1)
    for place in long.hypotheses.indices { long.hypotheses[place].text = words + " w\(place)" }
    let lists = [list("many", 10_000, seed: 4), long]
    let scores = try rescorer.scores(of: lists)
    #expect(scores.map(\.count) == [10_000, 3])
    for place in [0, 4095, 4096, 9999] {
      let text = lists[0].hypotheses[place].text
      #expect(abs(scores[0][place].log10Probabilities[0] - log10(text)) < 1e-9)
    }
    #expect(abs(scores[1][2].log10Probabilities[0] - log10(long.hypotheses[2].text)) < 1e-6)
    #expect(scores[1][0].words == 5001)
  }

  @Test func `what cannot be is refused, with the place`() throws {
    var options = RescoringOptions()
    options.weights = ScoreWeights([.init("lm2", 1)])
    var summary = ListRescorer.Summary()
    let lists = [list("a", 3, seed: 1)]
    let place = NBestList.Source(file: "lists", line: 11)
    let rescorer = try ListRescorer(ensemble("lm"), options: options)
    #expect(throws: RescoringError.noScore(name: "lm2", known: ["ac", "lm"], place: place)) {
      try rescorer.rescore(lists, summary: &summary)
    }
    let again = try ListRescorer(ensemble("ac"), options: RescoringOptions())
    #expect(throws: RescoringError.scoreExists(name: "ac", place: place)) {
      try again.rescore(lists, summary: &summary)
    }
    options.prefix = "new."
    options.weights = ScoreWeights([.init("ac", 1)])
    let renamed = try ListRescorer(ensemble("ac"), options: options)
    let result = try renamed.rescore(lists, summary: &summary)
    #expect(result[0].hypotheses[0].scores.map(\.name) == ["ac", "new.ac", "new.total"])
    #expect(throws: RescoringError.nameTwice("lm")) {
      try ListRescorer(ensemble("lm", "lm"), options: RescoringOptions())
    }
    options.cascade = 2
    #expect(throws: RescoringError.nothingToEstimate(names: ["lm"])) {
      try ListRescorer(ensemble("lm"), options: options)
    }
    options.weights = nil
    #expect(throws: RescoringError.cascadeWithoutWeights) {
      try ListRescorer(ensemble("lm"), options: options)
    }
  }
}
