/// Numbers that are learned: a matrix with a name, and its gradient.
public final class Parameter: Sendable {
  /// How the gradient is kept.
  public enum GradientForm: Sendable {
    /// Not at all: the parameter is only read.
    case none
    /// For all elements.
    case dense
    /// For the rows that a window touches.
    case rows
  }

  /// Its name in files: see docs/decisions/018.
  public let name: String
  /// The values [rows × columns], and what products read of them.
  ///
  /// A vector is a matrix of one row.
  public let tensor: Tensor
  /// The gradient of all elements [rows × columns]; nil when it is not kept so.
  public let gradient: FloatMatrix?
  /// The gradient of the rows that were touched; nil when it is not kept so.
  public let rowGradient: RowGradient?

  /// Makes a parameter of zeros.
  public init(
    _ name: String,
    rows: Int,
    columns: Int,
    gradient form: GradientForm,
    precision: Precision
  ) {
    self.name = name
    tensor = Tensor(rows: rows, columns: columns, precision: precision)
    gradient = form == .dense ? FloatMatrix(rows: rows, columns: columns) : nil
    rowGradient = form == .rows ? RowGradient(columns: columns) : nil
  }

  /// The values [rows × columns].
  public var values: FloatMatrix { tensor.values }
  /// The number of values.
  public var count: Int { values.count }

  /// Gives every value a number from −`bound` to `bound`, by a hash of the seed, the name and the place.
  public func randomize(bound: Float, seed: UInt64) {
    var key = CountedRandom(seed: seed, purpose: name)
    for place in 0..<count {
      values[place] = (key.uniform() * 2 - 1) * bound
    }
    tensor.round()
  }
}
