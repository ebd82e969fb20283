import Testing

@testable import GramdexNeural

@Suite struct RecurrentLayerTests {
  static let cells: [Cell] = [
    .elman(.sigmoid), .elman(.tanh), .elman(.relu), .lstm, .gru,
  ]

  /// A small layer with an input, and a loss that weighs every output and the last state.
  struct Setting {
    let layer: RecurrentLayer
    let x: Tensor
    let weights: FloatMatrix
    let start: RecurrentState
    let memory: RecurrentMemory
    let resets: [Bool]?
    let team: Team
    let steps = 4

    init(
      _ cell: Cell,
      lanes: Int = 3,
      resets: Bool = false,
      threads: Int = 1,
      precision: Precision = .float32
    ) throws {
      let (inputs, hidden) = (5, 6)
      func parameter(_ name: String, _ rows: Int, _ columns: Int) -> Parameter {
        let parameter = Parameter(
          name,
          rows: rows,
          columns: columns,
          gradient: .dense,
          precision: precision
        )
        FiniteDifferences.fill(parameter.values, seed: UInt64(rows * columns + name.count))
        parameter.tensor.round()
        return parameter
      }
      layer = RecurrentLayer(
        cell: cell,
        input: parameter("input", cell.gates * hidden, inputs),
        recurrent: parameter("recurrent", cell.gates * hidden, hidden),
        bias: parameter("bias", 1, cell.gates * hidden),
        recurrentBias: cell == .gru ? parameter("recurrent_bias", 1, 3 * hidden) : nil
      )
      x = Tensor(rows: steps * lanes, columns: inputs, precision: precision)
      FiniteDifferences.fill(x.values, seed: 1)
      x.round()
      weights = FloatMatrix(rows: steps * lanes, columns: hidden)
      FiniteDifferences.fill(weights, seed: 2)
      start = RecurrentState(cell: cell, hidden: hidden, lanes: lanes)
      FiniteDifferences.fill(start.hidden, seed: 3)
      if let cell = start.cell { FiniteDifferences.fill(cell, seed: 4) }
      memory = RecurrentMemory(layer, steps: steps, lanes: lanes, precision: precision)
      self.resets = resets ? (0..<steps * lanes).map { $0 % 5 == 4 } : nil
      team = try Team(threads: threads)
    }

    func forward() throws {
      let state = RecurrentState(
        cell: layer.cell,
        hidden: layer.hiddenSize,
        lanes: memory.lanes
      )
      state.hidden.copy(from: start.hidden)
      if let own = state.cell, let other = start.cell { own.copy(from: other) }
      try layer.forward(
        x,
        steps: steps,
        state: state,
        resets: resets,
        memory: memory,
        team: team
      )
    }

    func loss() throws -> Double {
      try forward()
      return (0..<weights.count).reduce(0) {
        $0 + Double(weights[$1]) * Double(memory.output[$1])
      }
    }

    /// Whether each unit is above its kink; rectified units only.
    func sides() -> [Bool] {
      layer.cell == .elman(.relu) ? memory.output.elements.map { $0 > 0 } : []
    }

    func backward(_ dx: FloatMatrix) throws {
      memory.dState.reset()
      try layer.backward(
        x,
        steps: steps,
        dOutput: weights,
        resets: resets,
        memory: memory,
        dInput: dx,
        team: team
      )
    }
  }

  @Test(arguments: cells, [false, true])
  func gradientsAreSlopes(_ cell: Cell, _ resets: Bool) throws {
    let setting = try Setting(cell, resets: resets)
    try setting.forward()
    let dx = FloatMatrix(rows: setting.x.rows, columns: setting.x.columns)
    try setting.backward(dx)
    let dState = RecurrentState(cell: cell, hidden: 6, lanes: 3)
    dState.hidden.copy(from: setting.memory.dState.hidden)
    if let own = dState.cell, let other = setting.memory.dState.cell { own.copy(from: other) }
    for parameter in setting.layer.parameters {
      let gradient = try #require(parameter.gradient)
      let worst = try FiniteDifferences.check(
        parameter.name,
        parameter.values,
        gradient: gradient,
        sides: setting.sides,
        loss: setting.loss
      )
      #expect(worst == nil, "\(String(describing: worst))")
    }
    for (name, values, gradient) in [
      ("x", setting.x.values, dx), ("h", setting.start.hidden, dState.hidden),
    ] {
      let worst = try FiniteDifferences.check(
        name,
        values,
        gradient: gradient,
        sides: setting.sides,
        loss: setting.loss
      )
      #expect(worst == nil, "\(String(describing: worst))")
    }
    if let start = setting.start.cell, let gradient = dState.cell {
      let worst = try FiniteDifferences.check("c", start, gradient: gradient, loss: setting.loss)
      #expect(worst == nil, "\(String(describing: worst))")
    }
  }

  @Test(arguments: cells, Precision.allCases)
  func threadsDoNotChangeBytes(_ cell: Cell, _ precision: Precision) throws {
    var outcomes: [[Float]] = []
    for threads in 1...3 {
      let setting = try Setting(
        cell,
        lanes: 40,
        resets: true,
        threads: threads,
        precision: precision
      )
      try setting.forward()
      let dx = FloatMatrix(rows: setting.x.rows, columns: setting.x.columns)
      let output = setting.memory.output.elements
      try setting.backward(dx)
      outcomes.append(
        output + dx.elements
          + setting.layer.parameters.flatMap { $0.gradient?.elements ?? [] }
      )
    }
    #expect(outcomes[0] == outcomes[1])
    #expect(outcomes[0] == outcomes[2])
  }

  @Test(arguments: cells)
  func stateIsCarriedFromWindowToWindow(_ cell: Cell) throws {
    let whole = try Setting(cell)
    try whole.forward()
    let expected = whole.memory.output.elements
    let halves = try Setting(cell)
    let state = halves.start
    var outputs: [Float] = []
    for half in 0..<2 {
      let x = Tensor(rows: 6, columns: 5, precision: .float32)
      x.values.copyRows(half * 6..<half * 6 + 6, of: halves.x.values, to: 0)
      try halves.layer.forward(
        x,
        steps: 2,
        state: state,
        memory: halves.memory,
        team: halves.team
      )
      outputs += halves.memory.output.elements.prefix(6 * 6)
    }
    #expect(outputs == expected)
  }

  @Test func aResetForgetsEverything() throws {
    let setting = try Setting(.lstm)
    let resets = (0..<12).map { $0 >= 6 && $0 < 9 }
    try setting.layer.forward(
      setting.x,
      steps: 4,
      state: setting.start,
      resets: resets,
      memory: setting.memory,
      team: setting.team
    )
    let after = setting.memory.output.elements.suffix(6 * 6)
    // The same two steps from nothing.
    let x = Tensor(rows: 6, columns: 5, precision: .float32)
    x.values.copyRows(6..<12, of: setting.x.values, to: 0)
    try setting.layer.forward(
      x,
      steps: 2,
      state: RecurrentState(cell: .lstm, hidden: 6, lanes: 3),
      memory: setting.memory,
      team: setting.team
    )
    #expect(Array(after) == Array(setting.memory.output.elements.prefix(6 * 6)))
  }
}
