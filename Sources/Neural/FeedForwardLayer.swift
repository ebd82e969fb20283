import CNeuralKernels

/// A layer of hidden units without memory: y = f(W x + b).
///
/// R rows, I inputs, H hidden units.
public struct FeedForwardLayer: Sendable {
  /// f.
  public let activation: Activation
  /// W [H × I].
  public let weight: Parameter
  /// b [1 × H].
  public let bias: Parameter

  /// A layer of these parameters.
  public init(activation: Activation, weight: Parameter, bias: Parameter) {
    precondition(bias.count == weight.values.rows)
    self.activation = activation
    self.weight = weight
    self.bias = bias
  }

  /// The length of an input vector, I.
  public var inputSize: Int { weight.values.columns }
  /// The number of hidden units, H.
  public var hiddenSize: Int { weight.values.rows }
  /// All its parameters.
  public var parameters: [Parameter] { [weight, bias] }

  /// Computes the first `count` rows of `output`.
  ///
  /// - Parameters:
  ///   - x: the input [R × I], rounded.
  ///   - count: how many of its rows count.
  ///   - output: receives y [R × H], rounded; `backward` needs it.
  ///   - team: the threads.
  /// - Throws: `NeuralError.productFailed`.
  public func forward(_ x: Tensor, rows count: Int, output: Tensor, team: Team) throws {
    precondition(x.columns == inputSize && output.columns == hiddenSize)
    let result = ProductResult(output.values)
    try team.overRows(count) { rows, worker in
      try worker.products.multiply(
        x.operand.rows(rows),
        weight.tensor.operand.transposed,
        into: result.rows(rows)
      )
      // SAFETY: the rows of the tile, of H elements each, as the bias has.
      unsafe gramdex_neural_activate(
        rows.count,
        hiddenSize,
        activation.kernel,
        bias.values.pointer,
        output.values.row(rows.lowerBound),
        output.roundedRow(rows.lowerBound)
      )
    }
  }

  /// The gradient of the parameters and of the input.
  ///
  /// - Parameters:
  ///   - x: the input of `forward`.
  ///   - count: as in `forward`.
  ///   - output: what `forward` computed.
  ///   - dOutput: in, the gradient with respect to y [R × H] in its values; out, with respect to W x + b.
  ///   - dInput: receives the gradient with respect to x [R × I]; nil when nobody asks for it.
  ///   - team: the threads.
  /// - Throws: `NeuralError.productFailed`.
  public func backward(
    _ x: Tensor,
    rows count: Int,
    output: Tensor,
    dOutput: Tensor,
    dInput: FloatMatrix?,
    team: Team
  ) throws {
    precondition(dOutput.columns == hiddenSize)
    try team.overRows(count) { rows, worker in
      // SAFETY: the rows of the tile, of H elements each.
      unsafe gramdex_neural_activate_backward(
        rows.count * hiddenSize,
        activation.kernel,
        output.values.row(rows.lowerBound),
        dOutput.values.row(rows.lowerBound),
        dOutput.roundedRow(rows.lowerBound)
      )
      if let dInput {
        try worker.products.multiply(
          dOutput.operand.rows(rows),
          weight.tensor.operand,
          into: ProductResult(dInput).rows(rows)
        )
      }
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
  }
}
