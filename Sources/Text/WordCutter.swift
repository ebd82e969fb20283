/// Joins classified characters to words: a simplified form of Unicode's word boundaries (UAX #29).
///
/// Letters, marks, digits and low lines make a word; one joiner between two letters or two digits is part of it
/// (`don't`, `U.S.A`, `3.14`, `1,000`). Everything else is a word of its own.
struct WordCutter {
  private var start = 0
  /// The end of the open word; equal to `start` when there is none.
  private var end = 0
  private var last = CharacterClass.other
  /// A joiner after the open word, which the next character accepts or not.
  private var joiner: (end: Int, kind: CharacterClass, isDropped: Bool)?

  /// Adds the character at `from ..< to`; calls `emit` for every word that ends by it.
  ///
  /// With `isDropped`, the character makes no word of its own.
  @inline(__always)
  mutating func add(
    _ from: Int,
    _ to: Int,
    _ kind: CharacterClass,
    isDropped: Bool,
    emit: (Int, Int) -> Void
  ) {
    var kind = kind
    if kind == .format { kind = start < end && joiner == nil ? last : .letter }
    switch kind {
    case .letter, .digit:
      if let joiner, !joiner.kind.joins(last, kind) { finish(emit) }
      if start == end { start = from }
      end = to
      joiner = nil
      last = kind
    case .joiner, .letterJoiner, .digitJoiner:
      if start < end && joiner == nil {
        joiner = (to, kind, isDropped)
      } else {
        finish(emit)
        if !isDropped { emit(from, to) }
      }
    case .space:
      finish(emit)
    case .ideograph, .format, .other:
      finish(emit)
      if !isDropped { emit(from, to) }
    }
  }

  /// Ends the open word, and calls `emit` for it and a joiner after it.
  @inline(__always)
  mutating func finish(_ emit: (Int, Int) -> Void) {
    if start < end { emit(start, end) }
    if let joiner, !joiner.isDropped { emit(end, joiner.end) }
    start = end
    joiner = nil
  }
}
