import TestSupport
import Testing

@testable import GramdexCounting

@Suite("Windows packed into keys")
struct WindowFuzzTests {
  /// Packs as the scatter does, and compares with the words themselves.
  private func check<Key: WindowKey>(
    _: Key.Type,
    _ shape: WindowShape,
    _ windows: [[UInt32]],
    seed: UInt64
  ) {
    func pack(_ words: [UInt32]) -> Key {
      words.enumerated().reduce(.zero) { key, word in
        key | .placing(word.element, at: word.offset * shape.wordBits, count: shape.wordBits)
      }
    }
    let keys = windows.map(pack)
    for (key, words) in zip(keys, windows) {
      let unpacked = (0..<shape.order).map {
        key.bits(at: $0 * shape.wordBits, count: shape.wordBits)
      }
      #expect(unpacked == words, "seed \(seed), \(shape)")
      // Below the words everything is zero.
      #expect(key & Key.topMask(shape.bits) == key, "seed \(seed), \(shape)")
      let bits = words.map { word in
        let digits = String(word, radix: 2)
        return String(repeating: "0", count: shape.wordBits - digits.count) + digits
      }
      let zeros = bits.joined().prefix { $0 == "0" }.count
      let expected = zeros == shape.bits ? Key.width : zeros
      #expect(key.leadingZeroBits == expected, "seed \(seed), \(shape)")
      // A step along the text: all words move down by one, a new one comes in at the top.
      let moved = key.shiftedDown(by: shape.wordBits) & Key.topMask(shape.bits)
      #expect(moved == pack([0] + words.dropLast()), "seed \(seed), \(shape)")
      #expect(key.shiftedUp(by: shape.wordBits) == pack(words.dropFirst() + [0]), "seed \(seed)")
    }
    for (left, right) in zip(keys, keys.dropFirst()).map({ ($0, $1) }) {
      let (a, b) = (keys.firstIndex(of: left) ?? 0, keys.firstIndex(of: right) ?? 0)
      let isBefore = windows[a].lexicographicallyPrecedes(windows[b])
      #expect((left < right) == isBefore, "seed \(seed), \(shape)")
      #expect((left == right) == (windows[a] == windows[b]), "seed \(seed), \(shape)")
    }
  }

  @Test func `come out as they went in and compare as their words do`() {
    Fuzzing.run("window") { seed in
      var generator = SeededGenerator(seed: seed)
      let vocabulary =
        1 + Int(UInt32.random(in: 2...UInt32.max, using: &generator) >> generator.next(below: 31))
      let shape = WindowShape(order: 1 + generator.next(below: 63), vocabularySize: vocabulary)
      guard shape.bits <= WindowShape.maximumBits else { return }
      let small = min(vocabulary, 3)
      let windows = (0..<12).map { number in
        (0..<shape.order).map { _ in
          UInt32(generator.next(below: number % 2 == 0 ? vocabulary : small))
        }
      }
      switch shape.bits {
      case ...128: check(UInt128.self, shape, windows, seed: seed)
      case ...256: check(WideKey<UInt128>.self, shape, windows, seed: seed)
      case ...512: check(WideKey<WideKey<UInt128>>.self, shape, windows, seed: seed)
      case ...1024: check(WideKey<WideKey<WideKey<UInt128>>>.self, shape, windows, seed: seed)
      default: check(WideKey<WideKey<WideKey<WideKey<UInt128>>>>.self, shape, windows, seed: seed)
      }
    }
  }
}
