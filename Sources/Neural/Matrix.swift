import CNeuralKernels
public import GramdexStorage

/// A matrix of numbers in row-major order, 64-byte aligned, in memory of its own.
///
/// Layers hand disjoint rows of one matrix to several threads, which is why it is a class and why nothing checks who
/// writes what: a tile writes only its own rows (`Team`).
@safe
public final class Matrix<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // @unchecked: see above.
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  @usableFromInline let buffer: RecordBuffer<Element>

  /// Makes a matrix of zeros.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    buffer = RecordBuffer(zeroed: rows * columns)
  }

  /// The number of elements.
  public var count: Int { rows * columns }

  /// The bytes that its elements take.
  public var bytes: Int { count * MemoryLayout<Element>.stride }

  /// The element at a row and a column.
  @inlinable
  public subscript(row: Int, column: Int) -> Element {
    get { buffer[row * columns + column] }
    set { buffer[row * columns + column] = newValue }
  }

  /// The element at a place in row-major order.
  @inlinable
  public subscript(place: Int) -> Element {
    get { buffer[place] }
    set { buffer[place] = newValue }
  }

  /// The address of a row, for kernels; valid while the matrix lives.
  @inlinable
  @unsafe
  public func row(_ row: Int) -> UnsafeMutablePointer<Element> {
    assert(row >= 0 && row <= rows)
    return unsafe buffer.pointer + row * columns
  }

  /// The address of the first element, for kernels; valid while the matrix lives.
  @inlinable
  @unsafe
  public var pointer: UnsafeMutablePointer<Element> {
    unsafe buffer.pointer
  }

  /// Gives all elements one value.
  public func fill(_ value: Element) {
    // SAFETY: the buffer has `count` elements.
    unsafe buffer.pointer.update(repeating: value, count: count)
  }

  /// Takes the elements of a matrix of the same shape.
  public func copy(from other: Matrix<Element>) {
    precondition(other.rows == rows && other.columns == columns)
    // SAFETY: both have `count` elements.
    unsafe buffer.pointer.update(from: other.buffer.pointer, count: count)
  }

  /// Copies rows of another matrix with as many columns to the rows from `start` on.
  public func copyRows(_ range: Range<Int>, of other: Matrix<Element>, to start: Int) {
    precondition(other.columns == columns && range.upperBound <= other.rows)
    precondition(range.lowerBound >= 0 && start >= 0 && start + range.count <= rows)
    // SAFETY: checked just above.
    unsafe row(start).update(from: other.row(range.lowerBound), count: range.count * columns)
  }

  /// Makes all elements of a row zero.
  public func zeroRow(_ row: Int) {
    precondition(row >= 0 && row < rows)
    // SAFETY: the row has as many elements; all types of elements here are zero when their bytes are.
    unsafe UnsafeMutableRawPointer(self.row(row)).initializeMemory(
      as: UInt8.self,
      repeating: 0,
      count: columns * MemoryLayout<Element>.stride
    )
  }

  /// Gives all elements of a row one value.
  public func fillRow(_ row: Int, _ value: Element) {
    precondition(row >= 0 && row < rows)
    // SAFETY: the row has as many elements.
    unsafe self.row(row).update(repeating: value, count: columns)
  }

  /// Its elements in row-major order.
  public var elements: [Element] {
    (0..<count).map { buffer[$0] }
  }
}

/// A matrix of 32-bit floats.
public typealias FloatMatrix = Matrix<Float>
/// A matrix of bfloat16 numbers, as bits.
public typealias RoundedMatrix = Matrix<UInt16>

extension Matrix where Element == Float {
  /// Whether all elements are numbers: the sum of their squares, which doubles can hold, is one.
  package var isFinite: Bool {
    // SAFETY: the matrix has `count` elements.
    unsafe gramdex_neural_sum_of_squares(count, pointer).isFinite
  }
}
