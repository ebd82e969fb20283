import CNeuralKernels

/// The n-gram features of the rows of a window, and the gradient of their logits until it is collected.
///
/// `begin` says what the rows' histories are; an output layer then adds terms and keeps gradients row by row; `collect`
/// sums them into the gradients of the tables. Memory: R · (the logits of a row) floats, and 12 bytes for 1,024 weights.
public final class NGramWindow: LogitTerms, @unchecked Sendable {
  // @unchecked: `begin` and `collect` come between pieces of work; within one, a tile uses its own rows only.

  /// Outcomes of a row that follow one another, and where their gradient is kept.
  private struct Part {
    var first: Int32 = 0
    var count: Int32 = 0
    var column: Int32 = 0
  }

  /// The features.
  public let features: NGramFeatures
  /// The gradient of the logits of a row [R × width].
  private let kept: FloatMatrix
  /// Two parts a row [R × 2].
  private let parts: Matrix<Part>
  /// Where each row begins in each table [R × K].
  private var starts: [Int] = []
  private var rows = 0
  /// Outcomes that stand in the first columns of each row, when they do not follow one another.
  private var scattered: [Int32] = []
  private let marks: [BlockMarks]

  /// Room for the gradients of windows.
  ///
  /// - Parameters:
  ///   - features: the features.
  ///   - rows: the most rows of a window.
  ///   - width: the most logits that a row's gradient is kept of: V with a full soft-max; C + (the size of the
  ///     largest class) with classes; k + 1 with k samples of noise; 0 when nothing is learned.
  public init(_ features: NGramFeatures, rows: Int, width: Int) {
    self.features = features
    kept = FloatMatrix(rows: rows, columns: width)
    parts = Matrix(rows: rows, columns: 2)
    marks =
      width > 0
      ? features.tables.map { BlockMarks(blocks: $0.values.rows) } : []
  }

  /// How many logits of a row a window of a class-factorised soft-max keeps gradients of.
  public static func width(_ classes: OutcomeClasses) -> Int {
    classes.count + (classes.ranges.map(\.count).max() ?? 0)
  }

  /// Begins a window.
  ///
  /// - Parameters:
  ///   - histories: the words before each row's target, equally many for each and at least K − 1, the oldest first; a
  ///     negative one says that there is none, nor any before it.
  ///   - rows: the number of rows.
  public func begin(histories: [Int32], rows: Int) {
    let length = rows > 0 ? histories.count / rows : features.longestHistory
    precondition(rows <= parts.rows && histories.count == rows * length)
    precondition(length >= features.longestHistory)
    self.rows = rows
    starts.removeAll(keepingCapacity: true)
    for row in 0..<rows {
      starts += features.starts(after: histories[row * length..<(row + 1) * length].reversed())
      parts[row, 0] = Part()
      parts[row, 1] = Part()
    }
    scattered = []
  }

  // MARK: Terms

  /// Adds the terms of all outcomes, as many as `logits` has columns.
  public func add(to logits: FloatMatrix, first: Int, rows: Range<Int>) {
    for (line, row) in rows.enumerated() {
      add(0..<logits.columns, of: row, to: logits, at: (first + line) * logits.columns)
    }
  }

  /// Keeps the gradient of the logits of all outcomes.
  public func keep(_ dLogits: FloatMatrix, first: Int, rows: Range<Int>) {
    for (line, row) in rows.enumerated() {
      let columns = dLogits.columns
      keep(0..<columns, of: row, part: 0, column: 0, from: dLogits, at: (first + line) * columns)
    }
  }

  /// Adds the terms of some outcomes of a row to the elements of `logits` from `place` on.
  func add(_ outcomes: Range<Int>, of row: Int, to logits: FloatMatrix, at place: Int) {
    precondition(place >= 0 && place + outcomes.count <= logits.count)
    for (length, table) in features.tables.enumerated() {
      let start = starts[row * features.tables.count + length]
      if start < 0 { return }
      forRuns(start, outcomes) { offset, run in
        // SAFETY: runs are within the table; the logits were checked above.
        unsafe gramdex_neural_add_scaled(
          run.count,
          1,
          table.values.pointer + run.lowerBound,
          logits.pointer + place + offset
        )
      }
    }
  }

  /// Adds the terms of outcomes that do not follow one another.
  func add(_ outcomes: [Int32], of row: Int, to logits: FloatMatrix, at place: Int) {
    precondition(place >= 0 && place + outcomes.count <= logits.count)
    let mask = features.size - 1
    for (length, table) in features.tables.enumerated() {
      let start = starts[row * features.tables.count + length]
      if start < 0 { return }
      // SAFETY: the mask keeps places within the table; the logits were checked above.
      let (from, to) = unsafe (table.values.pointer, logits.pointer + place)
      for (index, outcome) in outcomes.enumerated() {
        unsafe to[index] += from[(start + Int(outcome)) & mask]
      }
    }
  }

  /// The term of one outcome of a row.
  func term(of outcome: Int, row: Int) -> Float {
    var sum: Float = 0
    for (length, table) in features.tables.enumerated() {
      let start = starts[row * features.tables.count + length]
      if start < 0 { break }
      sum += table.values[(start + outcome) & (features.size - 1)]
    }
    return sum
  }

  // MARK: Gradients

  /// Keeps the gradient of the logits of some outcomes of a row, which is in `dLogits` from `place` on.
  ///
  /// `part` is 0 or 1, as a row has up to two; `column` says where it is kept: parts of a row do not overlap.
  func keep(
    _ outcomes: Range<Int>,
    of row: Int,
    part: Int,
    column: Int,
    from dLogits: FloatMatrix,
    at place: Int
  ) {
    precondition(place >= 0 && place + outcomes.count <= dLogits.count)
    precondition(row < rows && column + outcomes.count <= kept.columns)
    parts[row, part] = Part(
      first: Int32(outcomes.lowerBound),
      count: Int32(outcomes.count),
      column: Int32(column)
    )
    // SAFETY: checked above.
    unsafe (kept.row(row) + column).update(from: dLogits.pointer + place, count: outcomes.count)
  }

  /// Says which outcomes `keep(scatteredOf:)` is about.
  func scatter(_ outcomes: [Int32]) {
    scattered = outcomes
  }

  /// Keeps the gradient of the logits of the outcomes given to `scatter`.
  func keep(scatteredOf row: Int, from dLogits: FloatMatrix, at place: Int) {
    precondition(place >= 0 && place + scattered.count <= dLogits.count)
    precondition(row < rows && scattered.count <= kept.columns)
    // SAFETY: checked above.
    unsafe kept.row(row).update(from: dLogits.pointer + place, count: scattered.count)
  }

  /// Keeps the gradient of one logit of a row.
  func keep(_ outcome: Int, of row: Int, column: Int, slope: Float) {
    precondition(row < rows && column < kept.columns)
    parts[row, 1] = Part(first: Int32(outcome), count: 1, column: Int32(column))
    kept[row, column] = slope
  }

  /// Sums what was kept into the gradients of the tables.
  ///
  /// Tiles are ranges of each table; within one, rows are added in the order of their starts and then of their numbers.
  public func collect(team: Team) throws {
    let tables = features.tables
    let count = tables.count
    let learned = tables.indices.filter { tables[$0].rowGradient != nil }
    let orders = Matrix<Int32>(rows: count, columns: max(rows, 1))
    try team.run(tiles: learned.count) { tile, _ in
      let length = learned[tile]
      mark(length)
      let order = (0..<rows).filter { starts[$0 * count + length] >= 0 }
        .sorted { (starts[$0 * count + length], $0) < (starts[$1 * count + length], $1) }
      for place in 0..<rows { orders[length, place] = -1 }
      for (place, row) in order.enumerated() { orders[length, place] = Int32(row) }
    }
    let gradients = learned.compactMap { length in
      tables[length].rowGradient?.prepare(marks[length].marked)
    }
    let tilesEach = 8
    try team.run(tiles: learned.count * tilesEach) { tile, _ in
      let length = learned[tile / tilesEach]
      let blocks = tables[length].values.rows
      let (part, next) = (tile % tilesEach, tile % tilesEach + 1)
      let range = blocks * part / tilesEach..<blocks * next / tilesEach
      collect(
        length,
        blocks: range,
        order: (0..<rows).lazy.map { Int(orders[length, $0]) }.prefix { $0 >= 0 },
        into: gradients[tile / tilesEach]
      )
    }
  }

  /// Finds the blocks of a table that the window touches.
  private func mark(_ length: Int) {
    let marks = marks[length]
    let mask = features.size - 1
    marks.clear()
    for row in 0..<rows {
      let start = starts[row * features.tables.count + length]
      if start < 0 { continue }
      for part in 0..<2 where parts[row, part].count > 0 {
        let first = Int(parts[row, part].first)
        forRuns(start, first..<first + Int(parts[row, part].count)) { _, run in
          marks.mark(
            run.lowerBound / NGramFeatures.block...(run.upperBound - 1) / NGramFeatures.block
          )
        }
      }
      // A row without a target keeps nothing.
      if parts[row, 1].count > 0 {
        for outcome in scattered {
          marks.mark(((start + Int(outcome)) & mask) / NGramFeatures.block)
        }
      }
    }
    marks.number()
  }

  /// Sums what was kept for some blocks of a table.
  private func collect(
    _ length: Int,
    blocks: Range<Int>,
    order: some Sequence<Int>,
    into gradient: FloatMatrix
  ) {
    let marks = marks[length]
    let table = features.tables[length]
    let block = NGramFeatures.block
    let mask = features.size - 1
    let first = marks.rank(blocks.lowerBound)
    let end = marks.rank(blocks.upperBound)
    if first == end { return }
    // SAFETY: the gradient has `end` rows or more.
    unsafe gradient.row(first).update(repeating: 0, count: (end - first) * block)
    let range = blocks.lowerBound * block..<blocks.upperBound * block
    for row in order {
      let start = starts[row * features.tables.count + length]
      for part in 0..<2 where parts[row, part].count > 0 {
        let part = parts[row, part]
        forRuns(start, Int(part.first)..<Int(part.first + part.count)) { offset, run in
          let clipped = run.clamped(to: range)
          if clipped.isEmpty { return }
          // Blocks of a run are all marked, so their gradients follow one another.
          let place = marks.rank(clipped.lowerBound / block) * block + clipped.lowerBound % block
          // SAFETY: the run is within the gradient of the tile's blocks, and within what was kept of the row.
          unsafe gramdex_neural_add_scaled(
            clipped.count,
            1,
            kept.row(row) + Int(part.column) + offset + clipped.lowerBound - run.lowerBound,
            gradient.pointer + place
          )
        }
      }
      if parts[row, 1].count > 0 {
        for (column, outcome) in scattered.enumerated() {
          let place = (start + Int(outcome)) & mask
          if !range.contains(place) { continue }
          gradient[marks.rank(place / block) * block + place % block] += kept[row, column]
        }
      }
    }
    if features.decay > 0 {
      for rank in first..<end {
        // SAFETY: a block of the table and of the gradient.
        unsafe gramdex_neural_add_scaled(
          block,
          features.decay,
          table.values.row(Int(marks.marked[rank])),
          gradient.row(rank)
        )
      }
    }
  }

  /// Calls `body` for each run of places of a table that outcomes of a row have: with how many outcomes are before it,
  /// and its places.
  private func forRuns(
    _ start: Int,
    _ outcomes: Range<Int>,
    _ body: (_ offset: Int, _ run: Range<Int>) -> Void
  ) {
    let size = features.size
    var place = (start + outcomes.lowerBound) & (size - 1)
    var done = 0
    while done < outcomes.count {
      let count = min(outcomes.count - done, size - place)
      body(done, place..<place + count)
      done += count
      place = 0
    }
  }
}

/// Which blocks of a table a window touches, and their numbers among the touched ones.
final class BlockMarks: @unchecked Sendable {
  // @unchecked: one tile writes it in a piece of work of its own; later ones only read.
  private let words: Matrix<UInt64>
  private let ranks: Matrix<Int32>
  /// The marked blocks, ascending.
  private(set) var marked: [Int32] = []

  init(blocks: Int) {
    words = Matrix(rows: 1, columns: blocks / 64 + 1)
    ranks = Matrix(rows: 1, columns: blocks / 64 + 1)
  }

  func clear() {
    words.fill(0)
  }

  func mark(_ block: Int) {
    words[block >> 6] |= 1 << UInt64(block & 63)
  }

  func mark(_ blocks: ClosedRange<Int>) {
    let (first, last) = (blocks.lowerBound >> 6, blocks.upperBound >> 6)
    let head = UInt64.max << UInt64(blocks.lowerBound & 63)
    let tail = UInt64.max >> UInt64(63 - (blocks.upperBound & 63))
    if first == last {
      words[first] |= head & tail
      return
    }
    words[first] |= head
    for word in first + 1..<last { words[word] = .max }
    words[last] |= tail
  }

  /// Numbers the marked blocks.
  func number() {
    marked.removeAll(keepingCapacity: true)
    for word in 0..<words.count {
      ranks[word] = Int32(marked.count)
      var bits = words[word]
      while bits != 0 {
        marked.append(Int32((word << 6) + bits.trailingZeroBitCount))
        bits &= bits - 1
      }
    }
  }

  /// How many marked blocks stand before this one.
  func rank(_ block: Int) -> Int {
    let below = words[block >> 6] & ((1 << UInt64(block & 63)) - 1)
    return Int(ranks[block >> 6]) + below.nonzeroBitCount
  }
}
