import GramdexStorage

/// The classes of the words around one word, with how often they stand there.
struct NeighborClasses: ~Copyable, Sendable {
  /// For each class, how often one of its words, other than the word itself, stands there.
  private let counts: RecordBuffer<Int64>
  private let found: RecordBuffer<UInt32>
  /// How many classes were met.
  private(set) var count = 0
  /// All counts together, the word's own included.
  private(set) var total: Int64 = 0

  static func memoryBytes(size: Int) -> Int { 12 * size }

  /// Makes an empty list for classes below `size`.
  init(size: Int) {
    counts = RecordBuffer(zeroed: size)
    found = RecordBuffer(uninitialized: size)
  }

  /// The class that was met as number `index`.
  func classNumber(_ index: Int) -> Int { Int(found[index]) }

  /// How often class `number` stands there.
  func count(of number: Int) -> Int64 { counts[number] }

  /// Gathers the neighbors of `word`; returns how often the word stands beside itself.
  mutating func gather(
    _ word: Int,
    in neighbors: borrowing BigramTable.Neighbors,
    classes: borrowing RecordBuffer<UInt32>
  ) -> Int64 {
    for index in 0..<count { counts[Int(found[index])] = 0 }
    count = 0
    total = 0
    var own: Int64 = 0
    for place in neighbors.starts[word]..<neighbors.starts[word + 1] {
      let other = Int(neighbors.words[place])
      let times = Int64(neighbors.counts[place])
      total += times
      if other == word {
        own = times
        continue
      }
      let number = Int(classes[other])
      if counts[number] == 0 {
        found[count] = UInt32(number)
        count += 1
      }
      counts[number] += times
    }
    return own
  }
}
