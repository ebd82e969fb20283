import CNeuralKernels

/// Values of a layer, one row for each position, and what products read of them.
///
/// With `Precision.bfloat16` the values are kept a second time, rounded; whoever changes values rounds them, by a kernel that
/// does so in passing or by `round`.
public final class Tensor: Sendable {
  /// The values [rows × columns].
  public let values: FloatMatrix
  /// The values as bfloat16; nil when products read 32-bit floats.
  public let rounded: RoundedMatrix?

  /// Makes a tensor of zeros.
  public init(rows: Int, columns: Int, precision: Precision) {
    values = FloatMatrix(rows: rows, columns: columns)
    rounded = precision == .bfloat16 ? RoundedMatrix(rows: rows, columns: columns) : nil
  }

  /// The number of rows.
  public var rows: Int { values.rows }
  /// The number of columns.
  public var columns: Int { values.columns }
  /// The bytes that it takes.
  public var bytes: Int { values.bytes + (rounded?.bytes ?? 0) }

  /// Rounds the values of some rows.
  public func round(rows range: Range<Int>) {
    guard let rounded else { return }
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    // SAFETY: both matrices have these rows.
    unsafe gramdex_neural_to_bfloat16(
      range.count * columns,
      values.row(range.lowerBound),
      rounded.row(range.lowerBound)
    )
  }

  /// Rounds all values.
  public func round() {
    round(rows: 0..<rows)
  }

  /// The address of a row of the rounded values, for kernels that write them; nil when there are none.
  @unsafe
  package func roundedRow(_ row: Int) -> UnsafeMutablePointer<UInt16>? {
    unsafe rounded?.row(row)
  }

  /// All of it as an operand of products.
  package var operand: Operand {
    if let rounded { Operand(rounded) } else { Operand(values) }
  }
}
