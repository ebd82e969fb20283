import Foundation
import GramdexCore

/// Goes downhill on the expected loss from one beginning.
///
/// The letters: w the weights; γ how sharp the distributions are, v = γ·w. With fixed weights ln γ is sought, too, and divided out in the end;
/// without, γ is 1. Each variable is scaled by its feature's spread. Method: BFGS with backtracking; a variable at its bound
/// stays there while downhill leads out.
struct ExpectedLossDescent {
  private let loss: ExpectedLoss
  private let start: WeightStarts
  private let number: Int
  /// The free weights, and last ln γ where it is sought.
  private let free: [Int]
  private let seeksSharpness: Bool
  private let scales: [Double]

  private static let maximumSteps = 200
  private static let smallestGain = 1e-7

  init(
    lists: TuningLists,
    penalties: ExpectedLoss.Penalties,
    start: WeightStarts,
    number: Int
  ) {
    loss = ExpectedLoss(
      lists,
      penalties: penalties,
      spreads: start.spreads,
      initial: start.weights.map(\.initial)
    )
    self.start = start
    self.number = number
    free = start.free
    let fixed = start.weights.indices.filter { start.weights[$0].isFixed }
    let influence =
      fixed.map { abs(start.weights[$0].initial) * start.spreads[$0] }.max() ?? 0
    seeksSharpness = influence > 0
    let unit = influence > 0 ? influence : 1
    scales = free.map { unit / start.spreads[$0] } + (influence > 0 ? [1] : [])
  }

  /// The end of the way.
  func end() -> WeightSearchEnd {
    var random = start.random(number)
    var place = variables(start.weights(number, &random))
    var here = value(at: place)
    var inverse = InverseHessian(size: place.count)
    for _ in 0..<Self.maximumSteps {
      let held = place.indices.filter { isHeld($0, place, here.gradient) }
      var direction = inverse.direction(here.gradient, without: held)
      if zip(direction, here.gradient).reduce(0, { $0 + $1.0 * $1.1 }) >= 0 {
        inverse = InverseHessian(size: place.count)
        direction = inverse.direction(here.gradient, without: held)
      }
      guard let next = step(from: place, here, direction) else { break }
      inverse.update(
        step: zip(next.place, place).map { $0 - $1 },
        change: zip(next.value.gradient, here.gradient).map { $0 - $1 }
      )
      let gain = here.loss - next.value.loss
      (place, here) = next
      if gain < Self.smallestGain { break }
    }
    let weights = weights(place)
    return WeightSearchEnd(weights: weights, loss: here.loss, size: start.size(weights))
  }

  /// Half the length until the loss falls by a ten-thousandth of what the gradient promises.
  private func step(from place: [Double], _ here: ExpectedLoss.Value, _ direction: [Double])
    -> (place: [Double], value: ExpectedLoss.Value)?
  {
    var length = 1.0
    for _ in 0..<40 {
      let next = clamped(zip(place, direction).map { $0 + length * $1 })
      let promise = zip(zip(next, place), here.gradient).reduce(0) { $0 + ($1.0.0 - $1.0.1) * $1.1 }
      let value = value(at: next)
      if promise < 0, value.loss <= here.loss + 1e-4 * promise { return (next, value) }
      length /= 2
    }
    return nil
  }

  // MARK: Variables

  private func variables(_ weights: [Double]) -> [Double] {
    var place = zip(free, scales).map { weights[$0] / $1 }
    if seeksSharpness {
      // The fixed weights' influence begins at 1: totals differ by about one unit.
      place.append(-log(scales[0] * start.spreads[free[0]]))
    }
    return place
  }

  private func weights(_ place: [Double]) -> [Double] {
    var weights = start.weights.map(\.initial)
    for (index, weight) in free.enumerated() {
      weights[weight] = start.weights[weight].clamped(place[index] * scales[index])
    }
    return weights
  }

  private func value(at place: [Double]) -> ExpectedLoss.Value {
    let sharpness = seeksSharpness ? exp(place[free.count]) : 1
    let weights = weights(place)
    let value = loss.value(at: weights.map { $0 * sharpness })
    var gradient = zip(free, scales).map { value.gradient[$0] * sharpness * $1 }
    if seeksSharpness {
      gradient.append(zip(value.gradient, weights).reduce(0) { $0 + $1.0 * $1.1 * sharpness })
    }
    return ExpectedLoss.Value(loss: value.loss, gradient: gradient)
  }

  private func clamped(_ place: [Double]) -> [Double] {
    var place = place
    for (index, weight) in free.enumerated() {
      place[index] = start.weights[weight].clamped(place[index] * scales[index]) / scales[index]
    }
    if seeksSharpness { place[free.count] = min(max(place[free.count], -50), 50) }
    return place
  }

  private func isHeld(_ index: Int, _ place: [Double], _ gradient: [Double]) -> Bool {
    guard index < free.count else { return false }
    let bounds = start.weights[free[index]].bounds
    let value = place[index] * scales[index]
    return (value <= bounds.lowerBound && gradient[index] > 0)
      || (value >= bounds.upperBound && gradient[index] < 0)
  }
}

/// What BFGS knows of the curvature: an estimate of the inverse of the second derivatives.
private struct InverseHessian {
  private var rows: [[Double]]

  init(size: Int) {
    rows = (0..<size).map { row in (0..<size).map { $0 == row ? 1 : 0 } }
  }

  /// Downhill, with the variables `held` left as they are.
  func direction(_ gradient: [Double], without held: [Int]) -> [Double] {
    var gradient = gradient
    for index in held { gradient[index] = 0 }
    var direction = rows.map { row in -Self.dot(row, gradient) }
    for index in held { direction[index] = 0 }
    return direction
  }

  /// H ← (I − ρ·s·yᵀ)·H·(I − ρ·y·sᵀ) + ρ·s·sᵀ with ρ = 1 / yᵀs (Nocedal & Wright, equation 6.17), where the curvature is positive.
  mutating func update(step s: [Double], change y: [Double]) {
    let curvature = Self.dot(s, y)
    guard curvature > 1e-12 else { return }
    let product = rows.map { Self.dot($0, y) }
    let factor = (1 + Self.dot(y, product) / curvature) / curvature
    for i in s.indices {
      for j in s.indices {
        rows[i][j] += factor * s[i] * s[j] - (product[i] * s[j] + s[i] * product[j]) / curvature
      }
    }
  }

  private static func dot(_ left: [Double], _ right: [Double]) -> Double {
    zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
