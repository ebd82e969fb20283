/// Hypotheses aligned with each other: places one after the other, at each of which words, or none, have probabilities.
///
/// Made like a confusion network from a list: the likeliest text begins it, and each next one is aligned to what is there, by the least
/// expected number of errors: putting word w at a place costs 1 − p(w there), passing a place by costs 1 − p(none
/// there), and a new place costs 1. Of equals the alignment is chosen that is found from the end backwards by preferring
/// a place for the word to passing a place by, and that to a new place.
/// Cost: places × words for each text. Memory: 16 MiB, and for longer texts about 9 · words · √places bytes: the costs at every √places-th place are
/// kept and what lies between is computed again. Source: Mangu, Brill & Stolcke: Finding consensus in speech recognition (2000), for lists as in SRILM's
/// `nbest-lattice -use-mesh`; several systems: Fiscus: ROVER (ASRU 1997), Stolcke et al.: N-best ROVER (2000).
public struct WordMesh: Hashable, Sendable {
  /// A word, or none, and its probability.
  public struct Entry: Hashable, Sendable {
    /// The word; nil where a hypothesis has none.
    public var word: String?
    /// The sum of the probabilities of the hypotheses that have it here.
    public var probability: Double

    /// Makes an entry.
    public init(word: String?, probability: Double) {
      self.word = word
      self.probability = probability
    }
  }

  /// The utterance's id.
  public var name: String
  /// The entries of each place, the likeliest first.
  public var places: [[Entry]]
  /// The probability of all hypotheses together: 1 but for rounding.
  public var mass: Double

  /// Makes a mesh.
  public init(name: String, places: [[Entry]], mass: Double) {
    self.name = name
    self.places = places
    self.mass = mass
  }

  /// The likeliest word of each place, where none is no likelier.
  ///
  /// Of equally likely words the earlier entry counts.
  public var consensus: String {
    places.compactMap { place in
      place.max {
        // `max` keeps the first of equals, but for none and a word.
        $0.probability < $1.probability
          || ($0.probability == $1.probability && $0.word == nil && $1.word != nil)
      }?.word
    }.joined(separator: " ")
  }
}

/// Puts texts into a mesh, one after the other.
package struct WordMeshBuilder {
  /// The probability of each word at a place, in the order in which they came; word −1 is none.
  private struct Place {
    var words: [Int32] = []
    var masses: [Double] = []

    func mass(of word: Int32) -> Double {
      words.firstIndex(of: word).map { masses[$0] } ?? 0
    }

    mutating func add(_ word: Int32, _ mass: Double) {
      if let index = words.firstIndex(of: word) {
        masses[index] += mass
      } else {
        words.append(word)
        masses.append(mass)
      }
    }
  }

  /// What a cell of the table was reached by.
  private enum Move: UInt8 {
    case word
    case pass
    case new
  }

  private static let none: Int32 = -1

  private let maximumCells: Int
  private var places: [Place] = []
  private var mass = 0.0
  private var isEmpty = true

  /// An empty mesh; tables of at most `maximumCells` bytes are held whole.
  package init(maximumCells: Int = 1 << 24) {
    self.maximumCells = maximumCells
  }

  /// Adds texts, the likeliest first, each with `share` of its probability.
  package mutating func add(_ texts: WeightedTexts, share: Double = 1) {
    for entry in texts.entries { add(entry.words, entry.probability * share) }
  }

  /// The mesh; `numbers` says what the words' numbers mean.
  package func mesh(name: String, numbers: TokenNumbers) -> WordMesh {
    let shown = places.map { place in
      let order = place.words.indices.sorted {
        (place.masses[$0], -$0) > (place.masses[$1], -$1)
      }
      return order.map { index in
        let word = place.words[index]
        return WordMesh.Entry(
          word: word == Self.none ? nil : numbers.words[Int(word)],
          probability: place.masses[index]
        )
      }
    }
    return WordMesh(name: name, places: shown, mass: mass)
  }

  private mutating func add(_ words: [Int32], _ probability: Double) {
    if isEmpty {
      places = words.map { Place(words: [$0], masses: [probability]) }
      isEmpty = false
    } else {
      merge(words, probability)
    }
    mass += probability
  }

  /// What each word costs at places, one place after the other.
  private struct Placing {
    /// 1 but for the words that are at the place, which are put in and taken out again.
    private var costs: [Double]
    private let occurrences: [Int32: [Int]]

    init(_ words: [Int32]) {
      costs = [Double](repeating: 1, count: words.count)
      occurrences = Dictionary(grouping: words.indices) { words[$0] }
    }

    /// Makes the costs of all cells after one more place; returns how each was reached.
    mutating func advance(_ row: inout [Double], past place: Place, mass: Double) -> [Move] {
      for (word, wordMass) in zip(place.words, place.masses) {
        for j in occurrences[word] ?? [] { costs[j] = 1 - wordMass / mass }
      }
      defer {
        for word in place.words {
          for j in occurrences[word] ?? [] { costs[j] = 1 }
        }
      }
      let pass = 1 - place.mass(of: WordMeshBuilder.none) / mass
      return WordMeshBuilder.advance(&row, placing: costs, passing: pass)
    }
  }

  /// Makes the costs after one more place; returns how each was reached.
  private static func advance(
    _ costs: inout [Double],
    placing: [Double],
    passing pass: Double
  ) -> [Move] {
    var row = [Move](repeating: .pass, count: costs.count)
    var diagonal = costs[0]
    costs[0] += pass
    for j in placing.indices {
      let through = diagonal + placing[j]
      let passing = costs[j + 1] + pass
      let adding = costs[j] + 1
      diagonal = costs[j + 1]
      let least = min(through, min(passing, adding))
      costs[j + 1] = least
      row[j + 1] = through == least ? .word : passing == least ? .pass : .new
    }
    return row
  }

  /// Adds words along the best path, which is found from the end backwards, a block of places at a time.
  private mutating func merge(_ words: [Int32], _ probability: Double) {
    var placing = Placing(words)
    let isWhole = (places.count + 1) * (words.count + 1) <= maximumCells
    let root = Int(Double(places.count).squareRoot().rounded(.up))
    let stride = max(1, isWhole ? places.count : root)
    // The costs before places 0, stride, 2·stride, …; cell j: after j words.
    var row = (0...words.count).map { Double($0) }
    var kept = [row]
    if stride < places.count {
      for (index, place) in places.enumerated() {
        _ = placing.advance(&row, past: place, mass: mass)
        if (index + 1) % stride == 0 { kept.append(row) }
      }
    }
    var merged: [Place] = []
    var (i, j) = (places.count, words.count)
    while i > 0 {
      let first = (i - 1) / stride * stride
      var row = kept[first / stride]
      let moves = places[first..<i].map { placing.advance(&row, past: $0, mass: mass) }
      while i > first {
        switch moves[i - first - 1][j] {
        case .word:
          i -= 1
          j -= 1
          places[i].add(words[j], probability)
          merged.append(places[i])
        case .pass:
          i -= 1
          places[i].add(Self.none, probability)
          merged.append(places[i])
        case .new:
          j -= 1
          merged.append(newPlace(words[j], probability))
        }
      }
    }
    while j > 0 {
      j -= 1
      merged.append(newPlace(words[j], probability))
    }
    places = merged.reversed()
  }

  /// A place that no text before has.
  private func newPlace(_ word: Int32, _ probability: Double) -> Place {
    Place(words: [Self.none, word], masses: [mass, probability])
  }
}
