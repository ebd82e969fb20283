/// The vectors of several inputs side by side: what a feed-forward network reads of the n − 1 words before a position
/// (Bengio 2003, section 2).
public struct ContextEmbeddingLayer: Sendable {
  /// The vectors [V × E].
  public let weight: Parameter
  /// How many inputs stand side by side, n − 1.
  public let length: Int

  /// A layer over this table.
  public init(weight: Parameter, length: Int) {
    precondition(length > 0)
    self.weight = weight
    self.length = length
  }

  /// The length of the result, (n − 1)·E.
  public var outputSize: Int { length * weight.values.columns }

  /// Writes the vectors of `ids[r · length ..< (r + 1) · length]` to row r of `output`, in their order; not rounded.
  public func forward(_ ids: [Int32], output: Tensor, team: Team) throws {
    let vectors = weight.values
    let size = vectors.columns
    precondition(ids.count % length == 0 && output.columns == outputSize)
    precondition(output.rows >= ids.count / length)
    try team.overRows(ids.count / length) { rows, _ in
      for place in rows.lowerBound * length..<rows.upperBound * length {
        let id = Int(ids[place])
        precondition(id >= 0 && id < vectors.rows)
        // SAFETY: `output` has `length` · E elements a row, and so E elements at each place.
        unsafe (output.values.pointer + place * size).update(from: vectors.row(id), count: size)
      }
    }
  }

  /// Sums the gradients of equal inputs; `dOutput` [rows × (n − 1)·E], else as `EmbeddingLayer.backward`.
  public func backward(
    _ ids: [Int32],
    dOutput: FloatMatrix,
    adding: Bool = false,
    team: Team
  ) throws {
    precondition(dOutput.columns == outputSize)
    try RowGradient.sum(ids, from: dOutput, of: weight, adding: adding, team: team)
  }
}
