import CNeuralKernels
import Synchronization

extension Team {
  /// The borders of tiles over `count` rows: up to sixteen, of `least` rows or more, never dependent on the number of
  /// threads.
  ///
  /// They are even in number and nearly equal, so that two threads have as much to do, and begin at multiples of 16.
  package static func tiles(of count: Int, least: Int = 64) -> [Range<Int>] {
    if count <= 0 { return [] }
    let most = min(16, max(1, count / least))
    let tiles = most - (most > 1 ? most % 2 : 0)
    let units = (count + 15) / 16
    return (0..<tiles).map {
      units * $0 / tiles * 16..<min(units * ($0 + 1) / tiles * 16, count)
    }
  }

  /// Does something for tiles of rows.
  package func overRows(
    _ count: Int,
    least: Int = 64,
    _ body: @Sendable (Range<Int>, Worker) throws -> Void
  ) throws {
    let tiles = Self.tiles(of: count, least: least)
    try run(tiles: tiles.count) { try body(tiles[$0], $1) }
  }

  /// `result` = `a` · `b`, or is added to; tiles are rows of the result.
  package func multiply(
    _ a: Operand,
    _ b: Operand,
    into result: FloatMatrix,
    accumulating: Bool = false
  ) throws {
    let result = ProductResult(result)
    try overRows(a.rows) { rows, worker in
      try worker.products.multiply(
        a.rows(rows),
        b,
        into: result.rows(rows),
        accumulating: accumulating
      )
    }
  }

  /// Rewrites `b` in the layout that products with it on the right like best, whose left operands have `usualRows` rows as a rule.
  package func pack(_ b: Operand, usualRows: Int) throws -> PackedOperand {
    let packed = Mutex<PackedOperand?>(nil)
    try run(tiles: 1) { _, worker in
      let made = try worker.products.pack(b, usualRows: usualRows)
      packed.withLock { $0 = made }
    }
    guard let packed = packed.withLock({ $0 }) else { preconditionFailure("nothing was packed") }
    return packed
  }

  /// `sums` [1 × columns] = the sum of the first `rows` rows.
  package func sumColumns(_ matrix: FloatMatrix, rows: Int, into sums: FloatMatrix) throws {
    let tiles = Self.tiles(of: rows)
    let parts = FloatMatrix(rows: tiles.count, columns: matrix.columns)
    try run(tiles: tiles.count) { tile, _ in
      // SAFETY: the rows of the tile, and one row of the parts.
      unsafe gramdex_neural_add_column_sums(
        tiles[tile].count,
        matrix.columns,
        matrix.row(tiles[tile].lowerBound),
        parts.row(tile)
      )
    }
    sums.fill(0)
    unsafe gramdex_neural_add_column_sums(parts.rows, matrix.columns, parts.pointer, sums.pointer)
  }
}
