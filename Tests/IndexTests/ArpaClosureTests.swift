import GramdexCounting
import GramdexIndex
import GramdexStorage
import Testing

/// An n-gram with its values, as a closure holds it.
struct ClosedNGram: Equatable {
  var probability: Float
  /// −0.0 where nothing follows.
  var backoffBits: UInt32
  var isBlank: Bool
}

/// A completed model.
struct ClosedText {
  var words: [String]
  var backoffs: [Float]
  /// Orders from 2 on.
  var ngrams: [[UInt32]: ClosedNGram]
  var orders: [ClosedOrder]
}

/// Reads ARPA text and completes it.
func close(_ text: String, memoryBudgetBytes: Int = 4 << 20) throws -> ClosedText {
  var reader = ArpaReader(file: "model.arpa")
  var sorters: [Int: [UInt32]] = [:]
  let bytes = Array(text.utf8)
  try reader.consume(bytes.span) { sorters[$0.order, default: []] += $0.tuples }
  let summary = try reader.finish { sorters[$0.order, default: []] += $0.tuples }
  _ = reader.addReservedWords(unknownLog10Probability: -100)
  var given: [TupleStore] = []
  for order in 2..<max(summary.order + 1, 2) {
    var sorter = TupleSorter(
      keyWidth: order,
      payloadWidth: ArpaBatch.payloadWidth,
      memoryBudgetBytes: memoryBudgetBytes,
      temporaryFolder: "/tmp"
    )
    let values = sorters[order] ?? []
    try sorter.append(values.span)
    given.append(try sorter.finish())
  }
  let closure = ArpaClosure(
    file: "model.arpa",
    summary: summary,
    vocabulary: reader.vocabulary,
    memoryBudgetBytes: memoryBudgetBytes,
    temporaryFolder: "/tmp"
  )
  var backoffs = reader.unigramLog10Backoffs
  let closed = try closure.complete(
    given,
    log10Probabilities: reader.unigramLog10Probabilities,
    log10Backoffs: &backoffs
  ) {}
  var ngrams: [[UInt32]: ClosedNGram] = [:]
  for (index, order) in closed.enumerated() {
    var tuples = TupleReader(order.tuples)
    let width = index + 2 + ClosedOrder.payloadWidth
    let buffer = RecordBuffer<UInt32>(uninitialized: 7 * width)
    var blanks: UInt64 = 0
    var contexts: UInt64 = 0
    var previous: [UInt32] = []
    while true {
      let count = tuples.read(into: buffer)
      if count == 0 { break }
      for number in 0..<count {
        let tuple = (0..<width).map { buffer[number * width + $0] }
        let key = Array(tuple.prefix(index + 2))
        #expect(previous.lexicographicallyPrecedes(key), "context order, no duplicates")
        previous = key
        let words = Array(key.dropLast().reversed() + key.suffix(1))
        ngrams[words] = ClosedNGram(
          probability: Float(bitPattern: tuple[index + 2]),
          backoffBits: tuple[index + 3],
          isBlank: tuple[index + 4] == 1
        )
        if tuple[index + 4] == 1 { blanks += 1 }
        if tuple[index + 3] != (-0.0 as Float).bitPattern { contexts += 1 }
      }
    }
    #expect(order.blankCount == blanks)
    #expect(order.contextCount == contexts)
  }
  let vocabulary = (0..<UInt32(reader.vocabulary.count)).map {
    String(decoding: reader.vocabulary.word($0), as: UTF8.self)
  }
  return ClosedText(words: vocabulary, backoffs: backoffs, ngrams: ngrams, orders: closed)
}

@Suite("Completing ARPA files")
struct ArpaClosureTests {
  /// The same by dictionaries and loops.
  struct Naive {
    var top: Int
    var given: [[UInt32]: (probability: Float, backoff: Float)]
    var all: Set<[UInt32]>

    init(top: Int, given: [[UInt32]: (probability: Float, backoff: Float)]) {
      self.top = top
      self.given = given
      all = Set(given.keys)
      for order in stride(from: top, through: 3, by: -1) {
        for ngram in all where ngram.count == order {
          all.insert(Array(ngram.dropFirst()))
          all.insert(Array(ngram.dropLast()))
        }
      }
    }

    func probability(_ ngram: [UInt32]) -> Float {
      if let value = given[ngram] { return value.probability }
      let backoff = given[Array(ngram.dropLast())]?.backoff ?? 0
      return min(backoff + probability(Array(ngram.dropFirst())), 0)
    }

    func backoffBits(_ ngram: [UInt32]) -> UInt32 {
      let stored = ngram.count == top ? 0 : given[ngram]?.backoff ?? 0
      if stored != 0 { return stored.bitPattern }
      let isContext = all.contains { Array($0.dropLast()) == ngram }
      return (isContext ? 0 : -0.0 as Float).bitPattern
    }
  }

  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  @Test(arguments: 0..<24)
  func `missing prefixes and suffixes get their backed-off probabilities`(seed: Int) throws {
    var generator = Generator(state: UInt64(seed) &* 977 &+ 3)
    let top = 2 + seed % 4
    let wordCount = 4 + UInt32(seed % 3)
    let words = ["<unk>", "<s>", "</s>"] + (3..<wordCount).map { "w\($0)" }
    var given: [[UInt32]: (probability: Float, backoff: Float)] = [:]
    func value() -> Float { -Float(Int.random(in: 1...4000, using: &generator)) / 1024 }
    for word in 0..<wordCount {
      given[[word]] = (word == 1 ? -99 : value(), Bool.random(using: &generator) ? value() : 0)
    }
    for order in 2..<(top + 1) {
      for _ in 0..<Int.random(in: 1...40, using: &generator) {
        let ngram = (0..<order).map { _ in UInt32.random(in: 0..<wordCount, using: &generator) }
        given[ngram] = (value(), Bool.random(using: &generator) ? value() : 0)
      }
    }
    var text = "\\data\\\nngram 1=1\n"
    for order in 1...top {
      text += "\n\\\(order)-grams:\n"
      let keys = given.keys.filter { $0.count == order }
      // 1-grams in id order; the others in any order.
      let listed = order == 1 ? keys.sorted { $0[0] < $1[0] } : keys.shuffled(using: &generator)
      for key in listed {
        let line = key.map { words[Int($0)] }.joined(separator: " ")
        guard let entry = given[key] else { continue }
        text += "\(entry.probability)\t\(line)\t\(entry.backoff)\n"
      }
    }
    let result = try close(text + "\n\\end\\\n")
    let naive = Naive(top: top, given: given)
    #expect(result.words == words)
    #expect(Set(result.ngrams.keys) == naive.all.filter { $0.count > 1 })
    for (key, ngram) in result.ngrams {
      let expected = ClosedNGram(
        probability: naive.probability(key),
        backoffBits: naive.backoffBits(key),
        isBlank: given[key] == nil
      )
      #expect(ngram == expected, "\(key), seed \(seed)")
    }
    for word in 0..<wordCount {
      #expect(result.backoffs[Int(word)].bitPattern == naive.backoffBits([word]))
    }
  }

  @Test func `an order may be missing altogether`() throws {
    let text = "\\data\\\n\\1-grams:\n-1 a -0.5\n-2 b\n\\3-grams:\n-0.25 a b a\n\\end\\\n"
    let result = try close(text)
    #expect(result.ngrams.keys.sorted { $0.count < $1.count }.map(\.count) == [2, 2, 3])
    #expect(result.ngrams[[3, 4]]?.probability == -2.5)
    #expect(result.ngrams[[4, 3]]?.probability == -1)
    #expect(result.ngrams[[3, 4]]?.backoffBits == 0)
    #expect(result.ngrams[[4, 3]]?.backoffBits == (-0.0 as Float).bitPattern)
  }

  @Test func `an n-gram that stands twice is an error with both lines`() throws {
    let text =
      "\\data\\\nngram 1=2\n\n\\1-grams:\n-1 a\n-2 b\n\n\\2-grams:\n-1 a b\n\n-1 b b\n-3 a b\n"
    #expect(
      arpaError { _ = try close(text + "\\end\\\n") }
        == .duplicate(file: "model.arpa", line: 12, ngram: "\"a b\"", earlierLine: 9)
    )
  }

  /// The frequencies that irstlm 6.00.05 `build-lm.sh -s witten-bell` wrote for `a b a c`, `b a b`, …,
  /// and the probabilities that its `compile-lm --text=yes` made of them.
  @Test func `interpolated files become what IRSTLM makes of them`() throws {
    let text = """
      iARPA

      \\data\\
      ngram 1=\t7
      ngram 2=\t6
      ngram 3=\t3

      \\1-grams:
      -1.278754\t<s>\t-0.477121
      -0.625541\ta\t-0.698970
      -0.734686\tb\t-0.477121
      -0.977724\tc\t-0.397940
      -0.801632\t</s>\t-0.778151
      -1.102662\td\t-0.301030
      -0.734686 <unk>
      \\2-grams:
      -0.602060\t<s> a\t-0.397940
      -0.301030\ta b\t-0.425969
      -0.522879\ta c\t-0.397940
      -0.477121\tb a\t-0.397940
      -0.653213\tb </s>\t-0.477121
      -0.954243\tb d\t-0.301030
      \\3-grams:
      -0.397940\t<s> a b
      -0.602060\ta b a
      -0.301030\tc a b
      \\end\\

      """
    let result = try close(text)
    let expected: [([String], Float)] = [
      (["<s>", "a"], -0.482874), (["a", "b"], -0.270153), (["a", "c"], -0.493424),
      (["b", "a"], -0.384807), (["b", "</s>"], -0.560899), (["b", "d"], -0.861929),
      (["<s>", "a", "b"], -0.211311), (["a", "b", "a"], -0.392968),
    ]
    for (words, probability) in expected {
      let ids = words.compactMap { word in result.words.firstIndex(of: word).map(UInt32.init) }
      let found = result.ngrams[ids]?.probability ?? .nan
      // The files have 6 decimals.
      #expect(abs(found - probability) < 2e-6, "\(words)")
    }
  }
}
