package import GramdexCounting

/// A smoothing as the estimators of a model carry it out.
package struct LevelEstimation: Sendable, Equatable {
  /// What goes from a context to the shorter one.
  package enum Remainder: Sendable, Equatable {
    /// Everything that kept n-grams do not take; the shorter estimate is added to theirs with that weight.
    case interpolated
    /// Everything that is left, divided by what the kept n-grams have in the shorter context.
    ///
    /// With `interpolates`, the shorter estimate is added with the weight that all seen n-grams leave, kept or not.
    case normalized(interpolates: Bool)
    /// A constant, whatever is left.
    case constant(Double)
  }

  /// What becomes of counts, element k − 1 for order k.
  package var discounts: [CountDiscount]
  /// What goes to the shorter context.
  package var remainder: Remainder
  /// Whether orders below the highest use raw counts too.
  package var usesRawCounts: Bool
  /// Which n-grams are kept.
  package var selection: NGramSelection
  /// The counts at or below which kept n-grams are blank nodes, element k − 1 for order k; empty: there are none.
  ///
  /// A blank node has no estimate of its own but what backing off gives. The count is that which the smoothing takes.
  /// Only with `normalized`.
  package var cutoffs: [UInt64]
  /// Word types that can follow a context, V.
  package var eventTypes: UInt64

  /// A sum of probabilities that is so near to 1 leaves nothing.
  package static let epsilon = 3e-6

  package init(
    discounts: [CountDiscount],
    remainder: Remainder,
    usesRawCounts: Bool,
    selection: NGramSelection,
    cutoffs: [UInt64] = [],
    eventTypes: UInt64
  ) {
    self.discounts = discounts
    self.remainder = remainder
    self.usesRawCounts = usesRawCounts
    self.selection = selection
    self.cutoffs = cutoffs
    self.eventTypes = eventTypes
  }

  /// Interpolated modified Kneser–Ney of the n-grams that are not marked, as a build estimates it.
  package init(kneserNey discounts: [Discounts], eventTypes: UInt64) {
    self.init(
      discounts: discounts.map { CountDiscount(subtracted: [0] + $0.values) },
      remainder: .interpolated,
      usesRawCounts: false,
      selection: .unmarked,
      eventTypes: eventTypes
    )
  }
}
