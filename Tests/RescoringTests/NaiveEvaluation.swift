import GramdexCore

/// Error rates straight from their definitions, for comparison.
enum NaiveEvaluation {
  /// The whole table of distances: `table[i][j]` of the first i and the first j tokens.
  static func distances(_ reference: [Int32], _ hypothesis: [Int32]) -> [[Int]] {
    var table = [[Int]](
      repeating: [Int](repeating: 0, count: hypothesis.count + 1),
      count: reference.count + 1
    )
    for i in 0...reference.count {
      for j in 0...hypothesis.count {
        if i == 0 || j == 0 {
          table[i][j] = i + j
        } else {
          let isSame = reference[i - 1] == hypothesis[j - 1]
          table[i][j] = min(
            table[i - 1][j - 1] + (isSame ? 0 : 1),
            table[i - 1][j] + 1,
            table[i][j - 1] + 1
          )
        }
      }
    }
    return table
  }

  static func distance(_ reference: [Int32], _ hypothesis: [Int32]) -> Int {
    distances(reference, hypothesis)[reference.count][hypothesis.count]
  }

  static func randomTokens(_ random: inout SplitMix64, maximum: Int, types: Int) -> [Int32] {
    (0..<random.next(below: maximum + 1)).map { _ in Int32(random.next(below: types)) }
  }
}
