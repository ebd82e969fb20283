internal import Foundation

/// The codes of one order's values in the compact layout: 8 bits for backoffs, 8 to 10 for probabilities.
///
/// Probabilities: bins over a sample. Half of the codes follow the cube root of the sample's density, which
/// minimizes the mean squared error (Panter and Dite 1951); half are spread evenly, since texts ask for probabilities
/// that are rare among types. Rounds of Lloyd's algorithm on top changed perplexity by less than 0.015 %.
/// Code 0 is log 0 and anything less, which would widen all bins.
/// Backoffs: equally spaced bins, since equal-mass ones are coarsest for the frequent contexts
/// (perplexity 198.23 instead of 197.22 on the text that decided it). Backoff code 0 is −0.0, "no context",
/// code 1 is exactly 0, and code 2 is log 0, which would widen all bins. A code stands for the mean of its
/// bin's sample, or for its bin's middle where the sample is empty.
public struct Quantizer: Sendable {
  /// Codes of backoffs.
  package static let backoffCodeCount = 256
  /// Equal cells into which a range of values is cut to find a code.
  private static let cellCount = 1 << 14
  private static let firstProbabilityCode = 1
  private static let firstBackoffCode = 3

  /// log10 of the probability that each code stands for.
  package private(set) var probabilityValues: [Float] = []
  /// log10 of the backoff weight that each code stands for.
  package private(set) var backoffValues = [Float](repeating: 0, count: backoffCodeCount)
  private var probabilityCells = Cells()
  private var backoffCells = Cells()

  /// Equal cells over [low, low + cellCount / scale], each with its code.
  private struct Cells: Sendable {
    var low: Float = 0
    var scale: Float = 0
    var codes: [UInt16] = []

    @inline(__always)
    func code(_ value: Float) -> UInt16 {
      codes[cell(value)]
    }

    @inline(__always)
    func cell(_ value: Float) -> Int {
      let cell = (value - low) * scale
      // Written so that NaN becomes the first cell.
      return cell > 0 ? Int(min(cell, Float(Quantizer.cellCount - 1))) : 0
    }

    func middle(_ cell: Int) -> Float {
      low + (Float(cell) + 0.5) / scale
    }
  }

  /// A quantizer for exact tables, which never ask it.
  package init() {}

  /// Trains the codes of one order on a sample of its values; equal samples give equal codes.
  ///
  /// The order of the samples is irrelevant. An empty sample stands for values that are all 0.
  ///
  /// - Parameters:
  ///   - probabilityBits: bits of a probability's code, at most 13.
  ///   - probabilities: a sample of the order's probabilities.
  ///   - backoffs: a sample of its backoff weights, without n-grams that are no context.
  ///   - valuesAreLog10: whether the samples are decimal logarithms.
  package init(
    probabilityBits: Int,
    probabilities: [Float],
    backoffs: [Float],
    valuesAreLog10: Bool
  ) {
    var probabilities = probabilities
    var backoffs = backoffs
    Logarithms.replace(&probabilities, areLog10: valuesAreLog10)
    Logarithms.replace(&backoffs, areLog10: valuesAreLog10)
    probabilities.removeAll { !($0 > Logarithms.log10OfZero) }
    (probabilityCells, probabilityValues) = Self.byDensity(
      probabilities.sorted(),
      codes: 1 << probabilityBits
    )
    probabilityValues[0] = Logarithms.log10OfZero
    let others = backoffs.filter { $0 != 0 && $0 > Logarithms.log10OfZero }.sorted()
    (backoffCells, backoffValues) = Self.equalWidth(others)
    backoffValues[0] = -0.0
    backoffValues[1] = 0
    backoffValues[2] = Logarithms.log10OfZero
  }

  /// The code of log10 probability `value`.
  @inline(__always)
  func probabilityCode(_ value: Float) -> UInt16 {
    value > Logarithms.log10OfZero ? probabilityCells.code(value) : 0
  }

  /// The code of log10 backoff `value`.
  @inline(__always)
  func backoffCode(_ value: Float) -> UInt8 {
    if value == 0 { return value.sign == .minus ? 0 : 1 }
    return value > Logarithms.log10OfZero
      ? UInt8(truncatingIfNeeded: backoffCells.code(value)) : 2
  }

  /// The payload of the order's codebook: 256 × f32 backoffs, then a f32 for each probability code.
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    for value in backoffValues + probabilityValues {
      LittleEndian.append(value.bitPattern, to: &bytes)
    }
    return bytes
  }

  private static func cells(over sorted: [Float]) -> Cells {
    let low = sorted.first ?? 0
    let range = max((sorted.last ?? 0) - low, 1e-6)
    return Cells(
      low: low,
      scale: (Float(cellCount) - 0.01) / range,
      codes: [UInt16](repeating: 0, count: cellCount)
    )
  }

  private static func byDensity(_ sorted: [Float], codes codeCount: Int) -> (Cells, [Float]) {
    var cells = cells(over: sorted)
    var weights = [Double](repeating: 0, count: cellCount)
    var sums = weights
    for value in sorted {
      let cell = cells.cell(value)
      weights[cell] += 1
      sums[cell] += Double(value)
    }
    var bins = Bins(count: codeCount)
    let roots = weights.map(cbrt)
    // Half of the codes are spread evenly, so no bin is wider than two steps of equal ones.
    let even = max(roots.reduce(0, +), 1) / Double(cellCount)
    let shares = roots.map { $0 + even }
    var rest = shares.reduce(0, +)
    var share = 0.0
    var code = firstProbabilityCode
    for cell in 0..<cellCount {
      cells.codes[cell] = UInt16(code)
      bins.add(weight: weights[cell], sum: sums[cell], to: code)
      bins.widen(code, by: cells.middle(cell))
      share += shares[cell]
      if share >= rest / Double(codeCount - code) && code < codeCount - 1 {
        rest -= share
        share = 0
        code += 1
      }
    }
    return (cells, bins.means)
  }

  private static func equalWidth(_ sorted: [Float]) -> (Cells, [Float]) {
    var cells = cells(over: sorted)
    let codes = backoffCodeCount - firstBackoffCode
    var bins = Bins(count: backoffCodeCount)
    for cell in 0..<cellCount {
      let code = firstBackoffCode + cell * codes / cellCount
      cells.codes[cell] = UInt16(code)
      bins.widen(code, by: cells.middle(cell))
    }
    for value in sorted {
      bins.add(weight: 1, sum: Double(value), to: Int(cells.code(value)))
    }
    return (cells, bins.means)
  }

  /// Weights and weighted sums of the values that share a code.
  private struct Bins {
    private var weights: [Double]
    private var sums: [Double]
    /// How many cells each bin has, and the sum of their middles.
    private var cells: [Double]
    private var middles: [Double]

    init(count: Int) {
      weights = [Double](repeating: 0, count: count)
      sums = weights
      cells = weights
      middles = weights
    }

    mutating func add(weight: Double, sum: Double, to code: Int) {
      weights[code] += weight
      sums[code] += sum
    }

    /// Gives the bin of `code` one more cell, whose middle is `middle`.
    mutating func widen(_ code: Int, by middle: Float) {
      cells[code] += 1
      middles[code] += Double(middle)
    }

    /// The mean of each bin; 0 for a code that has no cell.
    var means: [Float] {
      weights.indices.map { code in
        weights[code] > 0
          ? Float(sums[code] / weights[code]) : Float(middles[code] / max(cells[code], 1))
      }
    }
  }
}
