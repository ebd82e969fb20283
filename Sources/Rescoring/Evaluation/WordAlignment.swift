/// Which tokens of a hypothesis stand for which of its reference, with as few errors as can be.
///
/// A substitution, an insertion and a deletion cost 1 each (Levenshtein 1966), as in Kaldi's `compute-wer` and `jiwer`; NIST's `sclite` weighs
/// them 4, 3 and 3 and may count more errors. Of several alignments with equally few errors, the one is chosen that is found
/// from the end backwards by preferring a match or a substitution to a deletion, and a deletion to an insertion.
///
/// Cost: n·m steps while n·m is at most 2²⁰, else 4·n·d, d being the distance (`EditDistance`): no alignment with d errors leaves the
/// band of d cells at each side of the diagonal. Memory: n·m numbers, or about 2·m·√n: rows at every √n-th token of the reference are kept and those
/// between them computed again.
public struct WordAlignment: Hashable, Sendable {
  /// What happened to a token.
  ///
  /// Places count from 0.
  public enum Step: Hashable, Sendable {
    /// The token at `reference` stands at `hypothesis`.
    case correct(reference: Int, hypothesis: Int)
    /// The token at `reference` became the one at `hypothesis`.
    case substitution(reference: Int, hypothesis: Int)
    /// The token at `hypothesis` stands for nothing.
    case insertion(hypothesis: Int)
    /// The token at `reference` was lost.
    case deletion(reference: Int)
  }

  /// What happened, from the first token to the last.
  public let steps: [Step]

  /// Aligns two texts by their words.
  public init(of hypothesis: String, reference: String) {
    var numbers = TokenNumbers()
    let expected = numbers.words(of: reference)
    self.init(of: numbers.words(of: hypothesis), reference: expected)
  }

  /// Aligns two sequences of tokens.
  package init(of hypothesis: [Int32], reference: [Int32]) {
    var tracer = AlignmentTracer(reference: reference, hypothesis: hypothesis)
    steps = tracer.trace()
  }

  /// How often each kind of step occurs.
  public var counts: ErrorCounts {
    var counts = ErrorCounts()
    for step in steps {
      switch step {
      case .correct: counts.correct += 1
      case .substitution: counts.substitutions += 1
      case .insertion: counts.insertions += 1
      case .deletion: counts.deletions += 1
      }
    }
    return counts
  }
}

/// Fills the table of distances and walks through it from the end.
///
/// Row i, column j of the table: the distance of the first i tokens of the reference from the first j of the hypothesis.
private struct AlignmentTracer {
  let reference: [Int32]
  let hypothesis: [Int32]
  /// Every how many rows one is kept; a block is the rows from one that is kept to the next.
  let stride: Int
  /// How far a path may be from the diagonal; cells farther away are `unreachable`.
  let band: Int
  /// Rows 0, stride, 2·stride, ….
  private var kept: [[Int32]] = []

  private static let wholeTable = 1 << 20
  private static let unreachable = Int32.max / 2

  init(reference: [Int32], hypothesis: [Int32]) {
    self.reference = reference
    self.hypothesis = hypothesis
    let cells = (reference.count + 1) * (hypothesis.count + 1)
    let root = Int(Double(reference.count).squareRoot().rounded(.up))
    let isWhole = cells <= Self.wholeTable
    stride = max(1, isWhole ? reference.count : root)
    band =
      isWhole
      ? max(reference.count, hypothesis.count)
      : EditDistance(reference: reference).distance(to: hypothesis)
  }

  mutating func trace() -> [WordAlignment.Step] {
    keepRows()
    var steps: [WordAlignment.Step] = []
    steps.reserveCapacity(max(reference.count, hypothesis.count))
    var (i, j) = (reference.count, hypothesis.count)
    while i > 0 || j > 0 {
      let first = max(0, i - 1) / stride * stride
      walk(table(from: first, through: i), from: first, &i, &j, &steps)
    }
    steps.reverse()
    return steps
  }

  private mutating func keepRows() {
    var row = (0...hypothesis.count).map { $0 <= band ? Int32($0) : Self.unreachable }
    kept = [row]
    guard stride < reference.count else { return }
    for i in 1...reference.count {
      advance(&row, i)
      if i % stride == 0 { kept.append(row) }
    }
  }

  /// Makes row i of row i − 1.
  private func advance(_ row: inout [Int32], _ i: Int) {
    let token = reference[i - 1]
    let first = max(1, i - band)
    let last = min(hypothesis.count, i + band)
    guard first <= last else {
      // A hypothesis without tokens: the band has column 0 alone.
      row[0] = Int32(i)
      return
    }
    var diagonal = row[first - 1]
    var left = i <= band ? Int32(i) : Self.unreachable
    row[first - 1] = left
    for j in first...last {
      let above = row[j]
      let through = hypothesis[j - 1] == token ? diagonal : diagonal &+ 1
      left = min(through, min(above, left) &+ 1)
      row[j] = left
      diagonal = above
    }
  }

  /// Rows `first` … `last`, `first` being one that is kept.
  private func table(from first: Int, through last: Int) -> [[Int32]] {
    var rows = [kept[first / stride]]
    for i in first..<last {
      var row = rows[i - first]
      advance(&row, i + 1)
      rows.append(row)
    }
    return rows
  }

  /// Walks backwards until row `first`, or, when that is row 0, until the beginning.
  private func walk(
    _ rows: [[Int32]],
    from first: Int,
    _ i: inout Int,
    _ j: inout Int,
    _ steps: inout [WordAlignment.Step]
  ) {
    while i > first || (first == 0 && j > 0) {
      let here = rows[i - first][j]
      if i > first, j > 0 {
        let isSame = reference[i - 1] == hypothesis[j - 1]
        if rows[i - first - 1][j - 1] + (isSame ? 0 : 1) == here {
          i -= 1
          j -= 1
          steps.append(
            isSame
              ? .correct(reference: i, hypothesis: j) : .substitution(reference: i, hypothesis: j)
          )
          continue
        }
      }
      if i > first, rows[i - first - 1][j] + 1 == here {
        i -= 1
        steps.append(.deletion(reference: i))
      } else {
        j -= 1
        steps.append(.insertion(hypothesis: j))
      }
    }
  }
}
