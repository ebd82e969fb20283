/// Some outcomes of each row of a window: those whose probabilities are wanted.
public struct OutcomeChoices: Sendable {
  /// The outcomes of all rows, row after row.
  public private(set) var outcomes: [Int32] = []
  /// Where the outcomes of each row begin, and where the last ones end [R + 1].
  public private(set) var starts: [Int] = [0]

  /// No rows.
  public init() {}

  /// The number of rows.
  public var rows: Int { starts.count - 1 }

  /// Adds an outcome to the row that is next.
  public mutating func append(_ outcome: Int32) {
    outcomes.append(outcome)
  }

  /// Ends the row.
  public mutating func endRow() {
    starts.append(outcomes.count)
  }

  /// The places of a row's outcomes.
  public func places(of row: Int) -> Range<Int> {
    starts[row]..<starts[row + 1]
  }

  /// The row of each outcome.
  public var rowOfEach: [Int32] {
    (0..<rows).flatMap { repeatElement(Int32($0), count: places(of: $0).count) }
  }

  /// Forgets everything and keeps the memory.
  public mutating func removeAll() {
    outcomes.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    starts.append(0)
  }
}
