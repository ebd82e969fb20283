/// y = W x + b, and its squared error ‖y − target‖².
///
/// R rows, F features, O outputs.
public struct SquaredErrorOutput: Sendable {
  /// W [O × F].
  public let weight: Parameter
  /// b [1 × O].
  public let bias: Parameter

  /// A layer of these parameters.
  public init(weight: Parameter, bias: Parameter) {
    precondition(bias.count == weight.values.rows)
    self.weight = weight
    self.bias = bias
  }

  /// The number of outputs, O.
  public var outputs: Int { weight.values.rows }
  /// All its parameters.
  public var parameters: [Parameter] { [weight, bias] }

  /// Computes the first `count` rows of y.
  ///
  /// - Parameters:
  ///   - x: the features [R × F], rounded.
  ///   - count: how many of its rows count.
  ///   - y: receives the outputs [R × O].
  ///   - team: the threads.
  /// - Throws: `NeuralError.productFailed`.
  public func predict(_ x: Tensor, rows count: Int, into y: FloatMatrix, team: Team) throws {
    precondition(y.columns == outputs && count <= y.rows)
    let result = ProductResult(y)
    try team.overRows(count) { rows, worker in
      try worker.products.multiply(
        x.operand.rows(rows),
        weight.tensor.operand.transposed,
        into: result.rows(rows)
      )
      for row in rows {
        for output in 0..<outputs { y[row, output] += bias.values[output] }
      }
    }
  }

  /// The squared error summed over rows, and the gradient of `factor` times it.
  ///
  /// - Parameters:
  ///   - x: the features [R × F], rounded.
  ///   - targets: what the outputs should be [R × O]; its rows are those that count.
  ///   - factor: what the gradient is multiplied by.
  ///   - dOutput: receives the gradient with respect to y [R × O].
  ///   - dx: receives the gradient with respect to x [R × F].
  ///   - team: the threads.
  /// - Returns: Σ ‖y − target‖².
  /// - Throws: `NeuralError.productFailed`.
  public func learn(
    _ x: Tensor,
    targets: FloatMatrix,
    factor: Float,
    dOutput: Tensor,
    dx: FloatMatrix,
    team: Team
  ) throws -> Double {
    let count = targets.rows
    precondition(targets.columns == outputs && dOutput.rows >= count && dx.rows >= count)
    try predict(x, rows: count, into: dOutput.values, team: team)
    var sum = 0.0
    for place in 0..<targets.count {
      let error = dOutput.values[place] - targets[place]
      sum += Double(error) * Double(error)
      dOutput.values[place] = 2 * factor * error
    }
    dOutput.round(rows: 0..<count)
    let result = ProductResult(dx)
    try team.overRows(count) { rows, worker in
      try worker.products.multiply(
        dOutput.operand.rows(rows),
        weight.tensor.operand,
        into: result.rows(rows)
      )
    }
    if let gradient = weight.gradient {
      try team.multiply(
        dOutput.operand.rows(0..<count).transposed,
        x.operand.rows(0..<count),
        into: gradient
      )
    }
    if let gradient = bias.gradient {
      try team.sumColumns(dOutput.values, rows: count, into: gradient)
    }
    return sum
  }
}
