import GramdexStorage

/// N-grams of one order with counts of several kinds, sorted so that what is known of one stands together.
///
/// One thread at a time may use it.
final class NGramSorter {
  /// Where a count comes from.
  enum Kind: UInt64 {
    /// A count file.
    case given = 0
    /// The n-gram with one more word to its left.
    case left = 1
    /// The n-gram with one more word to its right.
    case right = 2
  }

  /// The largest count: the kind takes the bits above.
  static let largestCount: UInt64 = 1 << 60
  private static let kindShift: UInt64 = 62

  private let order: Int
  private var sorter: TupleSorter?
  private var tuple: [UInt32]

  init(order: Int, memoryBytes: Int, temporaryFolder: String) {
    self.order = order
    tuple = [UInt32](repeating: 0, count: order + 2)
    sorter = TupleSorter(
      keyWidth: order,
      payloadWidth: 2,
      memoryBudgetBytes: memoryBytes,
      temporaryFolder: temporaryFolder
    )
  }

  /// Adds a count of an n-gram.
  func append(_ ngram: ArraySlice<UInt32>, _ count: UInt64, _ kind: Kind) throws {
    for (position, word) in ngram.enumerated() { tuple[position] = word }
    let value = count | kind.rawValue << Self.kindShift
    tuple[order] = UInt32(truncatingIfNeeded: value)
    tuple[order + 1] = UInt32(truncatingIfNeeded: value >> 32)
    let values = tuple
    try sorter?.append(values.span)
  }

  /// What is known of an n-gram: sums of counts of each kind, and how many counts a file gave.
  struct Sums {
    var given: UInt64 = 0
    var left: UInt64 = 0
    var right: UInt64 = 0
    var givenTimes = 0

    mutating func add(_ value: UInt64) {
      let count = value & (1 << NGramSorter.kindShift - 1)
      switch Kind(rawValue: value >> NGramSorter.kindShift) {
      case .left: left = left.addingAtMost(count)
      case .right: right = right.addingAtMost(count)
      case .given, nil:
        given = given.addingAtMost(count)
        givenTimes += 1
      }
    }
  }

  /// Bytes of the temporary file so far; 0 once the input has ended.
  var temporaryBytes: Int64 { sorter?.temporaryBytes ?? 0 }

  /// Ends the input and calls `body` with every distinct n-gram and what is known of it, ascending by ids.
  ///
  /// Returns the bytes of the temporary file, which goes away.
  func forEachNGram(_ body: (ArraySlice<UInt32>, Sums) throws -> Void) throws -> Int64 {
    let (order, width) = (order, order + 2)
    guard let sorter = sorter.take() else { return 0 }
    let store = try sorter.finish()
    var reader = TupleReader(store)
    let batch = RecordBuffer<UInt32>(uninitialized: width * 4096)
    var current: [UInt32] = []
    var sums = Sums()
    while true {
      let count = reader.read(into: batch)
      if count == 0 { break }
      for index in 0..<count {
        let base = index * width
        if current.isEmpty || (0..<order).contains(where: { current[$0] != batch[base + $0] }) {
          if !current.isEmpty { try body(current[...], sums) }
          current = (0..<order).map { batch[base + $0] }
          sums = Sums()
        }
        sums.add(UInt64(batch[base + order]) | UInt64(batch[base + order + 1]) << 32)
      }
    }
    if !current.isEmpty { try body(current[...], sums) }
    return store.temporaryBytes
  }
}

extension UInt64 {
  /// The sum, or the largest number where it is more; sums of counts are refused long before that.
  func addingAtMost(_ other: Self) -> Self {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
