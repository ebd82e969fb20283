import CNeuralKernels

/// P(v | x) = P(c | x) · P(v | c, x), each a soft-max, where c is the class of v (Goodman 2001; Mikolov 2011).
///
/// A row costs C + (the size of its class) logits instead of V. R rows, F features, V outcomes, C classes. The rows of
/// `weight` and the elements of `bias` are in the order of places (`OutcomeClasses`), so that a class is a range of them.
public struct ClassSoftmaxOutput: Sendable {
  /// W [V × F], by place; its gradient may be dense or of rows.
  public let weight: Parameter
  /// b, by place: [1 × V], or [V × 1] where it keeps gradients of rows.
  public let bias: Parameter
  /// The soft-max over classes, of `classes.weight` [C × F] and `classes.bias`.
  public let classOutput: SoftmaxOutput
  /// Which class each outcome is in.
  public let classes: OutcomeClasses

  /// A layer of these parameters.
  public init(
    weight: Parameter,
    bias: Parameter,
    classWeight: Parameter,
    classBias: Parameter,
    classes: OutcomeClasses
  ) {
    precondition(weight.values.rows == classes.outcomes.count && bias.count == weight.values.rows)
    precondition(classWeight.values.rows == classes.count && classBias.count == classes.count)
    precondition(classWeight.values.columns == weight.values.columns)
    precondition(bias.rowGradient == nil || bias.values.columns == 1)
    self.weight = weight
    self.bias = bias
    self.classOutput = SoftmaxOutput(weight: classWeight, bias: classBias)
    self.classes = classes
  }

  /// The number of outcomes, V.
  public var outcomes: Int { weight.values.rows }
  /// All its parameters.
  public var parameters: [Parameter] { [weight, bias, classOutput.weight, classOutput.bias] }

  private var features: Int { weight.values.columns }

  /// ln P of the targets, and the gradient of −`factor` · Σ ln P.
  ///
  /// - Parameters:
  ///   - x: the features [R × F], rounded.
  ///   - targets: an outcome for each row; −1 leaves the row out.
  ///   - factor: what the gradient is multiplied by.
  ///   - extra: n-gram features, whose outcomes are the V places and then the C classes; nil for none.
  ///   - memory: receives ln P.
  ///   - dx: receives the gradient of the features [R × F].
  ///   - team: the threads.
  /// - Throws: `NeuralError.productFailed`.
  public func learn(
    _ x: Tensor,
    targets: [Int32],
    factor: Float,
    extra: NGramWindow? = nil,
    memory: ClassSoftmaxMemory,
    dx: FloatMatrix,
    team: Team
  ) throws {
    let plan = ClassPlan(targets, classes)
    memory.reserve(cells: plan.cells)
    try classOutput.learn(
      x,
      targets: targets.map { $0 < 0 ? -1 : classes.classes[Int($0)] },
      factor: factor,
      extra: extra.map { ClassTerms(window: $0, outcomes: outcomes) },
      memory: memory.classes,
      dx: dx,
      team: team
    )
    memory.logProbabilities.copy(from: memory.classes.logProbabilities)
    try team.run(tiles: plan.pieces.count) { piece, worker in
      let piece = plan.pieces[piece]
      try score(x, piece, plan, memory, worker)
      lose(piece, plan, targets, factor, extra, memory)
      try descend(piece, plan, memory, dx, worker)
    }
    try collect(plan, memory, team)
  }

  /// Logits of a piece, without the bias: gathers its rows and multiplies them.
  private func score(
    _ x: Tensor,
    _ piece: ClassPlan.Piece,
    _ plan: ClassPlan,
    _ memory: ClassSoftmaxMemory,
    _ worker: Team.Worker
  ) throws {
    let range = classes.ranges[piece.number]
    for place in piece.rows {
      let row = Int(plan.order[place])
      memory.features.values.copyRows(row..<row + 1, of: x.values, to: place)
      if let to = memory.features.rounded, let from = x.rounded {
        to.copyRows(row..<row + 1, of: from, to: place)
      }
    }
    if piece.isProduct {
      return try worker.products.multiply(
        memory.features.operand.rows(piece.rows),
        weight.tensor.operand.rows(range).transposed,
        into: ProductResult(
          memory.cells,
          from: piece.cell,
          rows: piece.rows.count,
          columns: range.count
        )
      )
    }
    // SAFETY: rows of the weights and the features, of F elements; the piece's cells.
    for (column, place) in range.enumerated() {
      for (line, row) in piece.rows.enumerated() {
        memory.cells[piece.cell + line * range.count + column] = unsafe gramdex_neural_dot(
          features,
          weight.values.row(place),
          memory.features.values.row(row)
        )
      }
    }
  }

  /// From logits to their gradient.
  private func lose(
    _ piece: ClassPlan.Piece,
    _ plan: ClassPlan,
    _ targets: [Int32],
    _ factor: Float,
    _ extra: NGramWindow?,
    _ memory: ClassSoftmaxMemory
  ) {
    let range = classes.ranges[piece.number]
    for (line, place) in piece.rows.enumerated() {
      let row = Int(plan.order[place])
      let cell = piece.cell + line * range.count
      extra?.add(range, of: row, to: memory.cells, at: cell)
      var target = classes.places[Int(targets[row])] - Int32(range.lowerBound)
      var logProbability: Float = 0
      // SAFETY: the cells of the row, as many as the class has outcomes, and their biases.
      unsafe gramdex_neural_softmax_loss(
        1,
        range.count,
        bias.values.pointer + range.lowerBound,
        &target,
        factor,
        memory.cells.pointer + cell,
        &logProbability,
        memory.roundedCell(cell)
      )
      memory.logProbabilities[row] += logProbability
      extra?.keep(range, of: row, part: 1, column: classes.count, from: memory.cells, at: cell)
    }
  }

  /// Adds the gradient of the features of a piece.
  private func descend(
    _ piece: ClassPlan.Piece,
    _ plan: ClassPlan,
    _ memory: ClassSoftmaxMemory,
    _ dx: FloatMatrix,
    _ worker: Team.Worker
  ) throws {
    let range = classes.ranges[piece.number]
    if piece.isProduct {
      let dFeatures = worker.scratch(piece.rows.count, features)
      try worker.products.multiply(
        memory.operand(from: piece.cell, rows: piece.rows.count, columns: range.count),
        weight.tensor.operand.rows(range),
        into: ProductResult(dFeatures).rows(0..<piece.rows.count)
      )
      for (line, place) in piece.rows.enumerated() {
        // SAFETY: rows of F elements; a row of `dx` belongs to one piece.
        unsafe gramdex_neural_add_scaled(
          features,
          1,
          dFeatures.row(line),
          dx.row(Int(plan.order[place]))
        )
      }
      return
    }
    // SAFETY: as above.
    for (column, outcome) in range.enumerated() {
      for (line, place) in piece.rows.enumerated() {
        unsafe gramdex_neural_add_scaled(
          features,
          memory.cells[piece.cell + line * range.count + column],
          weight.values.row(outcome),
          dx.row(Int(plan.order[place]))
        )
      }
    }
  }

  /// The gradients of the weights and biases: sums over the rows of each class, in the order of the rows.
  private func collect(_ plan: ClassPlan, _ memory: ClassSoftmaxMemory, _ team: Team) throws {
    let touched = plan.groups.flatMap { group in
      classes.ranges[group.number].map { Int32($0) }
    }
    let dWeight = weight.gradient ?? weight.rowGradient?.prepare(touched)
    let dBias = bias.gradient ?? bias.rowGradient?.prepare(touched)
    let isDense = (weight.gradient != nil, bias.gradient != nil)
    if isDense.0 || isDense.1 {
      // Classes that no row is in.
      var end = 0
      for range in plan.groups.map({ classes.ranges[$0.number] }) + [outcomes..<outcomes] {
        if let gradient = weight.gradient {
          for place in end..<range.lowerBound { gradient.zeroRow(place) }
        }
        if let gradient = bias.gradient {
          for place in end..<range.lowerBound { gradient[place] = 0 }
        }
        end = range.upperBound
      }
    }
    let parts = plan.parts(classes)
    try team.run(tiles: parts.count) { part, worker in
      let part = parts[part]
      let start = classes.ranges[plan.groups[part.group].number].lowerBound
      let compact = plan.groups[part.group].firstTouched
      if let dBias {
        let first = isDense.1 ? start : compact
        addBias(part, plan, memory, dBias, first)
      }
      if let dWeight {
        let first = isDense.0 ? start : compact
        try addWeight(part, plan, memory, dWeight, first, worker)
      }
    }
  }

  private func addBias(
    _ part: ClassPlan.Part,
    _ plan: ClassPlan,
    _ memory: ClassSoftmaxMemory,
    _ gradient: FloatMatrix,
    _ first: Int
  ) {
    let group = plan.groups[part.group]
    let size = classes.ranges[group.number].count
    for column in part.columns { gradient[first + column] = 0 }
    for line in 0..<group.rows.count {
      // SAFETY: the columns of the part, in a row of the class's cells and in the gradient.
      unsafe gramdex_neural_add_scaled(
        part.columns.count,
        1,
        memory.cells.pointer + group.cell + line * size + part.columns.lowerBound,
        gradient.pointer + first + part.columns.lowerBound
      )
    }
  }

  private func addWeight(
    _ part: ClassPlan.Part,
    _ plan: ClassPlan,
    _ memory: ClassSoftmaxMemory,
    _ gradient: FloatMatrix,
    _ first: Int,
    _ worker: Team.Worker
  ) throws {
    let group = plan.groups[part.group]
    let size = classes.ranges[group.number].count
    let result = ProductResult(gradient).rows(
      first + part.columns.lowerBound..<first + part.columns.upperBound
    )
    var isFirst = true
    for piece in plan.pieces[group.pieces] where piece.isProduct {
      try worker.products.multiply(
        memory.operand(from: piece.cell, rows: piece.rows.count, columns: size)
          .columns(part.columns).transposed,
        memory.features.operand.rows(piece.rows),
        into: result,
        accumulating: !isFirst
      )
      isFirst = false
    }
    let others = plan.pieces[group.pieces].filter { !$0.isProduct }
    if isFirst {
      for column in part.columns { gradient.zeroRow(first + column) }
    }
    for column in part.columns {
      for piece in others {
        for (line, row) in piece.rows.enumerated() {
          // SAFETY: rows of F elements; the piece's cells.
          unsafe gramdex_neural_add_scaled(
            features,
            memory.cells[piece.cell + line * size + column],
            memory.features.values.row(row),
            gradient.row(first + column)
          )
        }
      }
    }
  }

  /// ln P of the targets: element i of `logProbabilities` [1 × R]; 0 where the target is negative.
  ///
  /// A row's result does not depend on the other rows.
  public func logProbabilities(
    _ x: Tensor,
    targets: [Int32],
    extra: NGramWindow? = nil,
    into logProbabilities: FloatMatrix,
    team: Team
  ) throws {
    try classOutput.logProbabilities(
      x,
      targets: targets.map { $0 < 0 ? -1 : classes.classes[Int($0)] },
      extra: extra.map { ClassTerms(window: $0, outcomes: outcomes) },
      into: logProbabilities,
      team: team
    )
    let largest = classes.ranges.map(\.count).max() ?? 0
    try team.overRows(targets.count) { rows, worker in
      let logits = worker.scratch(1, largest)
      for row in rows where targets[row] >= 0 {
        let target = Int(targets[row])
        let range = classes.ranges[Int(classes.classes[target])]
        for (column, place) in range.enumerated() {
          // SAFETY: rows of F elements.
          logits[column] = unsafe gramdex_neural_dot(
            features,
            weight.values.row(place),
            x.values.row(row)
          )
        }
        extra?.add(range, of: row, to: logits, at: 0)
        var normalizer: Float = 0
        // SAFETY: the logits and biases of the class.
        unsafe gramdex_neural_log_sum_exp(
          1,
          range.count,
          bias.values.pointer + range.lowerBound,
          logits.pointer,
          &normalizer
        )
        let place = Int(classes.places[target])
        logProbabilities[row] +=
          logits[place - range.lowerBound] + bias.values[place] - normalizer
      }
    }
  }

  /// ln P of all outcomes [R × V], by outcome; the logits within classes are of 32-bit floats, as in `logProbabilities`.
  public func distributions(
    _ x: Tensor,
    rows count: Int,
    extra: NGramWindow? = nil,
    into logProbabilities: FloatMatrix,
    team: Team
  ) throws {
    let ofClasses = FloatMatrix(rows: count, columns: classes.count)
    try classOutput.distributions(
      x,
      rows: count,
      extra: extra.map { ClassTerms(window: $0, outcomes: outcomes) },
      into: ofClasses,
      team: team
    )
    let inputs = Operand(x.values)
    let weights = Operand(weight.values).transposed
    try team.overRows(count, least: 32) { rows, worker in
      let byPlace = worker.scratch(rows.count, outcomes)
      try worker.products.multiply(
        inputs.rows(rows),
        weights,
        into: ProductResult(byPlace).rows(0..<rows.count)
      )
      for (line, row) in rows.enumerated() {
        extra?.add(0..<outcomes, of: row, to: byPlace, at: line * outcomes)
        for (number, range) in classes.ranges.enumerated() {
          // SAFETY: the logits of the class in this row, and their biases.
          unsafe gramdex_neural_log_softmax(
            1,
            range.count,
            bias.values.pointer + range.lowerBound,
            byPlace.row(line) + range.lowerBound
          )
          for place in range {
            logProbabilities[row, Int(classes.outcomes[place])] =
              byPlace[line, place] + ofClasses[row, number]
          }
        }
      }
    }
  }
}

/// The terms of classes, which stand after those of the outcomes.
private struct ClassTerms: LogitTerms {
  let window: NGramWindow
  let outcomes: Int

  func add(to logits: FloatMatrix, first: Int, rows: Range<Int>) {
    for (line, row) in rows.enumerated() {
      window.add(
        outcomes..<outcomes + logits.columns,
        of: row,
        to: logits,
        at: (first + line) * logits.columns
      )
    }
  }

  func keep(_ dLogits: FloatMatrix, first: Int, rows: Range<Int>) {
    for (line, row) in rows.enumerated() {
      window.keep(
        outcomes..<outcomes + dLogits.columns,
        of: row,
        part: 0,
        column: 0,
        from: dLogits,
        at: (first + line) * dLogits.columns
      )
    }
  }
}
