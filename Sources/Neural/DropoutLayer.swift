import CNeuralKernels

/// Dropout (Srivastava 2014): each value is 0 with probability `rate`, and the others are 1 / (1 − rate) times as large.
///
/// In recurrent networks it stands between layers and never between steps (Zaremba 2014). Masks are hashes of the key
/// and of the position in training: `window` counts windows from the start of training.
public struct DropoutLayer: Sendable {
  /// The share of values that become 0.
  public let rate: Float
  private let key: UInt64

  /// A layer with masks of its own.
  public init(rate: Float, seed: UInt64, purpose: String) {
    self.rate = rate
    key = CountedRandom(seed: seed, purpose: purpose).key
  }

  /// Masks `count` rows and rounds them.
  ///
  /// With a rate of 0, or without a mask, only rounds.
  ///
  /// - Parameters:
  ///   - values: the rows; they are changed.
  ///   - count: how many of them count.
  ///   - mask: receives the factors [rows × columns], for `backward`; nil when nothing is learned.
  ///   - window: the number of the window, which decides what is hidden.
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  public func forward(
    _ values: Tensor,
    rows count: Int,
    mask: FloatMatrix?,
    window: Int,
    team: Team
  ) throws {
    let columns = values.columns
    let first = UInt64(window) &* UInt64(values.rows * columns)
    try team.overRows(count) { rows, _ in
      if rate > 0, let mask {
        // SAFETY: the mask has the shape of the values.
        unsafe gramdex_neural_dropout_mask(
          rows.count * columns,
          key,
          first &+ UInt64(rows.lowerBound * columns),
          rate,
          mask.row(rows.lowerBound)
        )
        unsafe gramdex_neural_multiply(
          rows.count * columns,
          mask.row(rows.lowerBound),
          values.values.row(rows.lowerBound)
        )
      }
      values.round(rows: rows)
    }
  }

  /// Masks the gradient.
  public func backward(_ dValues: FloatMatrix, rows count: Int, mask: FloatMatrix, team: Team)
    throws
  {
    if rate == 0 { return }
    let columns = dValues.columns
    try team.overRows(count) { rows, _ in
      // SAFETY: the mask has the shape of the gradient.
      unsafe gramdex_neural_multiply(
        rows.count * columns,
        mask.row(rows.lowerBound),
        dValues.row(rows.lowerBound)
      )
    }
  }
}
