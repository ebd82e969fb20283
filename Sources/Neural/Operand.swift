/// A matrix, or a part of one, possibly transposed, as a product reads it.
///
/// Valid while the matrix lives, which it does not ensure: operands are made where they are used.
@safe
package struct Operand: @unchecked Sendable {
  // @unchecked: only read from; see `Team` for who writes when.
  let address: UnsafeRawPointer
  let isRounded: Bool
  package let rows: Int
  package let columns: Int
  let rowStride: Int
  let columnStride: Int

  package init(_ matrix: FloatMatrix) {
    unsafe self.init(matrix.pointer, false, matrix.rows, matrix.columns, matrix.columns, 1)
  }

  package init(_ matrix: RoundedMatrix) {
    unsafe self.init(matrix.pointer, true, matrix.rows, matrix.columns, matrix.columns, 1)
  }

  /// `rows` × `columns` elements of a matrix from element `start` on, as a matrix of its own.
  package init(_ matrix: FloatMatrix, from start: Int, rows: Int, columns: Int) {
    precondition(start >= 0 && rows >= 0 && columns >= 0 && start + rows * columns <= matrix.count)
    unsafe self.init(matrix.pointer + start, false, rows, columns, columns, 1)
  }

  /// The same of a rounded matrix.
  package init(_ matrix: RoundedMatrix, from start: Int, rows: Int, columns: Int) {
    precondition(start >= 0 && rows >= 0 && columns >= 0 && start + rows * columns <= matrix.count)
    unsafe self.init(matrix.pointer + start, true, rows, columns, columns, 1)
  }

  private init(
    _ address: UnsafeRawPointer,
    _ isRounded: Bool,
    _ rows: Int,
    _ columns: Int,
    _ rowStride: Int,
    _ columnStride: Int
  ) {
    unsafe self.address = address
    self.isRounded = isRounded
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// The same numbers with rows and columns exchanged.
  package var transposed: Operand {
    unsafe Operand(address, isRounded, columns, rows, columnStride, rowStride)
  }

  /// Some of its rows.
  package func rows(_ range: Range<Int>) -> Operand {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    let bytes = range.lowerBound * rowStride * (isRounded ? 2 : 4)
    return unsafe Operand(
      address + bytes,
      isRounded,
      range.count,
      columns,
      rowStride,
      columnStride
    )
  }

  /// Some of its columns.
  package func columns(_ range: Range<Int>) -> Operand {
    transposed.rows(range).transposed
  }
}

/// The part of a matrix that a product writes.
@safe
package struct ProductResult: @unchecked Sendable {
  // @unchecked: a tile writes only its own rows.
  let address: UnsafeMutablePointer<Float>
  package let rows: Int
  package let columns: Int
  let rowStride: Int

  package init(_ matrix: FloatMatrix) {
    unsafe self.init(matrix.pointer, matrix.rows, matrix.columns, matrix.columns)
  }

  /// `rows` × `columns` elements of a matrix from element `start` on, as a matrix of its own.
  package init(_ matrix: FloatMatrix, from start: Int, rows: Int, columns: Int) {
    precondition(start >= 0 && rows >= 0 && columns >= 0 && start + rows * columns <= matrix.count)
    unsafe self.init(matrix.pointer + start, rows, columns, columns)
  }

  private init(
    _ address: UnsafeMutablePointer<Float>,
    _ rows: Int,
    _ columns: Int,
    _ rowStride: Int
  ) {
    unsafe self.address = address
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
  }

  /// Some of its rows.
  package func rows(_ range: Range<Int>) -> ProductResult {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    return unsafe ProductResult(
      address + range.lowerBound * rowStride,
      range.count,
      columns,
      rowStride
    )
  }

  /// Some of its columns.
  package func columns(_ range: Range<Int>) -> ProductResult {
    precondition(range.lowerBound >= 0 && range.upperBound <= columns)
    return unsafe ProductResult(address + range.lowerBound, rows, range.count, rowStride)
  }
}
