package import GramdexCore

/// Why discounts cannot be estimated.
package enum DiscountError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The closed form is undefined or out of range for an order, and `--strict` forbids the fallback.
  case undefined(order: Int, countsOfCounts: [UInt64])

  package var description: String {
    switch self {
    case .undefined(let order, let counts):
      """
      cannot estimate discounts of order \(order): counts of counts n1…n4 are \
      \(counts.map(String.init).joined(separator: ", ")), which happens with small or repeated text; \
      remove duplicate lines, or leave out --strict
      """
    }
  }
}

/// The discounts of one order in modified Kneser–Ney smoothing.
package struct Discounts: Sendable, Equatable {
  /// D1, D2 and D3+.
  package var values: [Double]
  /// Whether the fallback stands in for an estimate that is undefined or out of range.
  package var usedFallback: Bool
  /// n1 … n4, the numbers of n-grams with that adjusted count.
  package var countsOfCounts: [UInt64]

  /// D(a) for an adjusted count: 0 for 0, D1, D2, or D3+.
  package func discount(ofAdjustedCount count: UInt64) -> Double {
    count == 0 ? 0 : values[Int(min(count, 3)) - 1]
  }

  /// Estimates the discounts of `order` from its counts of counts.
  ///
  /// D(i) = i − (i + 1) · Y · n(i+1) / n(i), Y = n1 / (n1 + 2 n2), i = 1, 2, 3. The products are exact and
  /// divided once, so that a discount of exactly 0 or i is found as such.
  /// Source: Chen & Goodman 1998, equation 26.
  package init(
    order: Int,
    countsOfCounts counts: [UInt64],
    options: SmoothingOptions
  ) throws(DiscountError) {
    countsOfCounts = counts
    if counts.prefix(3).allSatisfy({ $0 > 0 }) {
      let n = counts.map { Double($0) }
      let estimates = (1...3).map { i in
        Double(i) - (Double(i + 1) * n[0] * n[i]) / ((n[0] + 2 * n[1]) * n[i - 1])
      }
      if zip(1...3, estimates).allSatisfy({ $1 >= 0 && $1 <= Double($0) }) {
        values = estimates
        usedFallback = false
        return
      }
    }
    values = options.discountFallback
    usedFallback = true
    if options.isStrict && counts.contains(where: { $0 > 0 }) {
      throw .undefined(order: order, countsOfCounts: counts)
    }
  }

  /// Estimates the one discount of absolute discounting, and of Kneser–Ney with one discount, of `order`.
  ///
  /// D = n1 / (n1 + 2 n2). The fallback's D1 stands in where n1 or n2 is 0.
  /// Source: Ney, Essen & Kneser 1994, equation 18.
  package init(
    absoluteOfOrder order: Int,
    countsOfCounts counts: [UInt64],
    options: SmoothingOptions
  ) throws(DiscountError) {
    countsOfCounts = counts
    usedFallback = counts[0] == 0 || counts[1] == 0
    if usedFallback && options.isStrict && counts.contains(where: { $0 > 0 }) {
      throw .undefined(order: order, countsOfCounts: counts)
    }
    let value =
      usedFallback
      ? min(options.discountFallback[0], 1)
      : Double(counts[0]) / Double(counts[0] + 2 * counts[1])
    values = [value, value, value]
  }

  /// Takes discounts as they were given.
  package init(values: [Double], countsOfCounts: [UInt64]) {
    self.values = values
    self.countsOfCounts = countsOfCounts
    usedFallback = false
  }
}
