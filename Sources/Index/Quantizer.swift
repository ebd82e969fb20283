internal import Foundation

/// The 8-bit codes of one order's values in the compact layout.
///
/// Probabilities: 256 bins over a sample. Half of the codes follow the cube root of the sample's density, which
/// minimizes the mean squared error (Panter and Dite 1951); half are spread evenly, since texts ask for probabilities
/// that are rare among types. Rounds of Lloyd's algorithm on top changed perplexity by less than 0.005 %.
/// Backoffs: equally spaced bins, since equal-mass ones are coarsest for the frequent contexts
/// (perplexity 198.23 instead of 197.22 on the text that decided it). Backoff code 0 is −0.0, "no context",
/// code 1 is exactly 0, and code 2 is log 0, which would widen all bins. A code stands for the mean of its
/// bin's sample, or for its bin's middle where the sample is empty.
public struct Quantizer: Sendable {
  /// Codes of one kind of value.
  package static let codeCount = 256
  /// Bytes of `payload`.
  static let payloadBytes = 8 * codeCount
  /// Equal cells into which a range of values is cut to find a code.
  private static let cellCount = 4096
  private static let firstBackoffCode = 3

  /// log10 of the probability that each code stands for.
  package private(set) var probabilityValues = [Float](repeating: 0, count: codeCount)
  /// log10 of the backoff weight that each code stands for.
  package private(set) var backoffValues = [Float](repeating: 0, count: codeCount)
  private var probabilityCells = Cells()
  private var backoffCells = Cells()

  /// Equal cells over [low, low + cellCount / scale], each with its code.
  private struct Cells: Sendable {
    var low: Float = 0
    var scale: Float = 0
    var codes: [UInt8] = []

    @inline(__always)
    func code(_ value: Float) -> UInt8 {
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
  ///   - probabilities: a sample of the order's probabilities.
  ///   - backoffs: a sample of its backoff weights, without n-grams that are no context.
  ///   - valuesAreLog10: whether the samples are decimal logarithms.
  package init(probabilities: [Float], backoffs: [Float], valuesAreLog10: Bool) {
    var probabilities = probabilities
    var backoffs = backoffs
    Logarithms.replace(&probabilities, areLog10: valuesAreLog10)
    Logarithms.replace(&backoffs, areLog10: valuesAreLog10)
    (probabilityCells, probabilityValues) = Self.byDensity(probabilities.sorted())
    let others = backoffs.filter { $0 != 0 && $0 > Logarithms.log10OfZero }.sorted()
    (backoffCells, backoffValues) = Self.equalWidth(others)
    backoffValues[0] = -0.0
    backoffValues[1] = 0
    backoffValues[2] = Logarithms.log10OfZero
  }

  /// The code of log10 probability `value`.
  @inline(__always)
  func probabilityCode(_ value: Float) -> UInt8 {
    probabilityCells.code(value)
  }

  /// The code of log10 backoff `value`.
  @inline(__always)
  func backoffCode(_ value: Float) -> UInt8 {
    if value == 0 { return value.sign == .minus ? 0 : 1 }
    return value > Logarithms.log10OfZero ? backoffCells.code(value) : 2
  }

  /// The payload of the order's codebook: 256 × f32 probabilities, 256 × f32 backoffs.
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    for value in probabilityValues + backoffValues {
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
      codes: [UInt8](repeating: 0, count: cellCount)
    )
  }

  private static func byDensity(_ sorted: [Float]) -> (Cells, [Float]) {
    var cells = cells(over: sorted)
    var weights = [Double](repeating: 0, count: cellCount)
    var sums = weights
    for value in sorted {
      let cell = cells.cell(value)
      weights[cell] += 1
      sums[cell] += Double(value)
    }
    var bins = Bins()
    let roots = weights.map(cbrt)
    // Half of the codes are spread evenly, so no bin is wider than a 128th of the range and a cell.
    let even = max(roots.reduce(0, +), 1) / Double(cellCount)
    let shares = roots.map { $0 + even }
    var rest = shares.reduce(0, +)
    var share = 0.0
    var code = 0
    for cell in 0..<cellCount {
      cells.codes[cell] = UInt8(code)
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
    let codes = codeCount - firstBackoffCode
    var bins = Bins()
    for cell in 0..<cellCount {
      let code = firstBackoffCode + cell * codes / cellCount
      cells.codes[cell] = UInt8(code)
      bins.widen(code, by: cells.middle(cell))
    }
    for value in sorted {
      bins.add(weight: 1, sum: Double(value), to: Int(cells.code(value)))
    }
    return (cells, bins.means)
  }

  /// Weights and weighted sums of the values that share a code.
  private struct Bins {
    private var weights = [Double](repeating: 0, count: codeCount)
    private var sums = [Double](repeating: 0, count: codeCount)
    /// How many cells each bin has, and the sum of their middles.
    private var cells = [Double](repeating: 0, count: codeCount)
    private var middles = [Double](repeating: 0, count: codeCount)

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
      (0..<codeCount).map { code in
        weights[code] > 0
          ? Float(sums[code] / weights[code]) : Float(middles[code] / max(cells[code], 1))
      }
    }
  }
}
