/// The state of a recurrent layer between two windows: one row a lane.
public final class RecurrentState: Sendable {
  /// h [B × H].
  public let hidden: FloatMatrix
  /// c [B × H]; long short-term memory only.
  public let cell: FloatMatrix?

  /// The state of zeros.
  public init(cell: Cell, hidden: Int, lanes: Int) {
    self.hidden = FloatMatrix(rows: lanes, columns: hidden)
    self.cell = cell == .lstm ? FloatMatrix(rows: lanes, columns: hidden) : nil
  }

  /// Forgets everything.
  public func reset() {
    hidden.fill(0)
    cell?.fill(0)
  }
}

/// What a recurrent layer keeps of a window for the way back: its size depends on the window, not on the text.
public final class RecurrentMemory: @unchecked Sendable {
  // @unchecked: tiles write disjoint rows; the packed weights are written by one tile of its own piece of work.
  /// The most steps of a window.
  public let steps: Int
  /// The number of lanes.
  public let lanes: Int
  /// h_t [T·B × H].
  public let output: FloatMatrix
  /// W x, then the activated gates, then their gradient [T·B × G·H].
  let gates: Tensor
  /// Where U h is added up: `gates`, but for gated recurrent units.
  let recurrentSums: Tensor
  /// h_{t−1} [T·B × H].
  let before: Tensor
  /// c_{t−1} in the rows of step t [(T + 1)·B × H].
  let cells: FloatMatrix?
  /// tanh(c_t) [T·B × H].
  let cellTanh: FloatMatrix?
  /// What of a gradient goes past the gates in a step [B × H].
  let passed: FloatMatrix
  /// The gradient with respect to the state: see `RecurrentLayer.backward`.
  public let dState: RecurrentState
  /// Whether the weights stay as they are while this is used.
  let isFixed: Bool
  var packed: PackedOperand?
  var packedBackward: PackedOperand?

  /// Room for windows of up to `steps` steps of `lanes` lanes.
  ///
  /// With `isFixed` the layer's weights may not change while this is used: they are then packed once, and not for each window.
  public init(
    _ layer: RecurrentLayer,
    steps: Int,
    lanes: Int,
    precision: Precision,
    isFixed: Bool = false
  ) {
    self.isFixed = isFixed
    let hidden = layer.hiddenSize
    let rows = steps * lanes
    self.steps = steps
    self.lanes = lanes
    output = FloatMatrix(rows: rows, columns: hidden)
    gates = Tensor(rows: rows, columns: layer.cell.gates * hidden, precision: precision)
    recurrentSums =
      layer.cell == .gru
      ? Tensor(rows: rows, columns: 3 * hidden, precision: precision) : gates
    before = Tensor(rows: rows, columns: hidden, precision: precision)
    let isLSTM = layer.cell == .lstm
    cells = isLSTM ? FloatMatrix(rows: rows + lanes, columns: hidden) : nil
    cellTanh = isLSTM ? FloatMatrix(rows: rows, columns: hidden) : nil
    passed = FloatMatrix(rows: layer.cell == .gru ? lanes : 0, columns: hidden)
    dState = RecurrentState(cell: layer.cell, hidden: hidden, lanes: lanes)
  }
}
