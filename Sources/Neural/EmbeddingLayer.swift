/// A table of vectors: row `id` for input `id`.
public struct EmbeddingLayer: Sendable {
  /// The vectors [V × E].
  public let weight: Parameter

  /// A layer over this table.
  public init(weight: Parameter) {
    self.weight = weight
  }

  /// Writes the vector of `ids[i]` to row i of `output` [rows × E]; not rounded.
  public func forward(_ ids: [Int32], output: Tensor, team: Team) throws {
    let vectors = weight.values
    try team.overRows(ids.count) { rows, _ in
      for row in rows {
        let id = Int(ids[row])
        output.values.copyRows(id..<id + 1, of: vectors, to: row)
      }
    }
  }

  /// Sums the gradients of equal inputs.
  ///
  /// - Parameters:
  ///   - ids: the inputs of `forward`.
  ///   - dOutput: the gradient of its output [rows × E].
  ///   - adding: whether the table's gradient is added to, where another layer has the same table as its weights.
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  public func backward(
    _ ids: [Int32],
    dOutput: FloatMatrix,
    adding: Bool = false,
    team: Team
  ) throws {
    try RowGradient.sum(ids, from: dOutput, of: weight, adding: adding, team: team)
  }
}
