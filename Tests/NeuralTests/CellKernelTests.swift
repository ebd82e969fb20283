import CNeuralKernels
import Foundation
import Testing

/// Tolerances: functions are within 2e-7 of their size (functions.h), which a few roundings follow.
@Suite("Kernels: hidden units and recurrent cells")
struct CellKernelTests {
  static let functions = [GRAMDEX_NEURAL_SIGMOID, GRAMDEX_NEURAL_TANH, GRAMDEX_NEURAL_RELU]

  @Test(arguments: KernelForm.all)
  func `functions are right to the last bits, also of extreme numbers`(form: KernelForm) {
    let inputs = KernelSamples.extremes + KernelSamples.floats(5000, seed: 1, range: 20)
    for function in Self.functions {
      let result = form.activating(inputs, rows: 1, function, bias: nil)
      let expected = inputs.doubles.map { KernelTwin.function(function, $0) }
      // Below the least normal number, floats have an absolute error.
      expect(result.values, expected, relative: 2e-7, absolute: 1.2e-38)
      #expect(result.agrees)
    }
    let tanh = form.activating(
      [0x1p-133, -0x1p-133, 1e-30],
      rows: 1,
      GRAMDEX_NEURAL_TANH,
      bias: nil
    )
    #expect(tanh.values == [0x1p-133, -0x1p-133, 1e-30])
  }

  @Test(arguments: KernelForm.all, KernelSamples.counts)
  func `hidden units of rows, with and without a bias`(form: KernelForm, columns: Int) {
    let rows = 3
    let inputs = KernelSamples.floats(rows * columns, seed: 2)
    let bias = KernelSamples.floats(columns, seed: 3)
    for function in Self.functions {
      let result = form.activating(inputs, rows: rows, function, bias: bias)
      let expected = inputs.indices.map {
        KernelTwin.function(function, Double(inputs[$0] + bias[$0 % columns]))
      }
      expect(result.values, expected, relative: 2e-7, absolute: 1e-9)
      #expect(result.agrees)
      let unrounded = form.activating(
        inputs,
        rows: rows,
        function,
        bias: bias,
        rounds: false
      )
      #expect(unrounded.values.bits == result.values.bits)
      for row in 0..<rows {
        let range = row * columns..<(row + 1) * columns
        let alone = form.activating(Array(inputs[range]), rows: 1, function, bias: bias)
        #expect(alone.values.bits == Array(result.values[range]).bits)
      }
    }
  }

  @Test(arguments: KernelForm.all, KernelSamples.counts)
  func `gradients of hidden units are finite differences`(form: KernelForm, count: Int) {
    let inputs = KernelSamples.floats(count, seed: 4)
    let weights = KernelSamples.floats(count, seed: 5)
    for function in Self.functions {
      let y = form.activating(inputs, rows: 1, function, bias: nil).values
      let result = form.activationGradient(weights, function, result: y)
      let expected = KernelTwin.gradient(
        of: { x in
          zip(x, weights).reduce(0) { $0 + KernelTwin.function(function, $1.0) * Double($1.1) }
        },
        at: inputs.doubles
      )
      // 1 − y² of y near 1 has an absolute error of 2e-7, times weights of up to 3.
      expect(result.values, expected, absolute: 2e-6)
      #expect(result.agrees)
      let unrounded = form.activationGradient(weights, function, result: y, rounds: false)
      #expect(unrounded.values.bits == result.values.bits)
    }
  }

  // MARK: - Long short-term memory

  @Test(arguments: KernelForm.all, KernelSamples.counts)
  func `long short-term memory steps and their gradients`(form: KernelForm, hidden: Int) {
    let rows = 3
    let sums = KernelSamples.floats(rows * 4 * hidden, seed: 6)
    let bias = KernelSamples.floats(4 * hidden, seed: 7, range: 0.5)
    let before = KernelSamples.floats(rows * hidden, seed: 8, range: 1)
    let dOutput = KernelSamples.floats(rows * hidden, seed: 9, range: 1)
    let dCell = KernelSamples.floats(rows * hidden, seed: 10, range: 1)
    let step = form.lstm(rows: rows, bias: bias, before: before, sums: sums)
    let gradient = form.lstmGradient(
      rows: rows,
      before: before,
      step: step,
      dOutput: dOutput,
      dCell: dCell
    )
    #expect(step.rounded == step.output.map(KernelTwin.bfloat16))
    #expect(gradient.sums.agrees)
    let unrounded = form.lstm(rows: rows, bias: bias, before: before, sums: sums, rounds: false)
    #expect(unrounded.output.bits == step.output.bits)
    let unroundedGradient = form.lstmGradient(
      rows: rows,
      before: before,
      step: step,
      dOutput: dOutput,
      dCell: dCell,
      rounds: false
    )
    #expect(unroundedGradient.sums.values.bits == gradient.sums.values.bits)
    for row in 0..<rows {
      let units = row * hidden..<(row + 1) * hidden
      let gates = row * 4 * hidden..<(row + 1) * 4 * hidden
      let z = zip(sums[gates], bias).map { Double($0 + $1) }
      let c = Array(before[units])
      let twin = KernelTwin.lstm(sums: z, before: c.doubles)
      expect(Array(step.output[units]), twin.output, relative: 1e-6, absolute: 1e-6)
      expect(Array(step.cell[units]), twin.cell, relative: 1e-6, absolute: 1e-6)
      let tanhs = twin.cell.map { Foundation.tanh($0) }
      expect(Array(step.cellTanh[units]), tanhs, relative: 1e-6, absolute: 1e-6)

      // Units do not touch one another: each is a twin with one hidden unit.
      var dSums = z
      var dBefore = c.doubles
      for unit in 0..<hidden {
        let places = Array(stride(from: unit, to: 4 * hidden, by: hidden))
        let dOut = Double(dOutput[row * hidden + unit])
        let dIn = Double(dCell[row * hidden + unit])
        func loss(_ sums: [Double], _ before: Double) -> Double {
          let (output, cell) = KernelTwin.lstm(sums: sums, before: [before])
          return output[0] * dOut + cell[0] * dIn
        }
        let sums = places.map { z[$0] }
        let before = dBefore[unit]
        let slopes = KernelTwin.gradient(of: { loss($0, before) }, at: sums)
        for (place, slope) in zip(places, slopes) { dSums[place] = slope }
        dBefore[unit] = KernelTwin.gradient(of: { loss(sums, $0[0]) }, at: [before])[0]
      }
      expect(Array(gradient.sums.values[gates]), dSums, absolute: 2e-6)
      expect(Array(gradient.before[units]), dBefore, absolute: 2e-6)

      let alone = form.lstm(rows: 1, bias: bias, before: c, sums: Array(sums[gates]))
      #expect(alone.output.bits == Array(step.output[units]).bits)
      #expect(alone.cell.bits == Array(step.cell[units]).bits)
      #expect(alone.gates.bits == Array(step.gates[gates]).bits)
      let aloneGradient = form.lstmGradient(
        rows: 1,
        before: c,
        step: alone,
        dOutput: Array(dOutput[units]),
        dCell: Array(dCell[units])
      )
      #expect(aloneGradient.sums.values.bits == Array(gradient.sums.values[gates]).bits)
      #expect(aloneGradient.before.bits == Array(gradient.before[units]).bits)
    }
  }

  @Test(arguments: KernelForm.all)
  func `gates that are shut or open keep, forget and replace a cell`(form: KernelForm) {
    // Rows: kept (f open, i shut), replaced (f shut, i open), not a number.
    let open = Float.infinity
    let sums: [Float] = [-open, open, 1, open, open, -open, -100, open, .nan, 0, 0, 0]
    let bias = [Float](repeating: 0, count: 4)
    let step = form.lstm(rows: 3, bias: bias, before: [0.75, 0.75, 0.75], sums: sums)
    #expect(step.cell[0] == 0.75)
    #expect(step.cell[1] == -1)
    expect(step.output, [tanh(0.75), tanh(-1), .nan], relative: 2e-7, absolute: 0)
    #expect(step.cell[2].isNaN)
  }

  // MARK: - Gated recurrent unit

  @Test(arguments: KernelForm.all, KernelSamples.counts)
  func `gated recurrent unit steps and their gradients`(form: KernelForm, hidden: Int) {
    let rows = 3
    let input = KernelSamples.floats(rows * 3 * hidden, seed: 11)
    let recurrent = KernelSamples.floats(rows * 3 * hidden, seed: 12)
    let inputBias = KernelSamples.floats(3 * hidden, seed: 13, range: 0.5)
    let recurrentBias = KernelSamples.floats(3 * hidden, seed: 14, range: 0.5)
    let before = KernelSamples.floats(rows * hidden, seed: 15, range: 1)
    let dOutput = KernelSamples.floats(rows * hidden, seed: 16, range: 1)
    func run(_ rows: Int, _ units: Range<Int>, _ gates: Range<Int>, rounds: Bool = true)
      -> KernelForm.GRUStep
    {
      form.gru(
        rows: rows,
        inputBias: inputBias,
        recurrentBias: recurrentBias,
        before: Array(before[units]),
        input: Array(input[gates]),
        recurrent: Array(recurrent[gates]),
        rounds: rounds
      )
    }
    let step = run(rows, before.indices, input.indices)
    let gradient = form.gruGradient(rows: rows, before: before, step: step, dOutput: dOutput)
    #expect(step.rounded == step.output.map(KernelTwin.bfloat16))
    #expect(gradient.input.agrees && gradient.recurrent.agrees)
    let unrounded = run(rows, before.indices, input.indices, rounds: false)
    #expect(unrounded.output.bits == step.output.bits)
    let unroundedGradient = form.gruGradient(
      rows: rows,
      before: before,
      step: step,
      dOutput: dOutput,
      rounds: false
    )
    #expect(unroundedGradient.input.values.bits == gradient.input.values.bits)
    #expect(unroundedGradient.recurrent.values.bits == gradient.recurrent.values.bits)
    for row in 0..<rows {
      let units = row * hidden..<(row + 1) * hidden
      let gates = row * 3 * hidden..<(row + 1) * 3 * hidden
      let x = zip(input[gates], inputBias).map { Double($0 + $1) }
      let u = zip(recurrent[gates], recurrentBias).map { Double($0 + $1) }
      let h = Array(before[units]).doubles
      let output = KernelTwin.gru(input: x, recurrent: u, before: h)
      expect(Array(step.output[units]), output, relative: 1e-6, absolute: 1e-6)

      var dInput = x
      var dRecurrent = u
      var dBefore = h
      for unit in 0..<hidden {
        let places = Array(stride(from: unit, to: 3 * hidden, by: hidden))
        let weight = Double(dOutput[row * hidden + unit])
        func loss(_ input: [Double], _ recurrent: [Double], _ before: Double) -> Double {
          weight * KernelTwin.gru(input: input, recurrent: recurrent, before: [before])[0]
        }
        let xs = places.map { x[$0] }
        let us = places.map { u[$0] }
        let before = h[unit]
        let inputSlopes = KernelTwin.gradient(of: { loss($0, us, before) }, at: xs)
        let recurrentSlopes = KernelTwin.gradient(of: { loss(xs, $0, before) }, at: us)
        for (index, place) in places.enumerated() {
          dInput[place] = inputSlopes[index]
          dRecurrent[place] = recurrentSlopes[index]
        }
        // Only what goes past the gates: U h is another input.
        dBefore[unit] = KernelTwin.gradient(of: { loss(xs, us, $0[0]) }, at: [before])[0]
      }
      expect(Array(gradient.input.values[gates]), dInput, absolute: 2e-6)
      expect(Array(gradient.recurrent.values[gates]), dRecurrent, absolute: 2e-6)
      expect(Array(gradient.before[units]), dBefore, absolute: 2e-6)

      let alone = run(1, units, gates)
      #expect(alone.output.bits == Array(step.output[units]).bits)
      let aloneGradient = form.gruGradient(
        rows: 1,
        before: Array(before[units]),
        step: alone,
        dOutput: Array(dOutput[units])
      )
      #expect(aloneGradient.input.values.bits == Array(gradient.input.values[gates]).bits)
      #expect(aloneGradient.before.bits == Array(gradient.before[units]).bits)
    }
  }
}
