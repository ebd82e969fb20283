/// A weight that is sought, or held.
public struct TunableWeight: Hashable, Sendable {
  /// The name of the feature that it weighs.
  public var name: String
  /// Where the search begins; what the weight stays at if it is fixed.
  public var initial: Double
  /// Whether it is held.
  ///
  /// At least one weight that is not 0 should be: the choice does not depend on their common scale.
  public var isFixed: Bool
  /// Where it may lie.
  public var bounds: ClosedRange<Double>

  /// Makes a weight.
  public init(
    _ name: String,
    initial: Double,
    isFixed: Bool = false,
    bounds: ClosedRange<Double> = -Double.infinity...Double.infinity
  ) {
    self.name = name
    self.initial = initial
    self.isFixed = isFixed
    self.bounds = bounds
  }

  /// The nearest value within the bounds.
  func clamped(_ value: Double) -> Double {
    min(max(value, bounds.lowerBound), bounds.upperBound)
  }
}
