extension Parallel {
  /// The values of `body(0)` … `body(count − 1)`, in that order, computed on so many threads: thread i computes every
  /// `threads`-th from i on.
  public static func map<Value: Sendable>(
    count: Int,
    threads: Int,
    _ body: @Sendable (Int) throws -> Value
  ) throws -> [Value] {
    let threads = min(max(1, threads), max(1, count))
    let values = Slots<Value?>(count: count) { _ in nil }
    try run(threads: threads) { thread in
      for index in stride(from: thread, to: count, by: threads) {
        values[index] = try body(index)
      }
    }
    return (0..<count).compactMap { values[$0] }
  }
}
