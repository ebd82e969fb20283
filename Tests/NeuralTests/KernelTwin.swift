import CNeuralKernels
import Foundation

/// The kernels again, straight from their formulas and in double precision: one sequence or row at a time.
enum KernelTwin {
  static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  static func function(_ f: gramdex_neural_activation, _ x: Double) -> Double {
    switch f {
    case GRAMDEX_NEURAL_SIGMOID: sigmoid(x)
    case GRAMDEX_NEURAL_TANH: tanh(x)
    default: x.isNaN || x > 0 ? x : 0
    }
  }

  /// Round to nearest, ties to even; NaN quiet; numbers that are not normal become 0 of their sign.
  static func bfloat16(_ value: Float) -> UInt16 {
    let high = UInt16(value.bitPattern >> 16)
    if value.isNaN { return high | 0x40 }
    if value.isSubnormal || value.isZero { return high & 0x8000 }
    let low = value.bitPattern & 0xFFFF
    let isUp = low > 0x8000 || low == 0x8000 && high % 2 == 1
    return isUp ? high + 1 : high
  }

  /// h_t and c_t of `gramdex_neural_lstm`; `sums` with their bias.
  static func lstm(sums: [Double], before: [Double]) -> (output: [Double], cell: [Double]) {
    let hidden = before.count
    var output = before
    var cell = before
    for j in 0..<hidden {
      let i = sigmoid(sums[j])
      let f = sigmoid(sums[hidden + j])
      let g = tanh(sums[2 * hidden + j])
      let o = sigmoid(sums[3 * hidden + j])
      cell[j] = f * before[j] + i * g
      output[j] = o * tanh(cell[j])
    }
    return (output, cell)
  }

  /// h_t of `gramdex_neural_gru`; `input` and `recurrent` with their biases.
  static func gru(input: [Double], recurrent: [Double], before: [Double]) -> [Double] {
    let hidden = before.count
    return (0..<hidden).map { j in
      let r = sigmoid(input[j] + recurrent[j])
      let z = sigmoid(input[hidden + j] + recurrent[hidden + j])
      let n = tanh(input[2 * hidden + j] + r * recurrent[2 * hidden + j])
      return (1 - z) * n + z * before[j]
    }
  }

  /// ln Σ exp x.
  static func logSumExp(_ x: [Double]) -> Double {
    let greatest = x.max() ?? -.infinity
    let shift = greatest.isFinite ? greatest : 0
    return shift + log(x.reduce(0) { $0 + exp($1 - shift) })
  }

  /// ln σ(−s).
  static func logNotNoise(_ s: Double) -> Double { -(max(s, 0) + log1p(exp(-abs(s)))) }

  /// The dropout mask's element at a position.
  static func dropout(key: UInt64, position: UInt64, rate: Float) -> Float {
    func mix64(_ value: UInt64) -> UInt64 {
      var x = value
      x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
      x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
      return x ^ (x >> 31)
    }
    func mix32(_ value: UInt32) -> UInt32 {
      var x = value
      x = (x ^ (x >> 16)) &* 0x85EB_CA6B
      x = (x ^ (x >> 13)) &* 0xC2B2_AE35
      return x ^ (x >> 16)
    }
    let mixed = mix64(mix64(key &+ 0x9E37_79B9_7F4A_7C15) &+ (position >> 32))
    let first = mix32(UInt32(truncatingIfNeeded: position) ^ UInt32(truncatingIfNeeded: mixed))
    let hash = mix32(first &+ UInt32(truncatingIfNeeded: mixed >> 32))
    return Double(hash) >= (Double(rate) * 0x1p32).rounded(.down) ? 1 / (1 - rate) : 0
  }

  /// The derivative of `loss` with respect to each element of `x`, by central differences.
  static func gradient(of loss: ([Double]) -> Double, at x: [Double]) -> [Double] {
    x.indices.map { index in
      var moved = x
      moved[index] = x[index] + 1e-5
      let above = loss(moved)
      moved[index] = x[index] - 1e-5
      return (above - loss(moved)) / 2e-5
    }
  }
}

/// Numbers for tests, told by their seed.
enum KernelSamples {
  /// Lengths about the widths of all forms, and about several vectors.
  static let counts = [1, 3, 15, 16, 17, 33, 64, 200]

  static let extremes: [Float] = [
    0, -0.0, 0x1p-133, -0x1p-133, 0x1p-149, 1e-30, -1e-30, 1e-8, 0.1, -0.1, 0.17, -0.17, 1, -1, 20,
    -20,
    86.9, -86.9, 88.7, -88.7, 100, -100, 104, -104, 1e10, -1e10, 3e38, -3e38, .infinity, -.infinity,
    .nan,
  ]

  /// Numbers in −range…range.
  static func floats(_ count: Int, seed: UInt64, range: Double = 3) -> [Float] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float((Double(state >> 11) * 0x1p-52 - 1) * range)
    }
  }
}

/// The first place where numbers differ by more than `relative` times their size plus `absolute`; nil when there is none.
///
/// NaN equals NaN, and what is beyond a float's range is infinite.
func difference(
  _ actual: [Float],
  _ expected: [Double],
  relative: Double,
  absolute: Double
) -> String? {
  guard actual.count == expected.count else { return "\(actual.count) of \(expected.count)" }
  for (index, (a, e)) in zip(actual, expected).enumerated() {
    if a.isNaN && e.isNaN || Float(e).isInfinite && a == Float(e) { continue }
    if !(abs(Double(a) - e) <= relative * abs(e) + absolute) { return "[\(index)]: \(a), not \(e)" }
  }
  return nil
}

extension [Float] {
  var doubles: [Double] { map(Double.init) }
  /// Bytes, which also tell NaN and −0 apart.
  var bits: [UInt32] { map(\.bitPattern) }
}
