import CNeuralKernels

/// Puts vectors side by side: [x, y, …].
///
/// With the hidden units and the input of a feed-forward network it makes the features of *direct connections*
/// (Bengio 2003, equation 1: W x + U tanh(d + H x) is one product with [tanh(d + H x), x]).
public struct ConcatenateLayer: Sendable {
  /// The lengths of the vectors.
  public let sizes: [Int]

  /// A layer of vectors of these lengths.
  public init(sizes: [Int]) {
    self.sizes = sizes
  }

  /// The length of the result.
  public var outputSize: Int { sizes.reduce(0, +) }

  /// Writes the first `count` rows of `parts`, one matrix for each size, side by side to `output`, and rounds it.
  public func forward(_ parts: [FloatMatrix], rows count: Int, output: Tensor, team: Team) throws {
    precondition(parts.map(\.columns) == sizes && output.columns == outputSize)
    precondition(parts.allSatisfy { $0.rows >= count } && output.rows >= count)
    try team.overRows(count) { rows, _ in
      for row in rows {
        var start = 0
        for part in parts {
          // SAFETY: the row has room for all parts, as checked above.
          unsafe (output.values.row(row) + start).update(from: part.row(row), count: part.columns)
          start += part.columns
        }
      }
      output.round(rows: rows)
    }
  }

  /// Cuts the gradient with respect to the result into those of the parts.
  ///
  /// - Parameters:
  ///   - dOutput: the gradient with respect to the result [rows × the sum of the sizes].
  ///   - count: how many rows count.
  ///   - parts: receive the gradients; nil for parts that nobody asks for.
  ///   - accumulating: whether gradients are added to what is there.
  ///   - team: the threads.
  /// - Throws: nothing of its own; what `Team.run` throws.
  public func backward(
    _ dOutput: FloatMatrix,
    rows count: Int,
    parts: [FloatMatrix?],
    accumulating: Bool,
    team: Team
  ) throws {
    precondition(parts.count == sizes.count && dOutput.columns == outputSize)
    for (part, size) in zip(parts, sizes) {
      if let part { precondition(part.columns == size && part.rows >= count) }
    }
    try team.overRows(count) { rows, _ in
      for row in rows {
        var start = 0
        for (part, size) in zip(parts, sizes) {
          // SAFETY: the row has all parts, as checked above.
          if let part {
            if accumulating {
              unsafe gramdex_neural_add_scaled(size, 1, dOutput.row(row) + start, part.row(row))
            } else {
              unsafe part.row(row).update(from: dOutput.row(row) + start, count: size)
            }
          }
          start += size
        }
      }
    }
  }
}
