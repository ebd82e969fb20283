/// The statistics of one hypothesis for each utterance: what measures, confidence and significance are computed from.
public struct UtteranceStatistics: Hashable, Sendable {
  /// What the statistics are of.
  public let criterion: Criterion
  /// Statistics, [utterances, W], row-major.
  package private(set) var values: [Int32] = []

  /// No utterances yet.
  public init(criterion: Criterion) {
    self.criterion = criterion
  }

  /// How many utterances there are.
  public var count: Int { values.count / criterion.width }

  /// Adds an utterance.
  public mutating func append(hypothesis: String, reference: String) {
    var prepared = PreparedReference(reference, for: criterion)
    append(prepared.statistics(of: hypothesis))
  }

  /// Adds an utterance by its statistics.
  package mutating func append(_ statistics: [Int32]) {
    precondition(statistics.count == criterion.width, "statistics of another criterion")
    values += statistics
  }

  /// The error rate, or BLEU, of all utterances.
  public var measure: Double { criterion.measure(of: sums) }

  /// The error rate, or 1 − BLEU, of all utterances.
  var loss: Double { criterion.loss(of: sums) }

  private var sums: [Double] {
    var sums = [Double](repeating: 0, count: criterion.width)
    for utterance in 0..<count { add(utterance, to: &sums) }
    return sums
  }

  /// Adds utterance `utterance` to `sums`.
  func add(_ utterance: Int, to sums: inout [Double]) {
    let row = utterance * sums.count
    for column in sums.indices { sums[column] += Double(values[row + column]) }
  }
}
