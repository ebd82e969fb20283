/// What a class-factorised soft-max keeps of a window.
public final class ClassSoftmaxMemory: @unchecked Sendable {
  // @unchecked: `reserve` is called between pieces of work; tiles write disjoint cells and rows.
  /// ln P of the targets [1 × R].
  public let logProbabilities: FloatMatrix
  let classes: SoftmaxMemory
  /// The features, class by class [R × F].
  let features: Tensor
  /// The logits of each row's class, then their gradient: at most R · (the size of the largest class).
  private(set) var cells = FloatMatrix(rows: 1, columns: 0)
  /// The gradient as bfloat16.
  private(set) var rounded: RoundedMatrix?

  /// Room for windows of up to `rows` rows.
  public init(_ output: ClassSoftmaxOutput, rows: Int, precision: Precision) {
    logProbabilities = FloatMatrix(rows: 1, columns: rows)
    classes = SoftmaxMemory(output.classOutput, rows: rows, precision: precision)
    features = Tensor(rows: rows, columns: output.weight.values.columns, precision: precision)
    rounded = precision == .bfloat16 ? RoundedMatrix(rows: 1, columns: 0) : nil
  }

  func reserve(cells count: Int) {
    guard cells.columns < count else { return }
    cells = FloatMatrix(rows: 1, columns: count * 5 / 4)
    if rounded != nil { rounded = RoundedMatrix(rows: 1, columns: cells.columns) }
  }

  /// The address of a cell's gradient as bfloat16, for kernels; nil when products read 32-bit floats.
  @unsafe
  func roundedCell(_ cell: Int) -> UnsafeMutablePointer<UInt16>? {
    if let rounded { unsafe rounded.pointer + cell } else { nil }
  }

  /// Gradients of logits as products read them.
  func operand(from cell: Int, rows: Int, columns: Int) -> Operand {
    if let rounded {
      Operand(rounded, from: cell, rows: rows, columns: columns)
    } else {
      Operand(cells, from: cell, rows: rows, columns: columns)
    }
  }
}

/// The rows of a window by the class of their target, and how they are cut into tiles.
///
/// Rows of one class are cut into pieces of 64 rows, then of 16, and a rest of fewer. The former are products of
/// matrices, of which there are therefore two shapes a class; the rest, often all there is, is done row by row.
struct ClassPlan: Sendable {
  /// Rows with targets of one class.
  struct Group: Sendable {
    /// The class.
    let number: Int
    /// Where they stand in `order`.
    let rows: Range<Int>
    /// Where their logits begin.
    let cell: Int
    /// How many outcomes the groups before have.
    let firstTouched: Int
    /// Their pieces.
    var pieces: Range<Int>
  }

  /// Some rows of a group.
  struct Piece: Sendable {
    let number: Int
    let rows: Range<Int>
    let cell: Int
    let isProduct: Bool
  }

  /// Some outcomes of a group's class.
  struct Part: Sendable {
    let group: Int
    let columns: Range<Int>
  }

  /// The rows that have targets, by class and then by number.
  private(set) var order: [Int32] = []
  /// Classes that have rows, ascending.
  private(set) var groups: [Group] = []
  private(set) var pieces: [Piece] = []
  /// How many logits there are.
  private(set) var cells = 0

  init(_ targets: [Int32], _ classes: OutcomeClasses) {
    // A counting sort, which keeps the order of rows within a class.
    var starts = [Int](repeating: 0, count: classes.count + 1)
    for target in targets where target >= 0 { starts[Int(classes.classes[Int(target)]) + 1] += 1 }
    for number in 0..<classes.count { starts[number + 1] += starts[number] }
    var next = starts
    order = Array(repeating: 0, count: starts[classes.count])
    for (row, target) in targets.enumerated() where target >= 0 {
      let number = Int(classes.classes[Int(target)])
      order[next[number]] = Int32(row)
      next[number] += 1
    }
    var touched = 0
    for number in 0..<classes.count where starts[number] < starts[number + 1] {
      let rows = starts[number]..<starts[number + 1]
      let size = classes.ranges[number].count
      let firstPiece = pieces.count
      var start = rows.lowerBound
      while start < rows.upperBound {
        let left = rows.upperBound - start
        let count = left >= 64 ? 64 : left >= 16 ? 16 : left
        pieces.append(
          Piece(
            number: number,
            rows: start..<start + count,
            cell: cells + (start - rows.lowerBound) * size,
            isProduct: count >= 16
          )
        )
        start += count
      }
      groups.append(
        Group(
          number: number,
          rows: rows,
          cell: cells,
          firstTouched: touched,
          pieces: firstPiece..<pieces.count
        )
      )
      cells += rows.count * size
      touched += size
    }
  }

  /// Tiles for the gradients of weights: up to 256 outcomes of a class.
  func parts(_ classes: OutcomeClasses) -> [Part] {
    groups.indices.flatMap { group in
      let size = classes.ranges[groups[group].number].count
      return stride(from: 0, to: size, by: 256).map {
        Part(group: group, columns: $0..<min($0 + 256, size))
      }
    }
  }
}
