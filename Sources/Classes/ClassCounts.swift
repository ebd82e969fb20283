import GramdexStorage

/// How often each class is followed by each other class, as words move between classes.
///
/// Classes are 0 ..< size. Memory: 16 · size² bytes.
struct ClassCounts: ~Copyable, Sendable {
  /// The number of classes.
  let size: Int
  /// Row g, column h: how often a word of class h follows one of class g.
  let rows: RecordBuffer<Int64>
  /// The same with rows and columns exchanged, so that loops over either run through memory in order.
  let columns: RecordBuffer<Int64>
  /// How often each class stands first in a bigram.
  let first: RecordBuffer<Int64>
  /// How often each class stands second in a bigram.
  let second: RecordBuffer<Int64>

  static func memoryBytes(size: Int) -> Int {
    16 * size * size + 16 * size
  }

  init(size: Int) {
    self.size = size
    rows = RecordBuffer(zeroed: size * size)
    columns = RecordBuffer(zeroed: size * size)
    first = RecordBuffer(zeroed: size)
    second = RecordBuffer(zeroed: size)
  }

  /// Adds `count` bigrams of these classes, both of whose words are in them.
  func add(_ count: Int64, first g: Int, second h: Int) {
    addPair(count, first: g, second: h)
    first[g] += count
    second[h] += count
  }

  /// Adds `count` to the bigrams of these classes alone, or takes it away when it is negative.
  func addPair(_ count: Int64, first g: Int, second h: Int) {
    rows[g * size + h] += count
    columns[h * size + g] += count
  }

  /// Σ f(N(g, h)) − Σ f(N(g, ·)) − Σ f(N(·, h)) with f(x) = x · log2 x: the part of the log likelihood that depends on the classes.
  ///
  /// Source: Martin, Liermann & Ney 1998, equation 3, with the two marginals kept apart.
  func criterion(_ terms: borrowing EntropyTerms) -> Int64 {
    var sum: Int64 = 0
    for cell in 0..<size * size { sum += terms[rows[cell]] }
    for g in 0..<size { sum -= terms[first[g]] + terms[second[g]] }
    return sum
  }
}
