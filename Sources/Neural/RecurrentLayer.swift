import CNeuralKernels

/// A recurrent layer: the same weights in every step.
///
/// Rows are in time-major order: step t of lane b is row t·B + b, for T steps and B lanes. W x is one product for all
/// rows; U h is one product a step, with U in the layout that oneDNN likes best. Lanes are independent of one another,
/// so threads take tiles of lanes through all steps.
public struct RecurrentLayer: Sendable {
  /// What is computed in a step.
  public let cell: Cell
  /// W [G·H × I].
  public let input: Parameter
  /// U [G·H × H].
  public let recurrent: Parameter
  /// b [1 × G·H].
  public let bias: Parameter
  /// The bias of U h by itself [1 × 3·H]; gated recurrent units only.
  public let recurrentBias: Parameter?

  /// A layer of these parameters.
  public init(
    cell: Cell,
    input: Parameter,
    recurrent: Parameter,
    bias: Parameter,
    recurrentBias: Parameter? = nil
  ) {
    precondition((cell == .gru) == (recurrentBias != nil))
    self.cell = cell
    self.input = input
    self.recurrent = recurrent
    self.bias = bias
    self.recurrentBias = recurrentBias
  }

  /// The length of an input vector, I.
  public var inputSize: Int { input.values.columns }
  /// The number of hidden units, H.
  public var hiddenSize: Int { recurrent.values.columns }
  /// All its parameters.
  public var parameters: [Parameter] {
    [input, recurrent, bias] + (recurrentBias.map { [$0] } ?? [])
  }

  /// Tiles of lanes: eight or more each, never dependent on the number of threads.
  static func laneTiles(_ lanes: Int) -> [Range<Int>] {
    let count = max(1, min(lanes / 8, 16))
    return (0..<count).map { lanes * $0 / count..<lanes * ($0 + 1) / count }
  }

  /// Reads `steps` steps.
  ///
  /// - Parameters:
  ///   - x: the input [T·B × I], rounded.
  ///   - steps: how many of its steps count.
  ///   - state: the state before the first step; becomes the state after the last one.
  ///   - resets: before which rows the state is zero; nil for none.
  ///   - memory: receives the output, and what `backward` needs.
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  public func forward(
    _ x: Tensor,
    steps: Int,
    state: RecurrentState,
    resets: [Bool]? = nil,
    memory: RecurrentMemory,
    team: Team
  ) throws {
    let lanes = memory.lanes
    let rows = steps * lanes
    try team.multiply(
      x.operand.rows(0..<rows),
      input.tensor.operand.transposed,
      into: memory.gates.values
    )
    let tiles = Self.laneTiles(lanes)
    let packed = try packed(memory, usualRows: tiles[0].count, team)
    try team.run(tiles: tiles.count) { tile, worker in
      for step in 0..<steps {
        try read(tiles[tile], step: step, packed, state, resets, memory, worker)
      }
      if steps > 0 { keepState(tiles[tile], steps, state, memory) }
    }
  }

  /// What is read in a step.
  public enum StepInput: Sendable {
    /// x [B × I], rounded.
    case vectors(Tensor)
    /// W x of all that x can be, and which row of it each lane reads.
    case sums(FloatMatrix, rows: [Int32])
  }

  /// Reads one step of some of the lanes.
  ///
  /// - Parameters:
  ///   - x: the input.
  ///   - tiles: the lanes, from 0 on without gaps; each tile is computed by itself, so that tiles of one size give a lane the same numbers
  ///     whatever the others are.
  ///   - state: the state before the step; becomes the state after it.
  ///   - memory: receives the output.
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  public func step(
    _ x: StepInput,
    tiles: [Range<Int>],
    state: RecurrentState,
    memory: RecurrentMemory,
    team: Team
  ) throws {
    guard let first = tiles.first else { return }
    let packed = try packed(memory, usualRows: first.count, team)
    try team.run(tiles: tiles.count) { tile, worker in
      let lanes = tiles[tile]
      let gates = memory.gates.values
      switch x {
      case .vectors(let x):
        try worker.products.multiply(
          x.operand.rows(lanes),
          input.tensor.operand.transposed,
          into: ProductResult(gates).rows(lanes)
        )
      case .sums(let table, let rows):
        for lane in lanes {
          let row = Int(rows[lane])
          gates.copyRows(row..<row + 1, of: table, to: lane)
        }
      }
      try read(lanes, step: 0, packed, state, nil, memory, worker)
      keepState(lanes, 1, state, memory)
    }
  }

  /// U in the layout of products; packed anew unless it cannot have changed.
  private func packed(
    _ memory: RecurrentMemory,
    usualRows: Int,
    _ team: Team
  ) throws -> PackedOperand {
    if memory.isFixed, let packed = memory.packed { return packed }
    try team.run(tiles: 1) { _, worker in
      memory.packed = try worker.products.pack(
        recurrent.tensor.operand.transposed,
        usualRows: usualRows,
        replacing: memory.packed
      )
    }
    guard let packed = memory.packed else { preconditionFailure("nothing was packed") }
    return packed
  }

  /// One step of some lanes, whose W x is in `gates`.
  private func read(
    _ lanes: Range<Int>,
    step: Int,
    _ packed: PackedOperand,
    _ state: RecurrentState,
    _ resets: [Bool]?,
    _ memory: RecurrentMemory,
    _ worker: Team.Worker
  ) throws {
    let start = step * memory.lanes
    let range = start + lanes.lowerBound..<start + lanes.upperBound
    takeState(before: range, step, lanes, state, resets, memory)
    try worker.products.multiply(
      memory.before.operand.rows(range),
      packed: packed,
      into: ProductResult(memory.recurrentSums.values).rows(range),
      accumulating: cell != .gru
    )
    advance(range, memory)
  }

  /// Copies h_{t−1}, zero where the state is reset, to the rows `range` of `before`, and rounds it.
  private func takeState(
    before range: Range<Int>,
    _ step: Int,
    _ lanes: Range<Int>,
    _ state: RecurrentState,
    _ resets: [Bool]?,
    _ memory: RecurrentMemory
  ) {
    let before = memory.before
    if step == 0 {
      before.values.copyRows(lanes, of: state.hidden, to: range.lowerBound)
      if let cell = state.cell, let cells = memory.cells {
        cells.copyRows(lanes, of: cell, to: range.lowerBound)
      }
    } else {
      let earlier = range.lowerBound - memory.lanes..<range.upperBound - memory.lanes
      before.values.copyRows(earlier, of: memory.output, to: range.lowerBound)
    }
    if let resets {
      for row in range where resets[row] {
        before.values.zeroRow(row)
        memory.cells?.zeroRow(row)
      }
    }
    before.round(rows: range)
  }

  /// Keeps the state of some lanes after the last step.
  private func keepState(
    _ lanes: Range<Int>,
    _ steps: Int,
    _ state: RecurrentState,
    _ memory: RecurrentMemory
  ) {
    let last = (steps - 1) * memory.lanes
    state.hidden.copyRows(
      last + lanes.lowerBound..<last + lanes.upperBound,
      of: memory.output,
      to: lanes.lowerBound
    )
    if let cell = state.cell, let cells = memory.cells {
      let after = steps * memory.lanes
      cell.copyRows(
        after + lanes.lowerBound..<after + lanes.upperBound,
        of: cells,
        to: lanes.lowerBound
      )
    }
  }

  /// One step of some lanes: from the sums to h_t.
  private func advance(_ range: Range<Int>, _ memory: RecurrentMemory) {
    let row = range.lowerBound
    let hidden = hiddenSize
    // SAFETY: all matrices have these rows, of the lengths that the kernels ask for.
    switch cell {
    case .elman(let activation):
      let output = memory.output
      output.copyRows(range, of: memory.gates.values, to: row)
      unsafe gramdex_neural_activate(
        range.count,
        hidden,
        activation.kernel,
        bias.values.pointer,
        output.row(row),
        nil
      )
    case .lstm:
      guard let cells = memory.cells, let cellTanh = memory.cellTanh else { return }
      unsafe gramdex_neural_lstm(
        range.count,
        hidden,
        bias.values.pointer,
        cells.row(row),
        memory.gates.values.row(row),
        cells.row(row + memory.lanes),
        cellTanh.row(row),
        memory.output.row(row),
        nil
      )
    case .gru:
      guard let recurrentBias else { return }
      unsafe gramdex_neural_gru(
        range.count,
        hidden,
        bias.values.pointer,
        recurrentBias.values.pointer,
        memory.before.values.row(row),
        memory.gates.values.row(row),
        memory.recurrentSums.values.row(row),
        memory.output.row(row),
        nil
      )
    }
  }

  /// The gradient of all parameters and of the input.
  ///
  /// - Parameters:
  ///   - x: the input of `forward`.
  ///   - steps: as in `forward`.
  ///   - dOutput: the gradient with respect to the output [T·B × H].
  ///   - resets: as in `forward`.
  ///   - memory: what `forward` kept. Its `dState` holds the gradient with respect to the state after the last step,
  ///     which truncated back-propagation leaves zero, and receives that with respect to the state before the first one.
  ///   - dInput: receives the gradient with respect to the input [T·B × I], unless nil.
  ///   - everyStep: receives the gradient with respect to h_{t−1} in the rows of step t, unless nil.
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  public func backward(
    _ x: Tensor,
    steps: Int,
    dOutput: FloatMatrix,
    resets: [Bool]? = nil,
    memory: RecurrentMemory,
    dInput: FloatMatrix?,
    everyStep: FloatMatrix? = nil,
    team: Team
  ) throws {
    let lanes = memory.lanes
    let tiles = Self.laneTiles(lanes)
    try team.run(tiles: 1) { _, worker in
      memory.packedBackward = try worker.products.pack(
        recurrent.tensor.operand,
        usualRows: tiles[0].count,
        replacing: memory.packedBackward
      )
    }
    guard let packed = memory.packedBackward else { return }
    let dHidden = memory.dState.hidden
    try team.run(tiles: tiles.count) { tile, worker in
      for step in (0..<steps).reversed() {
        let start = step * lanes
        let range = start + tiles[tile].lowerBound..<start + tiles[tile].upperBound
        retreat(range, tiles[tile], dOutput, memory)
        try worker.products.multiply(
          memory.recurrentSums.operand.rows(range),
          packed: packed,
          into: ProductResult(dHidden).rows(tiles[tile]),
          accumulating: cell == .gru
        )
        if let resets {
          for lane in tiles[tile] where resets[start + lane] {
            dHidden.zeroRow(lane)
            memory.dState.cell?.zeroRow(lane)
          }
        }
        everyStep?.copyRows(tiles[tile], of: dHidden, to: range.lowerBound)
      }
    }
    try collectGradients(x, rows: steps * lanes, memory, dInput, team)
  }

  /// One step back of some lanes: from the gradient of h_t to that of the sums.
  private func retreat(
    _ range: Range<Int>,
    _ lanes: Range<Int>,
    _ dOutput: FloatMatrix,
    _ memory: RecurrentMemory
  ) {
    let row = range.lowerBound
    let hidden = hiddenSize
    let dHidden = memory.dState.hidden
    // SAFETY: all matrices have these rows, of the lengths that the kernels ask for.
    unsafe gramdex_neural_add_scaled(
      range.count * hidden,
      1,
      dOutput.row(row),
      dHidden.row(lanes.lowerBound)
    )
    switch cell {
    case .elman(let activation):
      memory.gates.values.copyRows(lanes, of: dHidden, to: row)
      unsafe gramdex_neural_activate_backward(
        range.count * hidden,
        activation.kernel,
        memory.output.row(row),
        memory.gates.values.row(row),
        memory.gates.roundedRow(row)
      )
    case .lstm:
      guard let cells = memory.cells, let cellTanh = memory.cellTanh,
        let dCell = memory.dState.cell
      else { return }
      unsafe gramdex_neural_lstm_backward(
        range.count,
        hidden,
        cells.row(row),
        cellTanh.row(row),
        dHidden.row(lanes.lowerBound),
        dCell.row(lanes.lowerBound),
        memory.gates.values.row(row),
        memory.gates.roundedRow(row)
      )
    case .gru:
      unsafe gramdex_neural_gru_backward(
        range.count,
        hidden,
        memory.before.values.row(row),
        dHidden.row(lanes.lowerBound),
        memory.gates.values.row(row),
        memory.recurrentSums.values.row(row),
        memory.passed.row(lanes.lowerBound),
        memory.gates.roundedRow(row),
        memory.recurrentSums.roundedRow(row)
      )
      dHidden.copyRows(lanes, of: memory.passed, to: lanes.lowerBound)
    }
  }

  /// Sums over all steps: dW = dZᵀ x, dU = dZᵀ h, db = Σ dZ, dx = dZ W.
  private func collectGradients(
    _ x: Tensor,
    rows: Int,
    _ memory: RecurrentMemory,
    _ dInput: FloatMatrix?,
    _ team: Team
  ) throws {
    let dSums = memory.gates.operand.rows(0..<rows)
    if let gradient = input.gradient {
      try team.multiply(dSums.transposed, x.operand.rows(0..<rows), into: gradient)
    }
    if let gradient = recurrent.gradient {
      try team.multiply(
        memory.recurrentSums.operand.rows(0..<rows).transposed,
        memory.before.operand.rows(0..<rows),
        into: gradient
      )
    }
    if let gradient = bias.gradient {
      try team.sumColumns(memory.gates.values, rows: rows, into: gradient)
    }
    if let gradient = recurrentBias?.gradient {
      try team.sumColumns(memory.recurrentSums.values, rows: rows, into: gradient)
    }
    if let dInput {
      try team.multiply(dSums, input.tensor.operand, into: dInput)
    }
  }
}
