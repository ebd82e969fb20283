import Testing

@testable import GramdexNeural

@Suite("Jacobians of states")
struct StateJacobiansTests {
  /// The state after some steps, and how it is changed on the way.
  private static func output(
    _ layer: RecurrentLayer,
    _ inputs: FloatMatrix,
    from start: RecurrentState,
    steps: Range<Int>,
    team: Team
  ) throws -> [Float] {
    let x = Tensor(rows: steps.count, columns: inputs.columns, precision: .float32)
    x.values.copyRows(steps, of: inputs, to: 0)
    let memory = RecurrentMemory(layer, steps: steps.count, lanes: 1, precision: .float32)
    let state = RecurrentState(cell: layer.cell, hidden: layer.hiddenSize, lanes: 1)
    state.hidden.copy(from: start.hidden)
    if let cell = state.cell, let other = start.cell { cell.copy(from: other) }
    try layer.forward(x, steps: steps.count, state: state, memory: memory, team: team)
    return state.hidden.elements
  }

  @Test(arguments: RecurrentLayerTests.cells)
  func `are slopes of a state by an earlier one`(cell: Cell) throws {
    let setting = try RecurrentLayerTests.Setting(cell, lanes: 1)
    let layer = setting.layer
    let hidden = layer.hiddenSize
    let inputs = FloatMatrix(rows: 7, columns: layer.inputSize)
    FiniteDifferences.fill(inputs, seed: 11)
    let jacobians = try StateJacobians(layer, inputs: inputs, team: setting.team)
    let end = 6
    var seen = 0
    try jacobians.goBack(from: end, distance: 5) { step in
      seen += 1
      #expect(step.distance == seen)
      let start = end - step.distance
      // The state after step `start`, by reading from the beginning.
      let before = RecurrentState(cell: cell, hidden: hidden, lanes: 1)
      let x = Tensor(rows: start + 1, columns: inputs.columns, precision: .float32)
      x.values.copyRows(0..<start + 1, of: inputs, to: 0)
      let memory = RecurrentMemory(layer, steps: start + 1, lanes: 1, precision: .float32)
      try layer.forward(x, steps: start + 1, state: before, memory: memory, team: setting.team)
      let scale = Float(sign: .plus, exponent: step.exponent, significand: 1)
      let parts =
        [(before.hidden, step.hidden)]
        + (before.cell.flatMap { cell in
          step.cell.map { [(cell, $0)] }
        } ?? [])
      #expect(parts.count == (cell == .lstm ? 2 : 1))
      for (values, matrix) in parts {
        for column in 0..<hidden {
          let value = values[column]
          let change: Float = 5e-3
          values[column] = value + change
          let above = try Self.output(
            layer,
            inputs,
            from: before,
            steps: start + 1..<end + 1,
            team: setting.team
          )
          values[column] = value - change
          let below = try Self.output(
            layer,
            inputs,
            from: before,
            steps: start + 1..<end + 1,
            team: setting.team
          )
          values[column] = value
          for row in 0..<hidden {
            let slope = (above[row] - below[row]) / (2 * change)
            let known = matrix[row, column] * scale
            // As in `FiniteDifferences`: rounding by 1e-6 over a change of 1e-2, and the third derivative.
            #expect(
              abs(slope - known) < 3e-3 * (1 + abs(known)),
              "\(step.distance) \(row) \(column)"
            )
          }
        }
      }
    }
    #expect(seen == 5)
  }

  @Test func `stay numbers where 32-bit floats would not`() throws {
    let layer = RecurrentLayer(
      cell: .elman(.relu),
      input: OutputTwin.parameter("w", 2, 2, .none, .float32),
      recurrent: OutputTwin.parameter("u", 2, 2, .none, .float32),
      bias: OutputTwin.parameter("b", 1, 2, .none, .float32)
    )
    for parameter in layer.parameters { parameter.values.fill(0) }
    layer.bias.values.fill(1)
    // U = 0.25 I: after 200 steps 2^−400.
    for unit in 0..<2 { layer.recurrent.values[unit, unit] = 0.25 }
    let jacobians = try StateJacobians(
      layer,
      inputs: FloatMatrix(rows: 202, columns: 2),
      team: Team(threads: 1)
    )
    var last: (Double, Int)?
    try jacobians.goBack(from: 201, distance: 200) { step in
      last = (MatrixNorms.spectral(step.hidden), step.exponent)
    }
    let (norm, exponent) = try #require(last)
    #expect(norm > 0)
    // All numbers are powers of two, so nothing was rounded.
    #expect(Double(exponent) + Double(norm.exponent) == -400)
  }

  @Test func `have the spectral norm of a matrix with known singular values`() {
    // [[3, 0], [4, 5]]: singular values √45 and √5.
    let matrix = FloatMatrix(rows: 2, columns: 2)
    for (place, value) in [Float(3), 0, 4, 5].enumerated() { matrix[place] = value }
    #expect(abs(MatrixNorms.spectral(matrix) - 45.0.squareRoot()) < 1e-6)
    #expect(abs(MatrixNorms.frobenius(matrix) - 50.0.squareRoot()) < 1e-6)
    let wide = FloatMatrix(rows: 1, columns: 3)
    for (place, value) in [Float(1), 2, -2].enumerated() { wide[place] = value }
    #expect(abs(MatrixNorms.spectral(wide) - 3) < 1e-9)
    #expect(MatrixNorms.spectral(FloatMatrix(rows: 3, columns: 3)) == 0)
  }
}
