import GramdexCore

/// Goes downhill on the error rate itself from one beginning, one line after the other.
///
/// A round searches along the axis of each free weight, along two random directions, and along the way that the round went. It ends
/// when a round finds nothing better.
/// Source: Och 2003; Powell's method as in Press et al.; random directions: Cer et al.: Regularization and search for minimum
/// error rate training (WMT 2008).
struct ErrorRateDescent {
  private let line: LineSearch
  private let start: WeightStarts
  private let number: Int
  private var weights: [Double]
  private var loss: Double
  private var random: SplitMix64

  private static let maximumRounds = 50
  private static let randomDirections = 2

  init(line: LineSearch, start: WeightStarts, number: Int) {
    self.line = line
    self.start = start
    self.number = number
    random = start.random(number)
    weights = start.weights(number, &random)
    loss = line.lists.loss(weights: weights)
  }

  /// The end of the way.
  consuming func end() -> WeightSearchEnd {
    for _ in 0..<Self.maximumRounds {
      let before = (weights: weights, loss: loss)
      for axis in start.free { search(axis: axis) }
      if start.free.count > 1 {
        for _ in 0..<Self.randomDirections { search(along: randomDirection()) }
        let way = zip(weights, before.weights).map { $0 - $1 }
        if way.contains(where: { $0 != 0 }) { search(along: way) }
      }
      guard loss < before.loss else { break }
    }
    return WeightSearchEnd(weights: weights, loss: loss, size: start.size(weights))
  }

  private mutating func search(axis: Int) {
    let weight = start.weights[axis]
    let range =
      (weight.bounds.lowerBound - weights[axis])...(weight.bounds.upperBound - weights[axis])
    guard let best = line.best(from: weights, alongAxis: axis, within: range), best.loss < loss
    else { return }
    var direction = [Double](repeating: 0, count: weights.count)
    direction[axis] = 1
    step(best.middle, direction)
  }

  private mutating func search(along direction: [Double]) {
    var range = -Double.infinity...Double.infinity
    for index in start.free where direction[index] != 0 {
      let bounds = start.weights[index].bounds
      let ends = [bounds.lowerBound, bounds.upperBound].map {
        ($0 - weights[index]) / direction[index]
      }
      range = range.clamped(to: min(ends[0], ends[1])...max(ends[0], ends[1]))
    }
    guard let best = line.best(from: weights, along: direction, within: range), best.loss < loss
    else { return }
    step(best.middle, direction)
  }

  private mutating func randomDirection() -> [Double] {
    var direction = [Double](repeating: 0, count: weights.count)
    for index in start.free {
      direction[index] = (2 * random.nextUnit() - 1) / start.spreads[index]
    }
    return direction
  }

  /// Takes a step if the loss really gets less: rounding may decide otherwise than the envelope where totals are almost equal.
  private mutating func step(_ length: Double, _ direction: [Double]) {
    var moved = weights
    for index in start.free {
      moved[index] = start.weights[index].clamped(weights[index] + length * direction[index])
    }
    let movedLoss = line.lists.loss(weights: moved)
    if movedLoss < loss { (weights, loss) = (moved, movedLoss) }
  }
}
