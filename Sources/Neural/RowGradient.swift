import CNeuralKernels

/// The distinct rows of a matrix that a window touches, in ascending order, and where it touches them.
public struct RowPlan: Sendable {
  /// The rows, ascending.
  public private(set) var rows: [Int32] = []
  /// Where each row's places begin in `places`, and where the last one's end.
  private(set) var starts: [Int] = []
  /// The places of each row, ascending within it.
  private(set) var places: [Int32] = []

  /// The last place that touches a row; nil for none.
  var lastPlace: Int? { places.max().map { Int($0) } }

  /// The plan of touching row `ids[i]` in place i; negative ids touch nothing.
  ///
  /// A radix sort of the places by their ids, which keeps the order of equal ones.
  public init(_ ids: [Int32]) {
    var order = ids.indices.filter { ids[$0] >= 0 }.map { Int32($0) }
    let greatest = Int(ids.max() ?? 0)
    var sorted = [Int32](repeating: 0, count: order.count)
    var shift = 0
    while greatest >> shift > 0 {
      var starts = [Int](repeating: 0, count: 257)
      for place in order { starts[((Int(ids[Int(place)]) >> shift) & 255) + 1] += 1 }
      for digit in 0..<256 { starts[digit + 1] += starts[digit] }
      for place in order {
        let digit = (Int(ids[Int(place)]) >> shift) & 255
        sorted[starts[digit]] = place
        starts[digit] += 1
      }
      swap(&order, &sorted)
      shift += 8
    }
    for (number, place) in order.enumerated() where rows.last != ids[Int(place)] {
      rows.append(ids[Int(place)])
      starts.append(number)
    }
    starts.append(order.count)
    places = order
  }
}

/// The gradient of the rows of a matrix that a window touched; all others are zero.
public final class RowGradient: @unchecked Sendable {
  // @unchecked: changed between pieces of work only; tiles write disjoint rows of `values`.
  /// The touched rows, ascending.
  public private(set) var rows: [Int32] = []
  /// The gradient of `rows[i]` in row i; more rows than `rows` has are left from before.
  public private(set) var values: FloatMatrix

  init(columns: Int) {
    values = FloatMatrix(rows: 0, columns: columns)
  }

  /// Makes room for the gradients of these rows, ascending and distinct, and returns it: row i is for `touched[i]`.
  ///
  /// The gradients hold whatever they held before, for the caller to overwrite.
  package func prepare(_ touched: [Int32]) -> FloatMatrix {
    if values.rows < touched.count {
      values = FloatMatrix(rows: touched.count * 5 / 4 + 16, columns: values.columns)
    }
    rows = touched
    return values
  }

  /// Sums the rows of `contributions` that belong together, each row's in the order of their places.
  ///
  /// A row of `contributions` may be several places side by side: place p is then the p-th piece of as many columns as
  /// the parameter has, in row-major order.
  public func gather(_ plan: RowPlan, from contributions: FloatMatrix, team: Team) throws {
    let columns = values.columns
    precondition(columns > 0 && contributions.columns % columns == 0)
    if let last = plan.lastPlace { precondition((last + 1) * columns <= contributions.count) }
    let values = prepare(plan.rows)
    try team.overRows(plan.rows.count) { range, _ in
      for row in range {
        let places = plan.places[plan.starts[row]..<plan.starts[row + 1]]
        guard let first = places.first else { continue }
        // SAFETY: `contributions` has `columns` elements at each place, as checked above.
        unsafe values.row(row).update(
          from: contributions.pointer + Int(first) * columns,
          count: columns
        )
        for place in places.dropFirst() {
          unsafe gramdex_neural_add_scaled(
            columns,
            1,
            contributions.pointer + Int(place) * columns,
            values.row(row)
          )
        }
      }
    }
  }

  /// As `gather`, but added to the rows that are there.
  ///
  /// - Throws: what `Team.run` throws.
  public func gatherMore(_ plan: RowPlan, from contributions: FloatMatrix, team: Team) throws {
    let added = RowGradient(columns: values.columns)
    try added.gather(plan, from: contributions, team: team)
    let (oldRows, old) = (rows, values)
    var union: [Int32] = []
    // Where each row of the union stands in the old rows, and in the added ones; −1 where it does not.
    var places: [(old: Int, added: Int)] = []
    var (first, second) = (0, 0)
    while first < oldRows.count || second < added.rows.count {
      let left = first < oldRows.count ? oldRows[first] : .max
      let right = second < added.rows.count ? added.rows[second] : .max
      union.append(min(left, right))
      places.append((left <= right ? first : -1, right <= left ? second : -1))
      if left <= right { first += 1 }
      if right <= left { second += 1 }
    }
    let sums = FloatMatrix(rows: max(union.count * 5 / 4, old.rows), columns: values.columns)
    let sources = places
    try team.overRows(union.count) { range, _ in
      for row in range {
        let (from, more) = sources[row]
        if from >= 0 { sums.copyRows(from..<from + 1, of: old, to: row) }
        if more >= 0 {
          // SAFETY: rows of matrices with as many columns; a new row is zero.
          unsafe gramdex_neural_add_scaled(
            sums.columns,
            1,
            added.values.row(more),
            sums.row(row)
          )
        }
      }
    }
    rows = union
    values = sums
  }

  /// Adds the rows of `contributions` to the rows of a dense gradient, each row's in the order of their places, which are
  /// counted as in `gather`.
  ///
  /// - Throws: what `Team.run` throws.
  public static func add(
    _ plan: RowPlan,
    from contributions: FloatMatrix,
    to gradient: FloatMatrix,
    team: Team
  ) throws {
    let columns = gradient.columns
    precondition(columns > 0 && contributions.columns % columns == 0)
    if let last = plan.lastPlace { precondition((last + 1) * columns <= contributions.count) }
    try team.overRows(plan.rows.count) { range, _ in
      for row in range {
        for place in plan.places[plan.starts[row]..<plan.starts[row + 1]] {
          // SAFETY: `contributions` has `columns` elements at each place, as checked above.
          unsafe gramdex_neural_add_scaled(
            columns,
            1,
            contributions.pointer + Int(place) * columns,
            gradient.row(Int(plan.rows[row]))
          )
        }
      }
    }
  }

  /// Sums the gradients of the rows of a table that a window read, wherever the table keeps its gradient.
  ///
  /// - Parameters:
  ///   - ids: the rows; negative ones touch nothing.
  ///   - contributions: their gradients, as `gather` takes them.
  ///   - table: the table.
  ///   - adding: whether the table has a gradient already, of another use, that is added to.
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  static func sum(
    _ ids: [Int32],
    from contributions: FloatMatrix,
    of table: Parameter,
    adding: Bool,
    team: Team
  ) throws {
    let plan = RowPlan(ids)
    if let gradient = table.gradient {
      if !adding { gradient.fill(0) }
      try add(plan, from: contributions, to: gradient, team: team)
    }
    if let gradient = table.rowGradient {
      if adding {
        try gradient.gatherMore(plan, from: contributions, team: team)
      } else {
        try gradient.gather(plan, from: contributions, team: team)
      }
    }
  }
}
