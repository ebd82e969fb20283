import GramdexStorage

/// Sorts any number of tuples of 32-bit values by their keys, within a memory budget.
///
/// Tuples are collected until the budget is full, sorted in memory, and written to a temporary file as a run;
/// the runs are merged while they are read (`TupleReader`). Tuples with equal keys all stay, next to each other.
///
/// Input: tuples in any order. Output: a store in ascending order of keys.
/// Memory: the budget, touched only as far as tuples come in.
package struct TupleSorter: ~Copyable {
  /// The least budget with which runs are worth their file.
  package static let minimumMemoryBytes = 1 << 20

  private let store: TupleStore
  private let width: Int
  private let capacity: Int
  private let tuples: RecordBuffer<UInt32>
  private let order: TupleOrder
  private var count = 0

  /// Makes a sorter of tuples of `keyWidth` + `payloadWidth` values.
  ///
  /// - Parameters:
  ///   - keyWidth: values that order a tuple, the first of them most.
  ///   - payloadWidth: values that it carries.
  ///   - maximumValue: no value of a key is larger; smaller bounds sort faster.
  ///   - memoryBudgetBytes: raised to `minimumMemoryBytes` where it is less.
  ///   - temporaryFolder: an existing folder for the runs.
  package init(
    keyWidth: Int,
    payloadWidth: Int,
    maximumValue: UInt32 = .max,
    memoryBudgetBytes: Int,
    temporaryFolder: String
  ) {
    store = TupleStore(
      keyWidth: keyWidth,
      payloadWidth: payloadWidth,
      temporaryFolder: temporaryFolder
    )
    width = store.width
    let budget = max(memoryBudgetBytes, Self.minimumMemoryBytes)
    capacity = min(budget / (width * 4 + TupleOrder.bytesPerTuple), Int(UInt32.max))
    tuples = RecordBuffer(uninitialized: capacity * width)
    order = TupleOrder(
      capacity: capacity,
      keyWidth: keyWidth,
      width: width,
      maximumValue: maximumValue
    )
  }

  /// Bytes of the temporary file so far.
  package var temporaryBytes: Int64 { store.temporaryBytes }

  /// Adds the tuples in `values`, a whole number of them.
  package mutating func append(_ values: Span<UInt32>) throws {
    precondition(values.count % width == 0, "whole tuples only")
    var position = 0
    while position < values.count {
      if count == capacity { try spill() }
      let base = count * width
      for index in 0..<width { tuples[base + index] = values[position + index] }
      count += 1
      position += width
    }
  }

  /// Ends the input and gives the sorted tuples.
  package consuming func finish() throws -> TupleStore {
    try spill()
    return store
  }

  private mutating func spill() throws {
    if count == 0 { return }
    order.sort(tuples, count: count)
    let segment = try store.addSegment(tuples: count, startsRun: true)
    // SAFETY: the segment has room for `count` tuples; the order's indices are below `count`.
    let target = unsafe segment.pointer
    let source = unsafe tuples.pointer
    for position in 0..<count {
      unsafe (target + position * width).update(
        from: source + order.index(at: position) * width,
        count: width
      )
    }
    count = 0
  }
}
