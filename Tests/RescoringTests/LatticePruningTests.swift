import Foundation
import GramdexCore
import GramdexRescoring
import GramdexScoring
import TestSupport
import Testing

/// Expansion with limits, and the units of what is compared there.
extension LatticeTests {
  /// The best state of every node where one is kept, found by recursion; nodes by their times, which are their own.
  private struct Naive {
    let lattice: Lattice
    let factors: [Double]
    let model = NumberModel()
    var known: [Int: (state: Int, total: Double)] = [:]

    mutating func best(_ node: Int) -> (state: Int, total: Double)? {
      if node == lattice.start { return (model.beginSentenceState, 0) }
      if let found = known[node] { return found }
      var totals: [Int: Double] = [:]
      for arc in lattice.arcs where arc.target == node {
        guard let before = best(arc.source) else { continue }
        var state = before.state
        var score = 0.0
        if let word = LatticeWords.word(arc.word) {
          for id in model.words(of: word).map({ model.id(of: $0) }) {
            score += Double(model.score(id, advancing: &state).log10Probability)
          }
        }
        let total = before.total + arc.scores[0] * factors[0] + score * factors[1]
        totals[state] = max(totals[state] ?? -.infinity, total)
      }
      known[node] = totals.max { $0.value < $1.value }.map { ($0.key, $0.value) }
      return known[node]
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>, [nil, 10, 1.5] as [Double?])
  func `the best state of each node is kept under pruning`(seed: UInt64, base: Double?) throws {
    var lattice = LatticeSamples.random(seed: seed, nodes: 8)
    lattice.extras = [ExtraField(name: "lmscale", json: "1.7")]
    if let base { lattice.extras.append(ExtraField(name: "base", json: "\(base)")) }
    // log10 becomes a logarithm to the base of the acoustic scores before they are added.
    let perLog10 = log(10) / log(base ?? exp(1))
    var naive = Naive(lattice: lattice, factors: [1, 1.7 * perLog10])
    let pruned = try lattice.expanded(
      by: NumberModel(),
      name: "lm",
      options: .init(statesPerNode: 1)
    )
    var totals: [Int: Double] = [pruned.start: 0]
    // Nodes are in order.
    for node in pruned.nodes.indices {
      for arc in pruned.arcs where arc.target == node {
        let before = try #require(totals[arc.source])
        totals[node] = max(totals[node] ?? -.infinity, before + arc.scores[0] + 1.7 * arc.scores[1])
      }
      let original = try #require(lattice.nodes.firstIndex { $0.time == pruned.nodes[node].time })
      let best = naive.best(original)
      let expected = try #require(best).total
      let total = try #require(totals[node])
      #expect(abs(total - expected) < 1e-9)
    }
    #expect(Set(pruned.nodes.map(\.time)).count == pruned.nodes.count)
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func `a pruned lattice has no dead ends`(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let lattice = LatticeSamples.random(seed: seed, nodes: 10)
    for limits in [
      LatticeExpansionOptions(statesPerNode: 1), LatticeExpansionOptions(statesPerNode: 2),
      LatticeExpansionOptions(beam: 2),
    ] {
      let pruned = try lattice.expanded(by: NumberModel(), name: "lm", options: limits)
      let leaving = Set(pruned.arcs.map(\.source)).union(pruned.ends.map(\.node))
      let entered = Set(pruned.arcs.map(\.target)).union([pruned.start])
      #expect(leaving == Set(pruned.nodes.indices))
      #expect(entered == leaving)
      let path = folder.path("out")
      let writer = try LatticeWriter(path: path, format: .slf)
      try writer.write(pruned)
      try writer.finish()
      let file = path + "/\(lattice.utterance).slf"
      // With one end, the header need not name it.
      let contents = try String(contentsOfFile: file, encoding: .utf8)
      #expect(!contents.contains("\nend=") && !contents.contains("\nstart="))
      let back = try #require(try LatticeFormatTests.read([file]).first)
      #expect(Set(back.nodes.indices).subtracting(back.arcs.map(\.source)) == [back.ends[0].node])
    }
  }

  @Test func `an expanded lattice is weighed as its file says, in its own units`() throws {
    // Natural logarithms: 2 · log10 P counts too little against the acoustic scores.
    for seed in 0..<30 as Range<UInt64> {
      let lattice = LatticeSamples.random(seed: seed)
      let model = NumberModel()
      let expanded = try lattice.expanded(by: model, name: "lm")
      let best = try expanded.nBest(1).hypotheses[0]
      let totals = LatticeSamples.paths(lattice).map { path in
        path.scores[0] + model.scoreSentence(path.text).log10Probability * log(10)
      }
      let expected = try #require(totals.max())
      #expect(abs((best[score: "ac"] ?? 0) + (best[score: "lm"] ?? 0) - expected) < 1e-9)
    }
  }

  @Test func `a weight that is given leaves the lattice's others as they are`() throws {
    var lattice = LatticeSamples.random(seed: 3)
    lattice.extras = [("acscale", "0.5"), ("lmscale", "12"), ("wdpenalty", "-3")].map {
      ExtraField(name: $0, json: $1)
    }
    let own = LatticeWeights(of: lattice)
    let bonus = LatticeWeightOverrides(wordBonus: 2).applied(to: own)
    #expect(bonus.weights == ["ac": 0.5, "lm": 12] && bonus.wordBonus == 2)
    let named = LatticeWeightOverrides(["lm": 7]).applied(to: own)
    #expect(named.weights == ["ac": 0.5, "lm": 7] && named.wordBonus == -3)
    let options = LatticeExpansionOptions(weights: LatticeWeightOverrides(["lmm": 1]))
    let error = #expect(throws: LatticeError.self) {
      try lattice.expanded(by: NumberModel(), name: "new", options: options)
    }
    #expect(error == .unknownScores(["lmm"], known: ["ac", "lm", "new"]))
    #expect(throws: Never.self) {
      try LatticeWeightOverrides(["new": 1]).check(lattice, adding: "new")
    }
  }

  @Test func `a model that never forgets needs a limit`() {
    let options = LatticeExpansionOptions()
    #expect(options.areLimited(for: NumberModel()))
    #expect(!options.areLimited(for: EndlessModel()))
    #expect(LatticeExpansionOptions(statesPerNode: 5).areLimited(for: EndlessModel()))
    #expect(LatticeExpansionOptions(beam: 5).areLimited(for: EndlessModel()))
  }
}

/// A model with a state for each sequence of words.
struct EndlessModel: LanguageModel {
  let lexicon = Lexicon(words: ["a", "b"].map { Array($0.utf8) })
  let tokenizer = TokenizerOptions()
  let maximumOrder: Int? = nil
  let log10UnknownProbability: Float = -4
  let nullState = "0"
  let beginSentenceState = "1"

  func score(_ word: WordID, advancing state: inout String) -> WordScore {
    state += "\(lexicon.known(word).rawValue)"
    return WordScore(
      log10Probability: -Float(state.utf8.count),
      order: 0,
      isOOV: word == .unknown
    )
  }
}
