public import GramdexCore

/// What a model remembers of the words so far: no more than can still matter.
///
/// A state holds the latest words, most recent first, with the backoff of each context that they form. A word
/// is kept only while the n-grams from it on can be the context of a longer one, as in KenLM, so hypotheses
/// whose future scores are bound to be equal have equal states, and a decoder can recombine them.
/// Two states are equal when their words are; both must come from the same model.
///
/// Small: contexts of up to 8 words need no allocation, longer ones use an array.
public struct State: Hashable, Sendable {
  static let inlineCount = 8

  /// How many words the state holds, less than the model's order.
  public private(set) var count = 0
  private var firstWords = SIMD8<UInt32>.zero
  private var firstBackoffs = SIMD8<Float>.zero
  private var rest: [Older] = []

  /// A word behind the first `inlineCount`.
  private struct Older: Sendable {
    var word: UInt32
    var backoff: Float
  }

  /// The state that knows no words: nothing before the next word matters.
  public init() {}

  /// The word `distance` places before the next one, counted from 0.
  public subscript(distance: Int) -> WordID {
    precondition(distance >= 0 && distance < count, "the state does not hold so many words")
    return WordID(rawValue: word(distance))
  }

  /// The words, most recent first.
  public var words: [WordID] {
    (0..<count).map { WordID(rawValue: word($0)) }
  }

  @inline(__always)
  func word(_ distance: Int) -> UInt32 {
    distance < Self.inlineCount
      ? firstWords[distance] : rest[distance - Self.inlineCount].word
  }

  /// log10 backoff of the context of the latest `distance + 1` words.
  @inline(__always)
  func backoff(_ distance: Int) -> Float {
    distance < Self.inlineCount
      ? firstBackoffs[distance] : rest[distance - Self.inlineCount].backoff
  }

  /// Adds the next older word.
  @inline(__always)
  mutating func append(word: UInt32, backoff: Float) {
    if count < Self.inlineCount {
      firstWords[count] = word
      firstBackoffs[count] = backoff
    } else {
      rest.append(Older(word: word, backoff: backoff))
    }
    count += 1
  }

  /// Forgets all but the latest `count` words.
  @inline(__always)
  mutating func shorten(to count: Int) {
    for index in count..<max(min(self.count, Self.inlineCount), count) {
      firstWords[index] = 0
      firstBackoffs[index] = 0
    }
    if self.count > Self.inlineCount {
      rest.removeLast(self.count - max(count, Self.inlineCount))
    }
    self.count = count
  }

  /// Whether two states hold the same words.
  public static func == (left: Self, right: Self) -> Bool {
    left.count == right.count && left.firstWords == right.firstWords
      && left.rest.elementsEqual(right.rest) { $0.word == $1.word }
  }

  /// Feeds the words into `hasher`.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for distance in 0..<count { hasher.combine(word(distance)) }
  }
}

extension State: Comparable {
  /// Orders states by length, then by words from the most recent one on; the order has no other meaning.
  public static func < (left: Self, right: Self) -> Bool {
    if left.count != right.count { return left.count < right.count }
    for distance in 0..<left.count where left.word(distance) != right.word(distance) {
      return left.word(distance) < right.word(distance)
    }
    return false
  }
}
