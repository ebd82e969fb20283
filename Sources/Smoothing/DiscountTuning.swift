import Foundation
import GramdexStorage

/// Finds the discounts of an interpolated model that make a development text most likely.
///
/// p_k = (c − D(c)) / N + (Σ D + dropped) / N · p_{k−1} is linear in the discounts of one order while the others
/// stay, so the text's log-likelihood is concave in them: orders take turns with Newton steps kept within 0 ≤ D_i ≤ i.
/// Cost: a few dozen passes over the text's contexts, some 10 ns a token, order and pass.
/// Source: the objective is that of Chen & Goodman 1998, §4.1 (parameters tuned on held-out data).
package struct DiscountTuning: ~Copyable {
  /// What came out.
  package struct Result: Sendable, Equatable {
    /// D1, D2, D3+ of each order.
    package var discounts: [[Double]]
    /// Natural logarithm of the text's probability before, and after.
    package var before: Double
    package var after: Double
    /// Passes through all orders.
    package var sweeps: Int
  }

  /// The unigram distribution's part in a token's probability.
  package struct Unigrams: Sendable {
    /// Each token's own count; 0 for words that were not seen.
    package var counts: [Double]
    /// The sum of all counts, N.
    package var total: Double
    /// How many kept words have count 1, 2, and more.
    package var classes: [Double]
    /// The sum of the counts of dropped words.
    package var dropped: Double
    /// The share of each token's word in what seen words leave: 1 / V.
    package var uniform: Double

    package init(
      counts: [Double],
      total: Double,
      classes: [Double],
      dropped: Double,
      uniform: Double
    ) {
      self.counts = counts
      self.total = total
      self.classes = classes
      self.dropped = dropped
      self.uniform = uniform
    }
  }

  private let development: DevelopmentCounts
  private let unigrams: Unigrams
  /// Whether D1, D2 and D3+ are one number.
  private let isTied: Bool
  private let order: Int
  /// Element token · (order + 1) + k: p_k of the token, p_0 uniform.
  private let probabilities: RecordBuffer<Double>

  package init(_ development: consuming DevelopmentCounts, _ unigrams: Unigrams, isTied: Bool) {
    order = development.order
    probabilities = RecordBuffer(
      repeating: 0,
      count: development.tokens.count * (development.order + 1)
    )
    self.development = development
    self.unigrams = unigrams
    self.isTied = isTied
  }

  /// Anonymous memory beside that of the counts.
  package static func memoryBytes(order: Int, tokens: Int) -> Int { tokens * 8 * (order + 2) }

  /// Tunes from `start`, three discounts an order.
  package func run(from start: [[Double]]) -> Result {
    var discounts = start
    let before = logLikelihood(discounts)
    var last = before
    var sweeps = 0
    while sweeps < 50 {
      for k in 1...order { improve(order: k, &discounts) }
      sweeps += 1
      let now = logLikelihood(discounts)
      let gained = now - last
      last = now
      if gained < 1e-7 * abs(now) { break }
    }
    return Result(discounts: discounts, before: before, after: last, sweeps: sweeps)
  }

  /// What one order says of one token.
  private struct Row {
    var total: Double
    var classes: (Double, Double, Double)
    var dropped: Double
    var count: Double

    /// The class of the token's count: 0, 1, 2 for counts 1, 2, and more; nil where it has none.
    var countClass: Int? { count == 0 ? nil : Int(min(count, 3)) - 1 }

    func weight(_ d: [Double]) -> Double {
      (classes.0 * d[0] + classes.1 * d[1] + classes.2 * d[2] + dropped) / total
    }
  }

  private func row(_ token: Int, order k: Int) -> Row? {
    if k == 1 {
      return Row(
        total: unigrams.total,
        classes: (unigrams.classes[0], unigrams.classes[1], unigrams.classes[2]),
        dropped: unigrams.dropped,
        count: unigrams.counts[token]
      )
    }
    let context = development.contexts[token * (order - 1) + k - 2]
    if context.total == 0 { return nil }
    return Row(
      total: Double(context.total),
      classes: (Double(context.ones), Double(context.twos), Double(context.more)),
      dropped: Double(context.dropped),
      count: Double(context.count)
    )
  }

  /// ln of the text's probability; leaves the probabilities of all orders in `probabilities`.
  private func logLikelihood(_ discounts: [[Double]]) -> Double {
    var sum = 0.0
    for token in development.tokens.indices {
      let base = token * (order + 1)
      probabilities[base] = unigrams.uniform
      for k in 1...order {
        var p = probabilities[base + k - 1]
        if let row = row(token, order: k) {
          let d = discounts[k - 1]
          p *= row.weight(d)
          if let c = row.countClass { p += (row.count - d[c]) / row.total }
        }
        probabilities[base + k] = p
      }
      sum += log(max(probabilities[base + order], 1e-300))
    }
    return sum
  }

  /// Improves the discounts of one order by Newton's method.
  private func improve(order k: Int, _ discounts: inout [[Double]]) {
    for _ in 0..<4 {
      let value = logLikelihood(discounts)
      var gradient = [0.0, 0.0, 0.0]
      var curvature = [0.0, 0.0, 0.0]
      for token in development.tokens.indices {
        guard let row = row(token, order: k) else { continue }
        let base = token * (order + 1)
        // ∂p/∂p_k: the product of the weights of the orders above.
        var factor = 1.0
        for above in k + 1..<max(order + 1, k + 1) {
          if let higher = self.row(token, order: above) {
            factor *= higher.weight(discounts[above - 1])
          }
        }
        let p = max(probabilities[base + order], 1e-300)
        let lower = probabilities[base + k - 1]
        var slopes = [
          row.classes.0 / row.total * lower, row.classes.1 / row.total * lower,
          row.classes.2 / row.total * lower,
        ]
        if let c = row.countClass { slopes[c] -= 1 / row.total }
        if isTied { slopes = [slopes[0] + slopes[1] + slopes[2], 0, 0] }
        for i in 0..<3 {
          let slope = slopes[i] * factor / p
          gradient[i] += slope
          curvature[i] += slope * slope
        }
      }
      if !step(order: k, gradient, curvature, from: value, &discounts) { return }
    }
  }

  /// Goes as far along the Newton direction as it helps; false when it does not.
  private func step(
    order k: Int,
    _ gradient: [Double],
    _ curvature: [Double],
    from value: Double,
    _ discounts: inout [[Double]]
  ) -> Bool {
    var length = 1.0
    let start = discounts[k - 1]
    while length > 1e-4 {
      var next = start
      for i in 0..<3 {
        let j = isTied ? 0 : i
        if curvature[j] == 0 { continue }
        let limit = isTied ? 1.0 : Double(i + 1)
        // A count never gives all of itself away, so that seen words stay possible.
        next[i] = min(max(start[i] + length * gradient[j] / curvature[j], 1e-4), limit - 1e-4)
      }
      discounts[k - 1] = next
      if logLikelihood(discounts) > value { return true }
      length /= 4
    }
    discounts[k - 1] = start
    _ = logLikelihood(discounts)
    return false
  }
}
