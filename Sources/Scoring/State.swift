import CKernels
public import GramdexCore

/// What a model remembers of the words so far: no more than can still matter.
///
/// A state holds the latest words, most recent first, with the backoff of each context that they form. A word
/// is kept only while the n-grams from it on can be the context of a longer one, as in KenLM, so hypotheses
/// whose future scores are bound to be equal have equal states, and a decoder can recombine them.
/// Two states are equal when their words are; both must come from the same model.
///
/// Small: contexts of up to 8 words need no allocation, longer ones use an object.
public struct State: Hashable, Sendable {
  static let inlineCount = Int(GRAMDEX_STATE_WORDS)

  /// The latest words.
  ///
  /// What stands behind the first `count` is left over from before and means nothing: whether a word is kept is
  /// known only when memory has answered, and the next word's look-ups need not wait for that.
  var latest = gramdex_state()
  /// The words behind the first `inlineCount`; nil when there are none.
  private var rest: Rest?

  /// Words behind the first `inlineCount`.
  private final class Rest: Sendable {
    let words: [UInt32]
    let backoffs: [Float]

    init(words: [UInt32], backoffs: [Float]) {
      self.words = words
      self.backoffs = backoffs
    }
  }

  /// The state that knows no words: nothing before the next word matters.
  public init() {}

  /// The state of these words, most recent first.
  init(words: [UInt32], backoffs: [Float]) {
    precondition(words.count == backoffs.count)
    latest.count = UInt32(words.count)
    unsafe withUnsafeMutableBytes(of: &latest.words) {
      unsafe $0.copyBytes(from: words.prefix(Self.inlineCount).flatMap(Self.bytes))
    }
    unsafe withUnsafeMutableBytes(of: &latest.backoffs) {
      unsafe $0.copyBytes(
        from: backoffs.prefix(Self.inlineCount).map(\.bitPattern).flatMap(Self.bytes)
      )
    }
    if words.count > Self.inlineCount {
      rest = Rest(
        words: Array(words[Self.inlineCount...]),
        backoffs: Array(backoffs[Self.inlineCount...])
      )
    }
  }

  private static func bytes(_ number: UInt32) -> [UInt8] {
    unsafe withUnsafeBytes(of: number) { unsafe Array($0) }
  }

  /// How many words the state holds, less than the model's order.
  public var count: Int {
    Int(latest.count)
  }

  /// The word `distance` places before the next one, counted from 0.
  public subscript(distance: Int) -> WordID {
    precondition(distance >= 0 && distance < count, "the state does not hold so many words")
    return WordID(rawValue: word(distance))
  }

  /// The words, most recent first.
  public var words: [WordID] {
    (0..<count).map { WordID(rawValue: word($0)) }
  }

  /// The number of the word `distance` places before the next one, counted from 0.
  package func word(_ distance: Int) -> UInt32 {
    if distance >= Self.inlineCount { return rest?.words[distance - Self.inlineCount] ?? 0 }
    return unsafe withUnsafeBytes(of: latest.words) {
      unsafe $0.load(fromByteOffset: 4 * distance, as: UInt32.self)
    }
  }

  /// log10 backoff of the context of the latest `distance + 1` words.
  package func backoff(_ distance: Int) -> Float {
    if distance >= Self.inlineCount { return rest?.backoffs[distance - Self.inlineCount] ?? 0 }
    return unsafe withUnsafeBytes(of: latest.backoffs) {
      unsafe $0.load(fromByteOffset: 4 * distance, as: Float.self)
    }
  }

  /// Whether two states hold the same words.
  public static func == (left: Self, right: Self) -> Bool {
    left.count == right.count
      && (0..<left.count).allSatisfy { left.word($0) == right.word($0) }
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
