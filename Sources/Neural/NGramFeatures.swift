/// Maximum-entropy n-gram features, hashed, that are learned together with a network (Mikolov 2011, "Strategies for
/// training large scale neural network language models", section 6; RNNLM's `-direct`).
///
/// For each history length k = 0 … K − 1, the last k words are hashed to a *start* in a table of 2^b weights; the logit of
/// outcome v gets the weight at (start + v) mod 2^b. So the terms of a row are K vectors to add. Histories share weights
/// when they collide; the table's size decides how often.
public struct NGramFeatures: Sendable {
  /// Weights whose gradients are kept together: a cache line.
  static let block = 16
  /// The least b.
  public static let leastBits = 10
  /// The greatest b.
  public static let greatestBits = 34

  /// The weights after k words of history: element k, 2^b each.
  public let tables: [Parameter]
  /// What is added to the gradient of a touched weight, times the weight (L2 regularisation); weights that share a block
  /// of 16 with a touched one count as touched.
  public let decay: Float

  /// Features of these tables, all of one size, made by `table`.
  public init(tables: [Parameter], decay: Float = 0) {
    precondition(Set(tables.map(\.count)).count == 1)
    precondition(tables.allSatisfy { $0.values.columns == Self.block })
    self.tables = tables
    self.decay = decay
  }

  /// The table for a length of history: 2^`bits` zeros.
  ///
  /// As a matrix it has 16 columns, so that gradients are kept for the parts that a window touches.
  public static func table(
    history: Int,
    bits: Int,
    gradient: Parameter.GradientForm = .rows
  ) -> Parameter {
    precondition(bits >= leastBits && bits <= greatestBits && gradient != .dense)
    return Parameter(
      "ngrams.\(history)",
      rows: (1 << bits) / block,
      columns: block,
      gradient: gradient,
      precision: .float32
    )
  }

  /// The longest history, K − 1.
  public var longestHistory: Int { tables.count - 1 }
  /// The number of weights of a table, 2^b.
  var size: Int { tables[0].count }

  /// The starts of a row in all tables; −1 where a word of the history is missing.
  ///
  /// `history` has the words before, the latest first; a negative one ends it.
  func starts(after history: some Collection<Int32>) -> [Int] {
    var starts: [Int] = []
    starts.reserveCapacity(tables.count)
    var hash = CountedRandom.mix(UInt64(tables.count))
    var words = history.makeIterator()
    var isComplete = true
    for length in 0..<tables.count {
      if length > 0 {
        if isComplete, let word = words.next(), word >= 0 {
          hash = CountedRandom.mix(hash &+ (UInt64(word) &+ 1) &* 0x9e37_79b9_7f4a_7c15)
        } else {
          isComplete = false
        }
      }
      starts.append(isComplete ? Int(hash & UInt64(size - 1)) : -1)
    }
    return starts
  }
}
