import GramdexText

/// How the scores of an arc become one number: Σ weight · score + bonus for each word.
public struct LatticeWeights: Sendable {
  /// Weights by the names of scores; a score that is not named counts 0.
  public var weights: [String: Double]
  /// What a word counts that is not passed over.
  public var wordBonus: Double

  /// Makes weights.
  public init(_ weights: [String: Double], wordBonus: Double = 0) {
    self.weights = weights
    self.wordBonus = wordBonus
  }

  /// What the lattice itself says: `acscale` (1), `lmscale` (1) and `wdpenalty` (0) of HTK's files.
  public init(of lattice: Lattice) {
    weights = [
      "ac": lattice.number("acscale") ?? 1,
      "lm": lattice.number("lmscale") ?? 1,
    ]
    wordBonus = lattice.number("wdpenalty") ?? 0
  }

  /// What the lattice itself says, for a new score, in its units, in the place of `lm`.
  init(of lattice: Lattice, replacing name: String) {
    self.init(of: lattice)
    let scale = weights["lm"]
    weights["lm"] = 0
    weights[name] = scale
  }

  /// The weight of each of a lattice's scores.
  func inOrder(_ lattice: Lattice) -> [Double] {
    lattice.scoreNames.map { weights[$0] ?? 0 }
  }
}

extension Lattice {
  /// A number that the file says of the lattice.
  func number(_ name: String) -> Double? {
    extras.first { $0.name == name }.flatMap { Double(JSONText.plain($0.json)) }
  }
}

/// A lattice made ready for searches: one number an arc, words by number, the best that can follow each node.
struct WeightedLattice {
  let lattice: Lattice
  let order: LatticeOrder
  /// The weighted score of each arc.
  let arcScores: [Double]
  /// The weighted score of ending at a node; nil where no path ends.
  let endScores: [Double?]
  /// Which of a node's ends that is.
  let endIndices: [Int]
  /// The word of each arc as an index into `words`; −1 where nothing is said.
  let arcWords: [Int]
  /// The words.
  let words: [String]
  /// The best weighted score from each node to an end.
  let ahead: [Double]

  init(_ lattice: Lattice, _ weights: LatticeWeights) throws {
    self.lattice = lattice
    order = try LatticeOrder(lattice)
    let factors = weights.inOrder(lattice)
    func total(_ scores: [Double]) -> Double {
      zip(scores, factors).reduce(0) { $0 + $1.0 * $1.1 }
    }
    var numbers: [String: Int] = [:]
    var known: [String: Int] = [:]
    var words: [String] = []
    var arcWords: [Int] = []
    var arcScores: [Double] = []
    for arc in lattice.arcs {
      let number: Int
      if let found = numbers[arc.word] {
        number = found
      } else {
        if let word = LatticeWords.word(arc.word) {
          number = known[word] ?? words.count
          if number == words.count {
            known[word] = number
            words.append(word)
          }
        } else {
          number = -1
        }
        numbers[arc.word] = number
      }
      arcWords.append(number)
      arcScores.append(total(arc.scores) + (number >= 0 ? weights.wordBonus : 0))
    }
    var endScores = [Double?](repeating: nil, count: lattice.nodes.count)
    var endIndices = [Int](repeating: -1, count: lattice.nodes.count)
    for (index, end) in lattice.ends.enumerated() {
      let score = total(end.scores)
      if let known = endScores[end.node], known >= score { continue }
      endScores[end.node] = score
      endIndices[end.node] = index
    }
    guard arcScores.allSatisfy(\.isFinite), endScores.allSatisfy({ $0?.isFinite ?? true }) else {
      throw lattice.error("has scores that are not finite")
    }
    var ahead = endScores.map { $0 ?? -.infinity }
    for node in order.nodes.reversed() {
      for arc in order.leaving[node] {
        ahead[node] = max(ahead[node], arcScores[arc] + ahead[lattice.arcs[arc].target])
      }
    }
    self.arcScores = arcScores
    self.endScores = endScores
    self.endIndices = endIndices
    self.arcWords = arcWords
    self.words = words
    self.ahead = ahead
  }
}
