import CNeuralKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How parameters follow their gradients.
public struct Optimizer: Hashable, Sendable, Codable {
  /// The rule of a step.
  public enum Method: String, Sendable, Codable, CaseIterable {
    /// value −= rate · gradient.
    case sgd
    /// The rate of each value falls with the squares of its gradients (Duchi 2011).
    case adagrad
    /// Running means of gradients and of their squares (Kingma & Ba 2015); rows that a window does not touch keep theirs.
    case adam
  }

  /// The rule.
  public var method: Method
  /// The learning rate.
  public var rate: Float
  /// Adam's decay of the mean.
  public var firstDecay = 0.9
  /// Adam's decay of the squares.
  public var secondDecay = 0.999
  /// What Adam adds to the root of the squares.
  public var epsilon: Float = 1e-8
  /// What Adagrad's sums of squares begin with: without it the first step of every value would be the whole rate.
  public var initialSquares: Float = 1e-4

  /// An optimiser with the usual constants.
  public init(_ method: Method, rate: Float) {
    self.method = method
    self.rate = rate
  }

  /// The matrices that the rule remembers of a parameter.
  public func makeMoments(_ parameter: Parameter) -> [FloatMatrix] {
    func moment() -> FloatMatrix {
      FloatMatrix(rows: parameter.values.rows, columns: parameter.values.columns)
    }
    switch method {
    case .sgd: return []
    case .adagrad:
      let squares = moment()
      if initialSquares != 0 { squares.fill(initialSquares) }
      return [squares]
    case .adam: return [moment(), moment()]
    }
  }

  /// The sum of the squares of a parameter's gradient.
  public static func sumOfSquares(_ parameter: Parameter, team: Team) throws -> Double {
    guard let (matrix, rows) = gradient(of: parameter) else { return 0 }
    let tiles = elementTiles(rows * matrix.columns)
    let sums = Matrix<Double>(rows: 1, columns: tiles.count)
    try team.run(tiles: tiles.count) { tile, _ in
      // SAFETY: the elements of the tile.
      sums[tile] = unsafe gramdex_neural_sum_of_squares(
        tiles[tile].count,
        matrix.pointer + tiles[tile].lowerBound
      )
    }
    return sums.elements.reduce(0, +)
  }

  /// One step of a parameter; rounds what changed.
  ///
  /// - Parameters:
  ///   - parameter: its gradient is that of this step.
  ///   - moments: as `makeMoments` made them.
  ///   - factor: what the gradient is multiplied by, to clip it.
  ///   - step: the number of the step, from 1.
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  public func update(
    _ parameter: Parameter,
    moments: [FloatMatrix],
    factor: Float,
    step: Int,
    team: Team
  ) throws {
    if let gradient = parameter.gradient {
      let tiles = Self.elementTiles(parameter.count)
      try team.run(tiles: tiles.count) { tile, _ in
        let range = tiles[tile]
        // SAFETY: all matrices have the elements of the tile.
        unsafe update(
          range.count,
          gradient.pointer + range.lowerBound,
          parameter.values.pointer + range.lowerBound,
          moments,
          range.lowerBound,
          factor,
          step
        )
        if let rounded = parameter.tensor.rounded {
          unsafe gramdex_neural_to_bfloat16(
            range.count,
            parameter.values.pointer + range.lowerBound,
            rounded.pointer + range.lowerBound
          )
        }
      }
    } else if let gradient = parameter.rowGradient {
      let columns = parameter.values.columns
      let (rows, values) = (gradient.rows, gradient.values)
      try team.overRows(rows.count) { range, _ in
        var place = range.lowerBound
        while place < range.upperBound {
          // Rows that follow one another in the parameter do so in the gradient too, and are updated at once.
          let row = Int(rows[place])
          var end = place + 1
          while end < range.upperBound, Int(rows[end]) == row + end - place { end += 1 }
          // SAFETY: these rows of the gradient, the values and the moments.
          unsafe update(
            (end - place) * columns,
            values.row(place),
            parameter.values.row(row),
            moments,
            row * columns,
            factor,
            step
          )
          parameter.tensor.round(rows: row..<row + end - place)
          place = end
        }
      }
    }
  }

  @unsafe
  private func update(
    _ count: Int,
    _ gradient: UnsafePointer<Float>,
    _ values: UnsafeMutablePointer<Float>,
    _ moments: [FloatMatrix],
    _ first: Int,
    _ factor: Float,
    _ step: Int
  ) {
    switch method {
    case .sgd:
      unsafe gramdex_neural_descend(count, rate, factor, gradient, values)
    case .adagrad:
      unsafe gramdex_neural_adagrad(
        count,
        rate,
        factor,
        gradient,
        moments[0].pointer + first,
        values
      )
    case .adam:
      // The corrections of the bias of the running means, as the paper's section 2 orders them.
      let first1 = 1 - pow(firstDecay, Double(step))
      let second1 = (1 - pow(secondDecay, Double(step))).squareRoot()
      unsafe gramdex_neural_adam(
        count,
        Float(Double(rate) * second1 / first1),
        firstDecay,
        secondDecay,
        Float(Double(epsilon) * second1),
        factor,
        gradient,
        moments[0].pointer + first,
        moments[1].pointer + first,
        values
      )
    }
  }

  private static func gradient(of parameter: Parameter) -> (FloatMatrix, rows: Int)? {
    if let gradient = parameter.gradient { return (gradient, gradient.rows) }
    if let gradient = parameter.rowGradient { return (gradient.values, gradient.rows.count) }
    return nil
  }

  private static func elementTiles(_ count: Int) -> [Range<Int>] {
    let size = 1 << 15
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }
}
