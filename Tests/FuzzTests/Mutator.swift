import Foundation
import TestSupport
import Testing

/// Changes bytes at random, in the ways in which files go wrong or are made wrong on purpose.
struct Mutator {
  private var generator: SeededGenerator
  /// Pieces that mean something in the format, put in at random.
  private let words: [[UInt8]]

  init(seed: UInt64, words: [String] = []) {
    generator = SeededGenerator(seed: seed)
    self.words = words.map { Array($0.utf8) }
  }

  /// A number from 0 to `bound` − 1.
  mutating func next(below bound: Int) -> Int { generator.next(below: bound) }

  /// Changes one to eight places of `bytes`, whose length may change.
  mutating func mutate(_ bytes: inout [UInt8]) {
    for _ in 0...next(below: 8) {
      switch next(below: words.isEmpty ? 6 : 9) {
      case 0...2: overwrite(&bytes, 0..<bytes.count)
      case 3: bytes.removeSubrange(range(in: bytes))
      case 4:
        let piece = Array(bytes[range(in: bytes)])
        bytes.insert(contentsOf: piece, at: next(below: bytes.count + 1))
      case 5:
        if next(below: 4) == 0 { bytes.removeLast(next(below: bytes.count + 1)) }
      default:
        let place = next(below: bytes.count + 1)
        let end = min(place + next(below: 6), bytes.count)
        bytes.replaceSubrange(place..<end, with: words[next(below: words.count)])
      }
    }
  }

  /// Changes a bit, a byte, or a number of 2, 4 or 8 bytes somewhere in `places`; the length stays.
  mutating func overwrite(_ bytes: inout [UInt8], _ places: Range<Int>) {
    guard !places.isEmpty else { return }
    let place = places.lowerBound + next(below: places.count)
    switch next(below: 4) {
    case 0: bytes[place] ^= 1 << UInt8(next(below: 8))
    case 1: bytes[place] = UInt8(next(below: 256))
    default:
      let numbers: [UInt64] = [
        0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
        .max >> 1, .max, UInt64(bytes.count), UInt64(next(below: 1 << 16)),
      ]
      let number = numbers[next(below: numbers.count)]
      let size = [2, 4, 8][next(below: 3)]
      for index in 0..<size where place + index < places.upperBound {
        bytes[place + index] = UInt8(truncatingIfNeeded: number >> (8 * UInt64(index)))
      }
    }
  }

  private mutating func range(in bytes: [UInt8]) -> Range<Int> {
    let start = next(below: bytes.count + 1)
    return start..<min(start + next(below: 64), bytes.count)
  }
}

/// How long a target is tried, and from which seed on.
enum Fuzzing {
  /// `GRAMDEX_FUZZ_SECONDS`, for each target.
  private static let seconds = number("GRAMDEX_FUZZ_SECONDS") ?? 2
  /// `GRAMDEX_FUZZ_SEED`: the first seed; a finding names its own.
  private static let firstSeed = number("GRAMDEX_FUZZ_SEED") ?? 1
  /// `GRAMDEX_FUZZ_TRACE=1` prints each seed before it is tried, so that one that ends the process is known.
  private static let isTraced = number("GRAMDEX_FUZZ_TRACE") == 1

  /// Calls `body` with one seed after the other until the time is over; the first error ends it.
  ///
  /// A seed that takes more than 20 seconds, sanitizers and a busy machine included, is a hang.
  static func run(_ target: String, _ body: (UInt64) throws -> Void) rethrows {
    let start = ContinuousClock.now
    var seed = UInt64(firstSeed)
    repeat {
      if isTraced {
        try? FileHandle.standardError.write(contentsOf: Data("\(target) seed \(seed)\n".utf8))
      }
      let begin = ContinuousClock.now
      try body(seed)
      #expect(ContinuousClock.now - begin < .seconds(20), "\(target) seed \(seed)")
      seed += 1
    } while ContinuousClock.now - start < .seconds(seconds)
  }

  private static func number(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }
}
