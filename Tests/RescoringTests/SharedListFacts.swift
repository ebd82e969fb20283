import Foundation
import GramdexRescoring
import TestSupport
import Testing

/// What is known of the development lists: 174 utterances with 20 hypotheses each of a real recognizer, 1,710 words.
@Suite(
  "The development lists",
  .enabled(
    if: SharedData.exists(ListFiles.shared + "/nbest.jsonl"),
    Comment(rawValue: SharedData.absent)
  )
)
struct SharedListFacts {
  private static let path = ListFiles.shared + "/nbest.jsonl"

  private static func rate(
    _ lists: [NBestList],
    _ choice: (NBestList) throws -> String
  ) throws -> Double {
    var statistics = UtteranceStatistics(criterion: .wer)
    for list in lists {
      statistics.append(
        hypothesis: try choice(list),
        reference: try #require(list.reference)
      )
    }
    return (1_000 * statistics.measure).rounded() / 10
  }

  private static func best(_ list: NBestList, _ rule: TotalRule) throws -> String {
    let totals = try rule.totals(of: list)
    let best = totals.indices.reduce(0) { totals[$1] > totals[$0] ? $1 : $0 }
    return list.hypotheses[best].text
  }

  @Test
  func `have the error rates that were measured when they were made`() throws {
    let lists = try ListFiles.read([SharedData.url(Self.path).path])
    #expect(lists.count == 174)
    #expect(lists.allSatisfy { $0.hypotheses.count == 20 })
    let words = lists.compactMap(\.reference).reduce(0) { $0 + $1.split(separator: " ").count }
    #expect(words == 1_710)
    #expect(try Self.rate(lists) { $0.hypotheses[0].text } == 43.9)
    #expect(try Self.rate(lists) { try Self.best($0, TotalRule(score: "ac")) } == 50.7)
    let decoder = try Self.rate(lists) { list in
      let field = try #require(list.extras.first { $0.name == "decoder_1best" })
      return String(field.json.dropFirst().dropLast())
    }
    #expect(decoder == 43.7)
    let oracle = try Self.rate(lists) { list in
      let reference = try #require(list.reference)
      let errors = list.hypotheses.map { ErrorCounts(of: $0.text, reference: reference).errors }
      return list.hypotheses[errors.firstIndex(of: errors.min() ?? 0) ?? 0].text
    }
    #expect(oracle == 32.2)
  }

  @Test(arguments: WeightSearch.Method.allCases)
  func `are better with tuned weights, and not worse on what was left out`(
    method: WeightSearch.Method
  ) throws {
    var lists = TuningLists(featureNames: ["ac", "lm", "words"], criterion: .wer)
    for list in try ListFiles.read([SharedData.url(Self.path).path]) {
      let features = try list.hypotheses.flatMap { hypothesis in
        [
          try #require(hypothesis[score: "ac"]), try #require(hypothesis[score: "lm"]),
          Double(hypothesis.words.count),
        ]
      }
      try lists.append(
        texts: list.hypotheses.map(\.text),
        features: features,
        reference: try #require(list.reference)
      )
    }
    let weights = [
      TunableWeight("ac", initial: 1, isFixed: true),
      TunableWeight("lm", initial: 6.5),
      TunableWeight("words", initial: 0),
    ]
    let search = WeightSearch(method: method)
    let before = lists.loss(weights: [1, 6.5, 0])
    let result = try search.result(for: lists, weights: weights)
    // 43.80 with the decoder's weights; an exhaustive grid finds about 42.3 in the error rate itself.
    #expect(abs(before - 0.4380) < 5e-5)
    #expect(result.measure < before)
    let validation = try CrossValidation(of: search, lists: lists, weights: weights, folds: 5)
    // A percent of 1,710 words is about the noise of one division into folds.
    #expect(validation.measure < before + 0.01)
  }
}
