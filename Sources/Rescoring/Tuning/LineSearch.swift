/// Finds the least loss along a line in the space of weights, exactly.
///
/// At weights w + t·d hypothesis i has the total aᵢ + t·bᵢ. Which hypothesis of a list is best changes only at the corners of
/// the upper envelope of these lines, so between two neighboring corners of all lists the loss is constant.
///
/// Cost: N·(K + log list length) steps; for the axes the order by slope is found once (`axes`).
/// Source: Och: Minimum error rate training in statistical machine translation (ACL 2003); Macherey et al. (EMNLP 2008), algorithm 1.
struct LineSearch: Sendable {
  /// The lists whose loss is sought.
  let lists: TuningLists
  /// For each feature the hypotheses of each list by ascending value of the feature, earlier ones first.
  private let axes: [[Int32]]

  /// The loss between two corners.
  struct Interval {
    var low: Double
    var high: Double
    var loss: Double

    var width: Double { high - low }
    var middle: Double { low + (high - low) / 2 }
  }

  /// A corner: from here on hypothesis `next` of a list is chosen and `previous` is not.
  private struct Corner {
    var place: Double
    var previous: Int32
    var next: Int32
  }

  init(_ lists: TuningLists, axes columns: [Int]) {
    self.lists = lists
    let width = lists.featureNames.count
    var axes = [[Int32]](repeating: [], count: width)
    for column in columns {
      axes[column] = Self.ordered(lists) { lists.features[$0 * width + column] }
    }
    self.axes = axes
  }

  /// The best interval from `weights` along an axis, for steps within `range`.
  func best(from weights: [Double], alongAxis column: Int, within range: ClosedRange<Double>)
    -> Interval?
  {
    let width = lists.featureNames.count
    let slopes = (0..<lists.hypothesisCount).map { lists.features[$0 * width + column] }
    return best(totals(weights), slopes, axes[column], range)
  }

  /// The best interval from `weights` along `direction`, for steps within `range`.
  func best(from weights: [Double], along direction: [Double], within range: ClosedRange<Double>)
    -> Interval?
  {
    let slopes = totals(direction)
    return best(totals(weights), slopes, Self.ordered(lists) { slopes[$0] }, range)
  }

  private func totals(_ weights: [Double]) -> [Double] {
    (0..<lists.hypothesisCount).map { lists.dot(weights, $0) }
  }

  private static func ordered(_ lists: TuningLists, by value: (Int) -> Double) -> [Int32] {
    var order: [Int32] = []
    order.reserveCapacity(lists.hypothesisCount)
    for list in 0..<lists.count {
      let range = lists.offsets[list]..<lists.offsets[list + 1]
      let keyed = range.map { (value: value($0), hypothesis: Int32($0)) }
      order += keyed.sorted { ($0.value, $0.hypothesis) < ($1.value, $1.hypothesis) }
        .map(\.hypothesis)
    }
    return order
  }

  private func best(
    _ totals: [Double],
    _ slopes: [Double],
    _ order: [Int32],
    _ range: ClosedRange<Double>
  ) -> Interval? {
    guard range.lowerBound < range.upperBound else { return nil }
    let width = lists.criterion.width
    var sums = [Double](repeating: 0, count: width)
    var corners: [Corner] = []
    var envelope: [(start: Double, hypothesis: Int32)] = []
    for list in 0..<lists.count {
      makeEnvelope(
        totals,
        slopes,
        order[lists.offsets[list]..<lists.offsets[list + 1]],
        &envelope
      )
      var place = 0
      while place + 1 < envelope.count, envelope[place + 1].start <= range.lowerBound { place += 1 }
      add(envelope[place].hypothesis, 1, to: &sums)
      while place + 1 < envelope.count, envelope[place + 1].start < range.upperBound {
        corners.append(
          Corner(
            place: envelope[place + 1].start,
            previous: envelope[place].hypothesis,
            next: envelope[place + 1].hypothesis
          )
        )
        place += 1
      }
    }
    // Where corners meet, the order in which they are passed does not matter: sums of whole numbers are exact.
    corners.sort { $0.place < $1.place }
    return bestInterval(corners, sums, range)
  }

  /// The upper envelope of one list's lines: who is best from where on.
  ///
  /// The first begins at −∞.
  private func makeEnvelope(
    _ totals: [Double],
    _ slopes: [Double],
    _ order: ArraySlice<Int32>,
    _ envelope: inout [(start: Double, hypothesis: Int32)]
  ) {
    envelope.removeAll(keepingCapacity: true)
    for hypothesis in order {
      let (total, slope) = (totals[Int(hypothesis)], slopes[Int(hypothesis)])
      var start = -Double.infinity
      var isAbove = true
      while let last = envelope.last {
        let (lastTotal, lastSlope) = (totals[Int(last.hypothesis)], slopes[Int(last.hypothesis)])
        if slope == lastSlope {
          isAbove = total > lastTotal
          if !isAbove { break }
        } else {
          start = (lastTotal - total) / (slope - lastSlope)
          if start > last.start { break }
        }
        envelope.removeLast()
        start = -.infinity
      }
      if isAbove { envelope.append((start, hypothesis)) }
    }
  }

  private func add(_ hypothesis: Int32, _ sign: Double, to sums: inout [Double]) {
    let width = lists.criterion.width
    for column in 0..<width {
      sums[column] += sign * Double(lists.statistics[Int(hypothesis) * width + column])
    }
  }

  /// The interval of least loss, the widest of equals, the first of equally wide ones.
  private func bestInterval(
    _ corners: [Corner],
    _ firstSums: [Double],
    _ range: ClosedRange<Double>
  ) -> Interval {
    // How far to go beyond the last corner when nothing else ends the interval.
    let margin = Self.margin(corners)
    var sums = firstSums
    var best: Interval?
    var index = 0
    var low = max(range.lowerBound, (corners.first?.place ?? 0) - margin)
    repeat {
      let high =
        index < corners.count
        ? corners[index].place : min(range.upperBound, (corners.last?.place ?? 0) + margin)
      let interval = Interval(low: low, high: high, loss: lists.criterion.loss(of: sums))
      // Intervals so narrow that rounding decides who is best in them are passed over.
      if interval.width > 1e-9 * max(abs(low), abs(high)) || corners.isEmpty {
        if let known = best {
          if (interval.loss, -interval.width) < (known.loss, -known.width) { best = interval }
        } else {
          best = interval
        }
      }
      guard index < corners.count else { break }
      low = high
      while index < corners.count, corners[index].place == low {
        add(corners[index].previous, -1, to: &sums)
        add(corners[index].next, 1, to: &sums)
        index += 1
      }
    } while true
    return best ?? Interval(low: low, high: low, loss: lists.criterion.loss(of: sums))
  }

  private static func margin(_ corners: [Corner]) -> Double {
    guard let first = corners.first?.place, let last = corners.last?.place else { return 1 }
    let span = last - first
    if span > 0 { return span / 10 }
    return first == 0 ? 1 : abs(first) / 10
  }
}
