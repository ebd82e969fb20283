import GramdexRescoring
import TestSupport
import Testing

@Suite("Lists as TSV")
struct TSVListTests {
  @Test func `a header names the columns and the last dash ends the id`() throws {
    let lists = try ListFiles.lists(
      "#utt-id-rank\tac_logprob\tlm_logprob\twords\ttext\nu-1-1\t-5.5\t-2\t2\ta b\nu-1-3\t-6\t-1\t0\t\nv-2\t1\t2\t1\tc\n"
    )
    #expect(lists.map(\.utterance) == ["u-1", "v"])
    #expect(lists[0].hypotheses.map(\.rank) == [1, 3])
    #expect(lists[0].hypotheses.map(\.text) == ["a b", ""])
    #expect(
      lists[0].hypotheses[0].scores
        == [Hypothesis.Score("ac_logprob", -5.5), Hypothesis.Score("lm_logprob", -2)]
    )
    #expect(lists[0].hypotheses[0].extras == [ExtraField(name: "words", json: "2")])
  }

  @Test func `columns may come in any order, with text, references and ranks among them`() throws {
    let lists = try ListFiles.lists(
      "# text\tspeaker\trank\tref\tlm\tutt\na b\tbob\t2\tr\t-1\tu\nc\t12\t1\tr\t-2\tu\n"
    )
    #expect(lists.map(\.utterance) == ["u"])
    #expect(lists[0].reference == "r")
    #expect(lists[0].hypotheses.map(\.rank) == [2, 1])
    #expect(lists[0].hypotheses.map(\.text) == ["a b", "c"])
    #expect(lists[0].hypotheses.map { $0[score: "lm"] } == [-1, -2])
    #expect(lists[0].hypotheses.map { $0.extras.map(\.json) } == [["\"bob\""], ["\"12\""]])
  }

  @Test func `without a header scores are numbered`() throws {
    let lists = try ListFiles.lists("u\t-1\t-2\ta b\nu\t-3\t-4\tc\nv\t1\t2\td\n")
    #expect(lists.map(\.hypotheses.count) == [2, 1])
    #expect(lists[0].hypotheses[1].scores.map(\.name) == ["score1", "score2"])
    var options = NBestReadingOptions(format: .tsv)
    options.hasRanksInIDs = true
    let ranked = try ListFiles.lists("u-2\ta\nu-1\tb\n", options)
    #expect(ranked[0].hypotheses.map(\.rank) == [2, 1])
    #expect(ranked[0].hypotheses[0].scores.isEmpty)
  }

  @Test func `what can be wrong names the line`() throws {
    func problem(_ contents: String) throws -> (Int, NBestError.Problem)? {
      try ListFiles.error(contents, name: "x.tsv").map { ($0.line, $0.problem) }
    }
    let cases: [(String, Int, NBestError.Problem)] = [
      ("u\t-1\ta\nu\ta\n", 2, .columns(expected: 3, found: 2)),
      ("u\t-1\ta\nu\tnan\tb\n", 2, .notFinite(score: "score1", text: "nan")),
      ("u\tx1\ta\n", 1, .notANumber(score: "score1", text: "x1")),
      ("#utt\tlm\ttext\nu\t-inf\ta\n", 2, .notFinite(score: "lm", text: "-inf")),
      ("#utt\tlm\ttext\nu\t1\ta\nu\tfoo\ta\n", 3, .notANumber(score: "lm", text: "foo")),
      ("u\t1\ta\n\t1\ta\n", 2, .missingID),
      (
        "#utt-id-rank\ttext\nu-1\ta\nu-1\tb\n", 3,
        .duplicateRank(rank: 1, utterance: "u", firstLine: 2)
      ),
      ("#utt\tlm\tlm\ttext\n", 1, .header(reason: "names the column \"lm\" twice")),
    ]
    for (contents, line, expected) in cases {
      let found = try #require(try problem(contents), "\(contents)")
      #expect(found.0 == line, "\(contents)")
      #expect(found.1 == expected)
    }
    let split = try #require(try ListFiles.error("u\t1\ta\nv\t1\ta\nu\t1\tb\n", name: "x.tsv"))
    #expect(split.line == 3)
    #expect(split.description.contains("line 1"))
    let gathered = try ListFiles.lists("u\t1\ta\nv\t1\ta\nu\t1\tb\n", .gathering)
    #expect(gathered.map(\.utterance) == ["u", "v"])
    #expect(gathered[0].hypotheses.map(\.text) == ["a", "b"])
    #expect(gathered[0].hypotheses.map(\.rank) == [1, 2])
  }
}
