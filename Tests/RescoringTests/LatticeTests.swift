import GramdexRescoring
import GramdexScoring
import TestSupport
import Testing

@Suite("Lattices")
struct LatticeTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func `the n best sequences are those of all paths`(seed: UInt64) throws {
    let lattice = LatticeSamples.random(seed: seed)
    let weights = LatticeWeights(["ac": 1, "lm": 0.5], wordBonus: -0.25)
    var best: [String: (total: Double, scores: [Double])] = [:]
    for path in LatticeSamples.paths(lattice) {
      let total = LatticeSamples.total(path, lattice, weights)
      if total > best[path.text]?.total ?? -.infinity { best[path.text] = (total, path.scores) }
    }
    let expected = best.values.map(\.total).sorted(by: >)
    for count in [1, 3, 1000] {
      let list = try lattice.nBest(count, weights: weights)
      #expect(list.hypotheses.count == min(count, best.count))
      #expect(Set(list.hypotheses.map(\.text)).count == list.hypotheses.count)
      for (hypothesis, total) in zip(list.hypotheses, expected) {
        let own = try #require(best[hypothesis.text])
        #expect(own.total == total)
        #expect(hypothesis.scores.map(\.name) == ["ac", "lm"])
        let sum = zip(hypothesis.scores, [1, 0.5]).reduce(0) { $0 + $1.0.value * $1.1 }
        #expect(sum - 0.25 * Double(hypothesis.words.count) == total)
      }
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `an expanded lattice has every path with the model's score`(seed: UInt64) throws {
    var lattice = LatticeSamples.random(seed: seed)
    // The model's scores are log10 as they are.
    lattice.extras = [ExtraField(name: "base", json: "10")]
    let model = NumberModel()
    let expanded = try lattice.expanded(by: model, name: "new")
    #expect(expanded.scoreNames == ["ac", "lm", "new"])
    func sorted(_ paths: [LatticeSamples.Path]) -> [String] {
      paths.map { "\($0.labels) \($0.scores)" }.sorted()
    }
    let expected = LatticeSamples.paths(lattice).map { path in
      let score = model.scoreSentence(path.text).log10Probability
      return LatticeSamples.Path(labels: path.labels, scores: path.scores + [score])
    }
    #expect(sorted(LatticeSamples.paths(expanded)) == sorted(expected))
    let weights = LatticeWeights(["ac": 1, "new": 3], wordBonus: 0.5)
    let best = try expanded.nBest(1, weights: weights).hypotheses[0]
    let total =
      zip(best.scores, [1, 0, 3]).reduce(0) { $0 + $1.0.value * $1.1 }
      + 0.5 * Double(best.words.count)
    #expect(total == expected.map { LatticeSamples.total($0, expanded, weights) }.max())
    for limits in [
      LatticeExpansionOptions(statesPerNode: 1), LatticeExpansionOptions(beam: 0),
    ] {
      let pruned = try lattice.expanded(by: model, name: "new", options: limits)
      let paths = Set(sorted(LatticeSamples.paths(pruned)))
      #expect(!paths.isEmpty && paths.isSubset(of: sorted(expected)))
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `the oracle is the nearest of all paths`(seed: UInt64) throws {
    let lattice = LatticeSamples.random(seed: seed)
    for reference in ["a b c", "", "c c c c a", "x"] {
      let found = try lattice.oracle(reference)
      let texts = Set(LatticeSamples.paths(lattice).map(\.text))
      #expect(found.errors == texts.map { Self.distance($0, reference) }.min())
      #expect(texts.contains(found.text))
      #expect(Self.distance(found.text, reference) == found.errors)
      #expect(found.referenceWords == reference.split(separator: " ").count)
    }
  }

  /// The fewest words that are changed between two texts.
  static func distance(_ left: String, _ right: String) -> Int {
    let (left, right) = (left.split(separator: " "), right.split(separator: " "))
    var row = Array(0...right.count)
    for (i, word) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in right.enumerated() {
        let change = min(diagonal + (word == other ? 0 : 1), row[j] + 1, row[j + 1] + 1)
        diagonal = row[j + 1]
        row[j + 1] = change
      }
    }
    return row[right.count]
  }

  @Test(
    arguments: [
      ("!NULL", nil), ("", nil), ("<s>", nil), ("</s>", nil), ("<sil>", nil), ("[NOISE]", nil),
      ("++NOISE++", nil), ("word(2)", "word"), ("word(x)", "word(x)"), ("(2)", "(2)"), ("[", "["),
      ("++", "++"), ("c++", "c++"), ("[]", "[]"), ("it's", "it's"),
    ] as [(String, String?)]
  )
  func `labels are words or passed over`(label: String, word: String?) {
    #expect(LatticeWords.word(label) == word)
  }

  @Test func `a cycle, no path and arcs to nowhere are errors`() throws {
    func lattice(_ arcs: [(Int, Int)], end: Int = 2) -> Lattice {
      Lattice(
        utterance: "u",
        nodes: Array(repeating: Lattice.Node(), count: 3),
        arcs: arcs.map { .init(source: $0.0, target: $0.1, word: "a", scores: [0, 0]) },
        start: 0,
        ends: [.init(node: end, scores: [0, 0])]
      )
    }
    #expect(throws: Never.self) { try lattice([(0, 1), (1, 2)]).checked() }
    for bad in [
      lattice([(0, 1), (1, 0), (1, 2)]), lattice([(0, 1)]), lattice([(0, 3)]), lattice([], end: 7),
    ] {
      #expect(throws: NBestError.self) { try bad.checked() }
      #expect(throws: NBestError.self) { try bad.nBest(1) }
    }
  }
}
