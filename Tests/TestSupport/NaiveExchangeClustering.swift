import Foundation

/// Exchange clustering, the slow way: every candidate class is tried by counting the whole text again.
///
/// The criterion is a sum of whole numbers, so this and any implementation that keeps it up to date move by move must make
/// the same moves. Source: Martin, Liermann & Ney 1998, section 3 (criterion: equation 3).
public struct NaiveExchangeClustering {
  /// The class of each word that occurs; `<s>` and `</s>` have classes of their own below 0.
  public private(set) var classes: [String: Int]
  /// How many words the last round moved.
  public private(set) var moves = 0
  private let classCount: Int
  private let bigrams: [[String]: Int]
  private let order: [String]
  private static let unitsPerBit = 1_048_576.0

  /// Begins with words of descending frequency cut into classes of equal shares of the text, or with `initial`.
  public init(_ sentences: [[String]], classCount: Int, initial: [String: Int]? = nil) {
    var bigrams: [[String]: Int] = [:]
    var counts: [String: Int] = [:]
    for sentence in sentences {
      let words = ["<s>"] + sentence + ["</s>"]
      for place in 1..<words.count { bigrams[[words[place - 1], words[place]], default: 0] += 1 }
      for word in sentence { counts[word, default: 0] += 1 }
    }
    order = counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.map(
      \.key
    )
    var classes = ["<s>": -1, "</s>": -2]
    var before = 0
    for word in order {
      classes[word] = initial?[word] ?? classCount * before / counts.values.reduce(0, +)
      before += counts[word] ?? 0
    }
    self.classes = classes
    self.classCount = classCount
    self.bigrams = bigrams
  }

  /// x · log2 x in whole units.
  private static func term(_ count: Int) -> Int {
    count > 1
      ? Int((Double(count) * log2(Double(count)) * unitsPerBit).rounded(.toNearestOrEven)) : 0
  }

  private func classCounts() -> (pairs: [[Int]: Int], first: [Int: Int], second: [Int: Int]) {
    var pairs: [[Int]: Int] = [:]
    var first: [Int: Int] = [:]
    var second: [Int: Int] = [:]
    for (bigram, count) in bigrams {
      let pair = bigram.map { classes[$0] ?? 0 }
      pairs[pair, default: 0] += count
      first[pair[0], default: 0] += count
      second[pair[1], default: 0] += count
    }
    return (pairs, first, second)
  }

  /// Σ N(g, h) log N(g, h) − Σ N(g) log N(g) of both positions.
  public var criterion: Int {
    let (pairs, first, second) = classCounts()
    return pairs.values.reduce(0) { $0 + Self.term($1) }
      - first.values.reduce(0) { $0 + Self.term($1) }
      - second.values.reduce(0) { $0 + Self.term($1) }
  }

  /// Gives each word in turn, the most frequent first, the best class; it stays where none is better.
  public mutating func runRound() {
    moves = 0
    for word in order {
      let current = classes[word] ?? 0
      var best = (number: current, criterion: criterion)
      for number in 0..<classCount {
        classes[word] = number
        let candidate = criterion
        if candidate > best.criterion { best = (number, candidate) }
      }
      classes[word] = best.number
      if best.number != current { moves += 1 }
    }
  }

  /// Σ p(g, h) log2 (p(g, h) / (p(g) p(h))), in bits.
  public var averageMutualInformation: Double {
    let (pairs, first, second) = classCounts()
    let tokens = Double(bigrams.values.reduce(0, +))
    return pairs.reduce(0) { sum, element in
      let joint = Double(element.value) / tokens
      let left = Double(first[element.key[0]] ?? 0) / tokens
      let right = Double(second[element.key[1]] ?? 0) / tokens
      return sum + joint * log2(joint / (left * right))
    }
  }

  /// The perplexity of the text under p(w | v) = p(class of w | class of v) · p(w | class of w).
  public var perplexity: Double {
    let (pairs, first, second) = classCounts()
    var words: [String: Int] = [:]
    for (bigram, count) in bigrams { words[bigram[1], default: 0] += count }
    var bits = 0.0
    for (bigram, count) in bigrams {
      let pair = bigram.map { classes[$0] ?? 0 }
      let transition = Double(pairs[pair] ?? 0) / Double(first[pair[0]] ?? 0)
      let membership = Double(words[bigram[1]] ?? 0) / Double(second[pair[1]] ?? 0)
      bits -= Double(count) * log2(transition * membership)
    }
    return exp2(bits / Double(bigrams.values.reduce(0, +)))
  }
}
