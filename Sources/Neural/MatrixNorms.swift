/// Norms of matrices, summed in double precision.
public enum MatrixNorms {
  /// The Frobenius norm: √(Σ a²).
  public static func frobenius(_ matrix: FloatMatrix) -> Double {
    var sum = 0.0
    for place in 0..<matrix.count {
      let value = Double(matrix[place])
      sum += value * value
    }
    return sum.squareRoot()
  }

  /// The spectral norm ‖A‖₂, the greatest ‖A x‖ of all x of length 1, by power iteration on AᵀA.
  ///
  /// The iteration begins with the longest row and comes near from below, so the result is never above ‖A‖₂ by more than
  /// rounding.
  ///
  /// - Parameters:
  ///   - matrix: A [rows × columns].
  ///   - tolerance: it ends when the norm grows by less than this share in an iteration.
  ///   - iterations: the most iterations.
  /// - Returns: the norm, at most that much too small.
  /// - Complexity: O(rows · columns) an iteration.
  public static func spectral(
    _ matrix: FloatMatrix,
    tolerance: Double = 1e-9,
    iterations: Int = 500
  ) -> Double {
    let (rows, columns) = (matrix.rows, matrix.columns)
    var scale = 0.0
    for place in 0..<matrix.count { scale = max(scale, Double(matrix[place].magnitude)) }
    guard scale > 0, scale.isFinite else { return scale }
    var numbers = [Double](repeating: 0, count: matrix.count)
    var longest = (row: 0, squares: -1.0)
    for row in 0..<rows {
      var squares = 0.0
      for column in 0..<columns {
        let value = Double(matrix[row, column]) / scale
        numbers[row * columns + column] = value
        squares += value * value
      }
      if squares > longest.squares { longest = (row, squares) }
    }
    var x = Array(numbers[longest.row * columns..<(longest.row + 1) * columns])
    var norm = 0.0
    for _ in 0..<max(iterations, 1) {
      let length = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length == 0 { break }
      var next = [Double](repeating: 0, count: columns)
      var squares = 0.0
      // y = A x, then AᵀA x = Aᵀ y, one row of A at a time.
      for row in 0..<rows {
        let start = row * columns
        var sum = 0.0
        for column in 0..<columns { sum += numbers[start + column] * x[column] }
        sum /= length
        squares += sum * sum
        for column in 0..<columns { next[column] += sum * numbers[start + column] }
      }
      let before = norm
      norm = squares.squareRoot()
      x = next
      if norm - before <= tolerance * norm { break }
    }
    return norm * scale
  }
}
