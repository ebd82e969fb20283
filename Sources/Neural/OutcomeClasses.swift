/// Which class each outcome is in, and an order of the outcomes in which those of a class follow one another.
///
/// The *place* of an outcome is its number in that order. Classes are numbered from 0, and none is empty.
public struct OutcomeClasses: Hashable, Sendable {
  /// The class of each outcome.
  public let classes: [Int32]
  /// The place of each outcome.
  public let places: [Int32]
  /// The outcome at each place.
  public let outcomes: [Int32]
  /// The places of each class, one class after the other.
  public let ranges: [Range<Int>]

  /// The number of classes, C.
  public var count: Int { ranges.count }

  /// Classes from outside, such as exchange clusters; they are numbered anew in the order of their numbers.
  ///
  /// Within a class, outcomes keep their order.
  public init(_ classes: [Int32]) {
    let order = classes.indices.sorted { (classes[$0], $0) < (classes[$1], $1) }
    var numbers = [Int32](repeating: 0, count: classes.count)
    var places = numbers
    var ranges: [Range<Int>] = []
    for (place, outcome) in order.enumerated() {
      if place > 0, classes[order[place - 1]] == classes[outcome] {
        ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound..<place + 1
      } else {
        ranges.append(place..<place + 1)
      }
      numbers[outcome] = Int32(ranges.count - 1)
      places[outcome] = Int32(place)
    }
    self.classes = numbers
    self.places = places
    self.outcomes = order.map { Int32($0) }
    self.ranges = ranges
  }

  /// Classes of about equal mass, by descending frequency (Mikolov 2011, section 3).
  ///
  /// An outcome whose frequency is more than the mass of a class is one by itself, so there may be fewer classes.
  ///
  /// - Parameters:
  ///   - frequencies: how frequent each outcome is, up to a factor; not negative.
  ///   - count: the number of classes, at most.
  ///   - squareRoots: whether the mass is that of the square roots of the frequencies, which makes the largest class
  ///     smaller.
  /// - Returns: the classes, the one of the most frequent outcomes first.
  public static func byFrequency(
    _ frequencies: [Double],
    count: Int,
    squareRoots: Bool = false
  ) -> OutcomeClasses {
    let count = max(1, count)
    var masses = frequencies.map { squareRoots ? $0.squareRoot() : $0 }
    var total = masses.reduce(0, +)
    if !(total > 0) {
      masses = masses.map { _ in 1 }
      total = Double(masses.count)
    }
    let order = masses.indices.sorted { (-frequencies[$0], $0) < (-frequencies[$1], $1) }
    var classes = [Int32](repeating: 0, count: masses.count)
    var current = 0
    var mass = 0.0
    for outcome in order {
      mass += masses[outcome]
      classes[outcome] = Int32(current)
      if mass * Double(count) > Double(current + 1) * total, current < count - 1 { current += 1 }
    }
    return OutcomeClasses(classes)
  }
}
