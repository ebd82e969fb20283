/// The Jacobians ∂h_t/∂h_k of a recurrent layer, over all k before one t, exactly.
///
/// ∂h_t/∂h_k = Π ∂h_i/∂h_{i−1} for i = k+1 … t (Bengio 1994; Pascanu 2013, eq. 5). Row j of the product is the gradient of
/// h_t[j]: H lanes go back at once, one for each unit, by the layer's own `backward`. The product is divided by a power
/// of two after each step where it needs to be, so that neither vanishing nor exploding leaves the range of 32-bit floats.
///
/// Long short-term memory remembers c_k beside h_k; ∂h_t/∂c_k is there too.
///
/// T steps, I inputs, H hidden units. Memory: a few matrices [H × G·H] and the states of all steps.
public final class StateJacobians {
  /// The Jacobian over one distance.
  public struct Step: Sendable {
    /// t − k.
    public var distance: Int
    /// ∂h_t/∂h_k divided by 2^`exponent` [H × H]; valid until the next step.
    public var hidden: FloatMatrix
    /// ∂h_t/∂c_k divided by 2^`exponent` [H × H]; long short-term memory only.
    public var cell: FloatMatrix?
    /// The power of two that was divided by.
    public var exponent: Int

    /// log2 of 10, inverted: what the exponent counts in decimal logarithms.
    public static let log10OfTwo = 0.301_029_995_663_981_2
  }

  private let layer: RecurrentLayer
  private let inputs: FloatMatrix
  private let team: Team
  private let states: RecurrentMemory
  private let x: Tensor
  private let state: RecurrentState
  private let memory: RecurrentMemory
  private let noGradient: FloatMatrix

  /// Reads the inputs, from the state of zeros on.
  ///
  /// - Parameters:
  ///   - layer: the layer; its parameters are read as 32-bit floats, whatever its products round to.
  ///   - inputs: x_t of one lane [T × I].
  ///   - team: the threads.
  /// - Throws: `NeuralError`.
  public init(_ layer: RecurrentLayer, inputs: FloatMatrix, team: Team) throws {
    precondition(inputs.columns == layer.inputSize)
    let layer = layer.unrounded
    let hidden = layer.hiddenSize
    self.layer = layer
    self.inputs = inputs
    self.team = team
    states = RecurrentMemory(layer, steps: inputs.rows, lanes: 1, precision: .float32)
    x = Tensor(rows: hidden, columns: layer.inputSize, precision: .float32)
    state = RecurrentState(cell: layer.cell, hidden: hidden, lanes: hidden)
    memory = RecurrentMemory(layer, steps: 1, lanes: hidden, precision: .float32)
    noGradient = FloatMatrix(rows: hidden, columns: hidden)
    let read = Tensor(rows: inputs.rows, columns: inputs.columns, precision: .float32)
    read.values.copy(from: inputs)
    try layer.forward(
      read,
      steps: inputs.rows,
      state: RecurrentState(cell: layer.cell, hidden: hidden, lanes: 1),
      memory: states,
      team: team
    )
  }

  /// h_t of every step [T × H].
  public var output: FloatMatrix { states.output }

  /// Goes back from one step, and shows the Jacobian over each distance 1, 2, … `distance`.
  ///
  /// - Parameters:
  ///   - end: the step t, from 0.
  ///   - distance: how far to go; at most `end`.
  ///   - visit: is shown each Jacobian.
  /// - Throws: `NeuralError`, and what `visit` throws.
  /// - Complexity: O(H³) a step.
  public func goBack(from end: Int, distance: Int, visit: (Step) throws -> Void) throws {
    precondition(end < inputs.rows && distance <= end)
    let gradient = memory.dState
    gradient.reset()
    for unit in 0..<layer.hiddenSize { gradient.hidden[unit, unit] = 1 }
    var exponent = 0
    for passed in 0..<max(distance, 0) {
      try goBack(over: end - passed)
      exponent += rescale(gradient)
      try visit(
        Step(
          distance: passed + 1,
          hidden: gradient.hidden,
          cell: gradient.cell,
          exponent: exponent
        )
      )
    }
  }

  /// Multiplies the gradient by ∂h_t/∂h_{t−1}.
  private func goBack(over step: Int) throws {
    for lane in 0..<layer.hiddenSize {
      x.values.copyRows(step..<step + 1, of: inputs, to: lane)
      state.hidden.copyRows(step - 1..<step, of: states.output, to: lane)
      // Row t of the cells is c_{t−1}.
      if let cells = states.cells { state.cell?.copyRows(step..<step + 1, of: cells, to: lane) }
    }
    try layer.forward(x, steps: 1, state: state, memory: memory, team: team)
    try layer.backward(
      x,
      steps: 1,
      dOutput: noGradient,
      memory: memory,
      dInput: nil,
      team: team
    )
  }

  /// Divides the gradient by a power of two when it is far from 1; returns the exponent.
  private func rescale(_ gradient: RecurrentState) -> Int {
    let matrices = [gradient.hidden] + (gradient.cell.map { [$0] } ?? [])
    var greatest: Float = 0
    for matrix in matrices {
      for place in 0..<matrix.count { greatest = max(greatest, matrix[place].magnitude) }
    }
    guard greatest > 0, greatest.isFinite, abs(Int(greatest.exponent)) >= 16 else { return 0 }
    let exponent = Int(greatest.exponent)
    let factor = Float(sign: .plus, exponent: -exponent, significand: 1)
    for matrix in matrices {
      for place in 0..<matrix.count { matrix[place] *= factor }
    }
    return exponent
  }
}

extension RecurrentLayer {
  /// The same layer with products that round nothing, and without gradients of its parameters.
  package var unrounded: RecurrentLayer {
    func copy(_ parameter: Parameter) -> Parameter {
      let values = parameter.values
      let copy = Parameter(
        parameter.name,
        rows: values.rows,
        columns: values.columns,
        gradient: .none,
        precision: .float32
      )
      copy.values.copy(from: values)
      return copy
    }
    return RecurrentLayer(
      cell: cell,
      input: copy(input),
      recurrent: copy(recurrent),
      bias: copy(bias),
      recurrentBias: recurrentBias.map(copy)
    )
  }
}
