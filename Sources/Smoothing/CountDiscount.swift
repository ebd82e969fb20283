import Foundation

/// What a smoothing makes of the counts after one context: a word seen c of N times gets (c − d(c)) · s / N.
///
/// All methods have this form. Sources: as named in docs/SMOOTHING.md.
package struct CountDiscount: Sendable, Equatable {
  /// The factor s of a context with N occurrences of T different words, of V in all.
  package enum Scale: Sendable, Equatable {
    /// 1.
    case one
    /// N / (N + T). Source: Witten & Bell 1991, method C.
    case wittenBell
    /// N / (N + added · V). Source: Lidstone 1920; the added count itself is in `subtracted`, negative.
    case additive(Double)
    /// (N (N + 1) + T (1 − T)) / (N (N + 1) + 2 T), or 1 if T = V. Source: Ristad 1995, equation 9.
    case natural
  }

  /// d(c), element c; the last one holds for all greater counts.
  package var subtracted: [Double]
  /// The factor s.
  package var scale: Scale

  /// Makes a discount; `subtracted` has at least two elements.
  package init(subtracted: [Double], scale: Scale = .one) {
    self.subtracted = subtracted
    self.scale = scale
  }

  /// d(c).
  package func subtracted(from count: UInt64) -> Double {
    subtracted[Int(min(count, UInt64(subtracted.count - 1)))]
  }

  /// The factor of a context: `total` is N, `types` T, `eventTypes` V.
  @inline(__always)
  package static func factor(
    _ scale: Scale,
    total n: Double,
    types t: Double,
    eventTypes v: Double
  ) -> Double {
    switch scale {
    case .one: 1
    case .wittenBell: n / (n + t)
    case .additive(let added): n / (n + added * v)
    case .natural: t >= v ? 1 : (n * (n + 1) + t * (1 - t)) / (n * (n + 1) + 2 * t)
    }
  }
}

/// How Good and Turing's estimate lowers small counts.
package enum GoodTuring {
  /// What is subtracted from counts 0 … k, and 0 from greater ones, and whether the estimate held for all.
  ///
  /// d_r = (r* / r − μ) / (1 − μ), r* = (r + 1) n[r+1] / n[r], μ = (k + 1) n[k+1] / n[1]. A count whose d is not in
  /// (0, 1] keeps its value; k is lowered while n[k+1] is 0. SRILM does the same, but takes what is above 1.
  /// Source: Katz 1987, equations 17–20.
  package static func discount(
    countsOfCounts n: [UInt64],
    maximum: Int
  ) -> (discount: CountDiscount, unusable: [Int]) {
    func number(_ count: Int) -> Double { count <= n.count ? Double(n[count - 1]) : 0 }
    var k = min(maximum, n.count - 1)
    while k > 0 && number(k + 1) == 0 { k -= 1 }
    guard k > 0, number(1) > 0 else {
      return (CountDiscount(subtracted: [0, 0]), maximum > 0 ? [1] : [])
    }
    let common = Double(k + 1) * number(k + 1) / number(1)
    var subtracted = [0.0]
    var unusable: [Int] = []
    for r in 1...k {
      let ratio = Double(r + 1) * number(r + 1) / (Double(r) * number(r))
      let coefficient = (ratio - common) / (1 - common)
      // Where μ > 1 every coefficient is above 1: probabilities would sum to more than one.
      if ratio <= 1 && coefficient > LevelEstimation.epsilon && coefficient <= 1 {
        subtracted.append(Double(r) * (1 - coefficient))
      } else {
        subtracted.append(0)
        unusable.append(r)
      }
    }
    return (CountDiscount(subtracted: subtracted + [0]), unusable)
  }
}
