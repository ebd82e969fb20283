import GramdexCore
import GramdexRescoring
import GramdexScoring
import TestSupport

/// Small lattices, and all their paths.
enum LatticeSamples {
  /// A path: its labels and the sums of its scores.
  struct Path {
    var labels: [String]
    var scores: [Double]

    /// Its words.
    var text: String { labels.compactMap(LatticeWords.word).joined(separator: " ") }
  }

  /// A lattice of `nodes` nodes with random arcs, some without words, and one or two ends.
  ///
  /// The time of a node is its own.
  static func random(seed: UInt64, nodes: Int = 6) -> Lattice {
    var generator = SeededGenerator(seed: seed)
    let labels = ["a", "b", "c", "", "<sil>", "a(2)", "[NOISE]"]
    // The order of numbers is not that of paths.
    let numbers = Array(0..<nodes).shuffled(using: &generator)
    var arcs: [Lattice.Arc] = []
    func score() -> Double { -Double(generator.next(below: 1000)) / 64 }
    for place in 0..<(nodes - 1) {
      for _ in 0...generator.next(below: 3) {
        let target = place + 1 + generator.next(below: min(3, nodes - 1 - place))
        arcs.append(
          Lattice.Arc(
            source: numbers[place],
            target: numbers[target],
            word: labels[generator.next(below: labels.count)],
            scores: [score(), score()]
          )
        )
      }
      arcs.append(
        Lattice.Arc(
          source: numbers[place],
          target: numbers[place + 1],
          word: labels[generator.next(below: labels.count)],
          scores: [score(), score()]
        )
      )
    }
    var ends = [Lattice.End(node: numbers[nodes - 1], scores: [0, 0])]
    if generator.next(below: 2) == 0 {
      ends.append(Lattice.End(node: numbers[nodes - 2], scores: [score(), score()]))
    }
    return Lattice(
      utterance: "u\(seed)",
      nodes: numbers.map { Lattice.Node(time: Double($0) / 4) },
      arcs: arcs,
      start: numbers[0],
      ends: ends
    )
  }

  /// All paths, found by trying every arc.
  static func paths(_ lattice: Lattice) -> [Path] {
    var paths: [Path] = []
    func walk(_ node: Int, _ path: Path) {
      for end in lattice.ends where end.node == node {
        paths.append(Path(labels: path.labels, scores: sum(path.scores, end.scores)))
      }
      for arc in lattice.arcs where arc.source == node {
        walk(
          arc.target,
          Path(labels: path.labels + [arc.word], scores: sum(path.scores, arc.scores))
        )
      }
    }
    walk(lattice.start, Path(labels: [], scores: lattice.scoreNames.map { _ in 0 }))
    return paths
  }

  private static func sum(_ left: [Double], _ right: [Double]) -> [Double] {
    zip(left, right).map { $0 + $1 }
  }

  /// The weighted total of a path.
  static func total(_ path: Path, _ lattice: Lattice, _ weights: LatticeWeights) -> Double {
    let words = path.labels.compactMap(LatticeWords.word)
    return zip(path.scores, lattice.scoreNames).reduce(weights.wordBonus * Double(words.count)) {
      $0 + $1.0 * (weights.weights[$1.1] ?? 0)
    }
  }
}

/// A model that remembers the last two words: any numbers, always the same ones.
struct NumberModel: LanguageModel {
  let lexicon = Lexicon(words: ["a", "b"].map { Array($0.utf8) })
  let tokenizer = TokenizerOptions()
  let maximumOrder: Int? = 3
  let log10UnknownProbability: Float = -4
  let nullState = 0
  let beginSentenceState = 1

  func score(_ word: WordID, advancing state: inout Int) -> WordScore {
    let id = Int(lexicon.known(word).rawValue)
    let number = (state * 31 + id * 17 + 11) % 64
    state = state % 10 * 10 + id
    return WordScore(
      log10Probability: -Float(number) / 16,
      order: 1,
      isOOV: word == .unknown
    )
  }
}
