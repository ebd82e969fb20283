import CNeuralKernels
import Foundation
import Testing

@Suite("Kernels: losses")
struct LossKernelTests {
  /// Also a row of several blocks of sums.
  static let columns = KernelSamples.counts + [9001]

  @Test(arguments: KernelForm.all, columns)
  func `the soft-max loss and its gradient`(form: KernelForm, columns: Int) {
    let logits = KernelSamples.floats(4 * columns, seed: 1, range: 8)
    let bias = KernelSamples.floats(columns, seed: 2)
    let last = Int32(columns - 1)
    let targets: [Int32] = [0, last, -1, last / 2]
    for bias in [bias, nil] {
      let result = form.softmaxLoss(logits: logits, bias: bias, targets: targets, factor: 0.25)
      let rounded = form.roundedSoftmaxLoss(
        logits: logits,
        bias: bias,
        targets: targets,
        factor: 0.25
      )
      #expect(rounded.gradient.values.bits == result.gradient.bits)
      #expect(rounded.gradient.agrees)
      #expect(rounded.logProbabilities.bits == result.logProbabilities.bits)
      for row in 0..<4 {
        let range = row * columns..<(row + 1) * columns
        let gradient = Array(result.gradient[range])
        if targets[row] < 0 {
          #expect(gradient == Array(repeating: 0, count: columns))
          #expect(result.logProbabilities[row] == 0)
          continue
        }
        let x = twinRow(Array(logits[range]), bias)
        let normalizer = KernelTwin.logSumExp(x)
        let target = Int(targets[row])
        let ln = x[target] - normalizer
        // The probability's own error is that of a float of the logarithm's size.
        #expect(abs(Double(result.logProbabilities[row]) - ln) <= 1e-6 + 1e-7 * abs(ln))
        let expected = x.indices.map { 0.25 * (exp(x[$0] - normalizer) - ($0 == target ? 1 : 0)) }
        // e^(x − max) has the error of x − max, up to 22: 2e-6 of its size.
        expect(gradient, expected, relative: 3e-6, absolute: 1e-37)
        if columns <= 200 {
          let differences = KernelTwin.gradient(
            of: { -0.25 * ($0[target] - KernelTwin.logSumExp($0)) },
            at: x
          )
          expect(gradient, differences, absolute: 1e-6)
        }
        let alone = form.softmaxLoss(
          logits: Array(logits[range]),
          bias: bias,
          targets: [targets[row]],
          factor: 0.25
        )
        #expect(alone.gradient.bits == gradient.bits)
        #expect(alone.logProbabilities == [result.logProbabilities[row]])
      }
    }
  }

  @Test(arguments: KernelForm.all, columns)
  func `normalizers and log probabilities`(form: KernelForm, columns: Int) {
    let rows = 3
    let logits = KernelSamples.floats(rows * columns, seed: 3, range: 8)
    for bias in [KernelSamples.floats(columns, seed: 4), nil] {
      let normalizers = form.logSumExp(logits: logits, rows: rows, bias: bias)
      let logs = form.logSoftmax(logits: logits, rows: rows, bias: bias)
      for row in 0..<rows {
        let range = row * columns..<(row + 1) * columns
        let x = twinRow(Array(logits[range]), bias)
        let expected = KernelTwin.logSumExp(x)
        #expect(abs(Double(normalizers[row]) - expected) <= 2e-6)
        // Two roundings of numbers up to 30.
        expect(Array(logs[range]), x.map { $0 - expected }, absolute: 6e-6)
        let total = logs[range].reduce(0) { $0 + exp(Double($1)) }
        #expect(abs(total - 1) < 1e-5)
        let one = Array(logits[range])
        #expect(form.logSumExp(logits: one, rows: 1, bias: bias) == [normalizers[row]])
        #expect(form.logSoftmax(logits: one, rows: 1, bias: bias).bits == Array(logs[range]).bits)
      }
    }
  }

  @Test(arguments: KernelForm.all)
  func `great, small and infinite logits`(form: KernelForm) {
    let inf = Float.infinity
    for columns in [1, 3, 16, 17, 33] {
      func row(_ first: Float, _ others: Float) -> [Float] {
        [first] + Array(repeating: others, count: columns - 1)
      }
      for value: Float in [1e30, -1e30, 100, -1000, 0x1p-133] {
        // Equal logits are equally probable, however great they are.
        let loss = form.softmaxLoss(
          logits: row(value, value),
          bias: nil,
          targets: [0],
          factor: 1
        )
        #expect(abs(Double(loss.logProbabilities[0]) + log(Double(columns))) < 1e-6)
      }
      // A logit of −∞ has no probability, and takes none from the others.
      #expect(form.logSumExp(logits: row(3, -inf), rows: 1, bias: nil) == [3])
      #expect(form.logSumExp(logits: row(-inf, -inf), rows: 1, bias: nil) == [-inf])
      #expect(form.logSumExp(logits: row(inf, 0), rows: 1, bias: nil) == [inf])
      #expect(form.logSumExp(logits: row(0, .nan), rows: 1, bias: nil)[0].isNaN || columns == 1)
      let certain = form.softmaxLoss(logits: row(90, -90), bias: nil, targets: [0], factor: 1)
      #expect(certain.logProbabilities[0] <= 0 && certain.logProbabilities[0] > -1e-30)
      #expect(certain.gradient.allSatisfy { abs($0) < 1e-37 })
      let spoiled = form.softmaxLoss(logits: row(.nan, 0), bias: nil, targets: [0], factor: 1)
      #expect(spoiled.logProbabilities[0].isNaN && spoiled.gradient.allSatisfy { $0.isNaN })
      if columns > 1 {
        // An improbable target's gradient is −1; a near certain one's has the error of a sum of floats near 1.
        let never = form.softmaxLoss(logits: row(-inf, 0), bias: nil, targets: [0], factor: 1)
        #expect(never.logProbabilities == [-inf] && never.gradient[0] == -1)
        let near = form.softmaxLoss(logits: row(20, 0), bias: nil, targets: [0], factor: 1)
        let rest = Double(columns - 1) * exp(-20)
        expect([near.gradient[0]], [-rest / (1 + rest)], absolute: 1.2e-7)
      }
    }
  }

  @Test(arguments: KernelForm.all, columns)
  func `noise samples and their gradient`(form: KernelForm, columns: Int) {
    let rows = 3
    let logits = KernelSamples.floats(rows * columns, seed: 5, range: 12)
    let offsets = KernelSamples.floats(columns, seed: 6)
    let s = logits.indices.map { Double(logits[$0] + offsets[$0 % columns]) }
    let result = form.noiseLoss(logits: logits, offsets: offsets, factor: 0.5)
    let expected = s.reduce(0) { $0 + KernelTwin.logNotNoise($1) }
    #expect(abs(result.logProbability - expected) <= 1e-6 * abs(expected))
    expect(
      result.gradient.values,
      s.map { 0.5 * KernelTwin.sigmoid($0) },
      relative: 4e-7,
      absolute: 0
    )
    #expect(result.gradient.agrees)
    let unrounded = form.noiseLoss(logits: logits, offsets: offsets, factor: 0.5, rounds: false)
    #expect(unrounded.gradient.values.bits == result.gradient.values.bits)
    if columns <= 33 {
      let differences = KernelTwin.gradient(
        of: { -0.5 * $0.reduce(0) { $0 + KernelTwin.logNotNoise($1) } },
        at: s
      )
      expect(result.gradient.values, differences, absolute: 1e-6)
    }
    let row = columns..<2 * columns
    let alone = form.noiseLoss(logits: Array(logits[row]), offsets: offsets, factor: 0.5)
    #expect(alone.gradient.values.bits == Array(result.gradient.values[row]).bits)
  }

  @Test(arguments: KernelForm.all)
  func `noise samples with extreme scores`(form: KernelForm) {
    for s in KernelSamples.extremes {
      let result = form.noiseLoss(logits: [s], offsets: [0], factor: 1)
      let expected = KernelTwin.logNotNoise(Double(s))
      if expected.isNaN {
        #expect(result.logProbability.isNaN && result.gradient.values[0].isNaN)
      } else {
        // Below the least normal number, floats have an absolute error.
        let isNear = abs(result.logProbability - expected) <= 3e-7 * abs(expected) + 1.2e-38
        #expect(isNear || result.logProbability == expected, "of \(s)")
        expect(
          result.gradient.values,
          [KernelTwin.sigmoid(Double(s))],
          relative: 4e-7,
          absolute: 1.2e-38
        )
      }
    }
  }

  private func twinRow(_ logits: [Float], _ bias: [Float]?) -> [Double] {
    guard let bias else { return logits.doubles }
    return zip(logits, bias).map { Double($0 + $1) }
  }
}
