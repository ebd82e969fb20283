import Foundation
import GramdexRescoring
import TestSupport
import Testing

@Suite("Lists as JSON lines")
struct JSONListTests {
  @Test func `an object an utterance has scores, text and unknown fields`() throws {
    let line = """
      {"utt": "u-1", "ref": "a  b", "voice": "slt", "snr": [1, {"x": "]"}], "nbest": \
      [{"text": "a b", "ac": -585.289, "lm": -5e1, "n": 2, "ok": true}, {"text": "\\u00e9\\n\\"c", "ac": 1, "lm": 0}]}

      """
    let lists = try ListFiles.lists(line)
    let list = try #require(lists.first)
    #expect(lists.count == 1)
    #expect(list.utterance == "u-1")
    #expect(list.reference == "a b")
    #expect(
      list.extras == [
        ExtraField(name: "voice", json: "\"slt\""),
        ExtraField(name: "snr", json: "[1, {\"x\": \"]\"}]"),
      ]
    )
    let first = list.hypotheses[0]
    #expect(first.text == "a b")
    #expect(first.rank == 1)
    #expect(first.scores == [Hypothesis.Score("ac", -585.289), Hypothesis.Score("lm", -50)])
    #expect(first.extras.map(\.name) == ["n", "ok"])
    #expect(first.line == 1)
    #expect(list.hypotheses[1].text == "é \"c")
  }

  @Test func `other names of fields mean the same`() throws {
    let lists = try ListFiles.lists(
      """
      {"id": 17, "hypotheses": [{"words": ["a", "b"], "scores": {"am": -1.5, "lm": null}}, {"hyp": "c", "am": 2}, "d"]}
      """,
      NBestReadingOptions.missing(0)
    )
    let list = try #require(lists.first)
    #expect(list.utterance == "17")
    #expect(list.hypotheses.map(\.text) == ["a b", "c", "d"])
    #expect(list.hypotheses.map { $0[score: "am"] } == [-1.5, 2, 0])
  }

  @Test func `the preferred name wins and the other is kept`() throws {
    let list = try #require(
      try ListFiles.lists(
        #"{"id": "5", "utt": "u", "nbest": [{"hyp": "x", "text": "y", "words": 3}]}"#
      ).first
    )
    #expect(list.utterance == "u")
    #expect(list.extras == [ExtraField(name: "id", json: "\"5\"")])
    #expect(list.hypotheses[0].text == "y")
    #expect(
      list.hypotheses[0].extras
        == [ExtraField(name: "hyp", json: "\"x\""), ExtraField(name: "words", json: "3")]
    )
  }

  @Test func `an object a hypothesis makes lists of neighbors`() throws {
    let lists = try ListFiles.lists(
      """
      {"utt":"u1","n":1,"words":"a b","scores":{"am":-1792.1,"lm":-16.1},"base":"log10"}
      {"utt":"u1","n":2,"words":"","scores":{"am":-1793.1,"lm":-16.2},"base":"log10"}\r
      {"utt":"u2","ref":"c","n":4,"words":"c","scores":{"am":-1,"lm":-2},"base":"log10"}
      """
    )
    #expect(lists.map(\.utterance) == ["u1", "u2"])
    #expect(lists[0].hypotheses.map(\.text) == ["a b", ""])
    #expect(lists[1].hypotheses[0].rank == 4)
    #expect(lists[1].reference == "c")
    #expect(lists[0].hypotheses[1].scores.map(\.name) == ["am", "lm"])
    #expect(lists[0].hypotheses[0].extras == [ExtraField(name: "base", json: "\"log10\"")])
  }

  @Test func `numbers beside an object of scores are fields, and without it they are scores`()
    throws
  {
    let beside = try ListFiles.lists(
      #"{"utt":"u","words":"a","snr":40,"scores":{"lm":-1}}"#
    )[0].hypotheses[0]
    #expect(beside.scores == [.init("lm", -1)])
    #expect(beside.extras == [ExtraField(name: "snr", json: "40")])
    let flat = try ListFiles.lists(#"{"utt":"u","words":"a","ac":40,"lm":-1}"#)[0].hypotheses[0]
    #expect(flat.scores == [.init("ac", 40), .init("lm", -1)])
    #expect(flat.extras.isEmpty)
  }

  @Test func `a list without hypotheses is a list`() throws {
    let lists = try ListFiles.lists("\u{FEFF}{\"utt\":\"u\",\"nbest\":[]}\r\n")
    #expect(lists.map(\.utterance) == ["u"])
    #expect(lists[0].hypotheses.isEmpty)
  }

  @Test(.enabled(if: SharedData.hasData, "\(SharedData.absent)"))
  func `the shared lists are read whole, and JSON and TSV say the same`() throws {
    let json = try ListFiles.read([SharedData.url(ListFiles.shared + "/nbest.jsonl").path])
    let tsv = try ListFiles.read([SharedData.url(ListFiles.shared + "/nbest.tsv").path])
    #expect(json.count == 174)
    #expect(
      json.reduce(0) { $0 + $1.hypotheses.count } == tsv.reduce(0) { $0 + $1.hypotheses.count }
    )
    #expect(json.map(\.utterance) == tsv.map(\.utterance))
    for (left, right) in zip(json, tsv) {
      #expect(left.hypotheses.map(\.text) == right.hypotheses.map(\.text))
      #expect(left.hypotheses.map(\.rank) == right.hypotheses.map(\.rank))
      #expect(
        left.hypotheses.map { $0.scores.map(\.value) }
          == right.hypotheses.map { $0.scores.map(\.value) }
      )
    }
    let references = try References(
      reading: SharedData.url(ListFiles.shared + "/ref.tsv").path
    )
    #expect(references.count == 174)
    #expect(json.allSatisfy { references[$0.utterance] == $0.reference })
  }
}

extension NBestReadingOptions {
  /// Options with a value for missing scores.
  static func missing(_ value: Double) -> Self {
    var options = Self()
    options.missingScore = value
    return options
  }

  /// Options that put lists together.
  static var gathering: Self {
    var options = Self()
    options.gathers = true
    return options
  }
}
