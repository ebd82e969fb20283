import GramdexCounting
import GramdexStorage
import Testing

@Suite("Sorting tuples")
struct TupleSorterTests {
  private let folder = "/tmp"

  /// A small generator, so that every run sees the same tuples.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  private func tuples(
    _ count: Int,
    keyWidth: Int,
    payloadWidth: Int,
    below limit: UInt32,
    seed: UInt64
  ) -> [[UInt32]] {
    var generator = Generator(state: seed)
    return (0..<count).map { number in
      (0..<keyWidth).map { _ in UInt32.random(in: 0..<limit, using: &generator) }
        + (0..<payloadWidth).map { UInt32(number) &+ UInt32($0) }
    }
  }

  private func read(_ store: TupleStore, bufferTuples: Int = 100) -> [[UInt32]] {
    var reader = TupleReader(store)
    let buffer = RecordBuffer<UInt32>(uninitialized: bufferTuples * store.width)
    var all: [[UInt32]] = []
    while true {
      let count = reader.read(into: buffer)
      if count == 0 { return all }
      for number in 0..<count {
        all.append((0..<store.width).map { buffer[number * store.width + $0] })
      }
    }
  }

  private func sorted(_ tuples: [[UInt32]], keyWidth: Int) -> [[UInt32]] {
    // Stable: equal keys keep the order in which they came.
    tuples.enumerated().sorted { left, right in
      let keys = (left.element.prefix(keyWidth), right.element.prefix(keyWidth))
      if keys.0.elementsEqual(keys.1) { return left.offset < right.offset }
      return keys.0.lexicographicallyPrecedes(keys.1)
    }.map(\.element)
  }

  @Test(arguments: [
    (1, 0, UInt32(7)), (1, 2, 1000), (2, 3, 50), (3, 2, 4), (5, 2, 3), (5, 2, 200_000),
    (6, 0, .max),
  ])
  func `the stream equals a sorted array`(keyWidth: Int, payloadWidth: Int, limit: UInt32) throws {
    for count in [0, 1, 2, 23, 25, 500, 6000] {
      let input = tuples(
        count,
        keyWidth: keyWidth,
        payloadWidth: payloadWidth,
        below: limit,
        seed: UInt64(count)
      )
      var sorter = TupleSorter(
        keyWidth: keyWidth,
        payloadWidth: payloadWidth,
        maximumValue: limit,
        memoryBudgetBytes: 1 << 20,
        temporaryFolder: folder
      )
      let values = input.flatMap(\.self)
      try sorter.append(values.span)
      let store = try sorter.finish()
      #expect(store.count == UInt64(count))
      #expect(read(store) == sorted(input, keyWidth: keyWidth))
    }
  }

  @Test func `a budget that needs many runs gives the same stream, and again when read again`()
    throws
  {
    let input = tuples(60_000, keyWidth: 3, payloadWidth: 2, below: 40, seed: 5)
    var sorter = TupleSorter(
      keyWidth: 3,
      payloadWidth: 2,
      maximumValue: 40,
      memoryBudgetBytes: 1 << 20,
      temporaryFolder: folder
    )
    for tuple in input { try sorter.append(tuple.span) }
    let store = try sorter.finish()
    let expected = sorted(input, keyWidth: 3)
    #expect(read(store) == expected)
    #expect(read(store, bufferTuples: 1) == expected)
    #expect(store.temporaryBytes >= Int64(60_000 * 5 * 4))
  }

  @Test func `tuples written in order are read in order`() throws {
    let input = sorted(
      tuples(80_000, keyWidth: 2, payloadWidth: 2, below: 1 << 30, seed: 9),
      keyWidth: 2
    )
    var writer = TupleWriter(keyWidth: 2, payloadWidth: 2, temporaryFolder: folder)
    for tuple in input { try writer.append(tuple.span) }
    #expect(read(try writer.finish()) == input)
    let empty = TupleWriter(keyWidth: 2, payloadWidth: 2, temporaryFolder: folder)
    #expect(read(try empty.finish()).isEmpty)
  }

  @Test func `a folder that is not there is an error`() throws {
    var sorter = TupleSorter(
      keyWidth: 1,
      payloadWidth: 0,
      memoryBudgetBytes: 1,
      temporaryFolder: "/no/such/folder"
    )
    let value: [UInt32] = [1]
    try sorter.append(value.span)
    var failure: ScratchFileError?
    do {
      _ = try sorter.finish()
    } catch {
      failure = error as? ScratchFileError
    }
    #expect(failure?.folder == "/no/such/folder")
  }
}
