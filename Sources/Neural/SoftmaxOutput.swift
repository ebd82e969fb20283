import CNeuralKernels

/// P(v | x) = soft-max over v of (W x + b)_v, and its cross-entropy, for the full vocabulary.
public struct SoftmaxOutput: Sendable {
  /// W [V × F].
  public let weight: Parameter
  /// b [1 × V].
  public let bias: Parameter

  /// A layer of these parameters.
  public init(weight: Parameter, bias: Parameter) {
    self.weight = weight
    self.bias = bias
  }

  /// The number of outcomes, V.
  public var outcomes: Int { weight.values.rows }

  /// Rows that are computed at once: their logits stay in the cache.
  private static let tileRows = 32

  private static func tiles(_ rows: Int) -> [Range<Int>] {
    stride(from: 0, to: rows, by: tileRows).map { $0..<min($0 + tileRows, rows) }
  }

  /// ln P of the targets, and the gradient of −`factor` · Σ ln P.
  ///
  /// - Parameters:
  ///   - x: the features [rows × F], rounded.
  ///   - targets: an outcome for each row; −1 leaves the row out.
  ///   - factor: what the gradient is multiplied by.
  ///   - extra: added to the logits before the soft-max, and taken their gradient by; nil for none.
  ///   - memory: receives ln P and the gradient of the logits.
  ///   - dx: receives the gradient of the features [rows × F].
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  public func learn(
    _ x: Tensor,
    targets: [Int32],
    factor: Float,
    extra: (any LogitTerms)? = nil,
    memory: SoftmaxMemory,
    dx: FloatMatrix,
    team: Team
  ) throws {
    let tiles = Self.tiles(targets.count)
    let weights = weight.tensor.operand
    let features = x.operand
    let dLogits = memory.dLogits
    try team.run(tiles: tiles.count) { tile, worker in
      let rows = tiles[tile]
      // Rounded gradients are kept for all rows; the floats are kept only when products read them.
      let logits = dLogits.rounded == nil ? dLogits.values : worker.scratch(rows.count, outcomes)
      let first = dLogits.rounded == nil ? rows.lowerBound : 0
      try worker.products.multiply(
        features.rows(rows),
        weights.transposed,
        into: ProductResult(logits).rows(first..<first + rows.count)
      )
      extra?.add(to: logits, first: first, rows: rows)
      // SAFETY: `rows.count` rows of the logits, the targets and the results.
      unsafe targets.withUnsafeBufferPointer { targets in
        guard let targets = targets.baseAddress else { return }
        unsafe gramdex_neural_softmax_loss(
          rows.count,
          outcomes,
          bias.values.pointer,
          targets + rows.lowerBound,
          factor,
          logits.row(first),
          memory.logProbabilities.pointer + rows.lowerBound,
          dLogits.roundedRow(rows.lowerBound)
        )
      }
      extra?.keep(logits, first: first, rows: rows)
      memory.biasParts.zeroRow(tile)
      unsafe gramdex_neural_add_column_sums(
        rows.count,
        outcomes,
        logits.row(first),
        memory.biasParts.row(tile)
      )
      try worker.products.multiply(
        dLogits.operand.rows(rows),
        weights,
        into: ProductResult(dx).rows(rows)
      )
    }
    if let gradient = weight.gradient {
      let rows = 0..<targets.count
      try team.multiply(
        dLogits.operand.rows(rows).transposed,
        features.rows(rows),
        into: gradient
      )
    }
    if let gradient = bias.gradient {
      try team.sumColumns(memory.biasParts, rows: tiles.count, into: gradient)
    }
  }

  /// ln P of the targets: element i of `logProbabilities` [1 × rows]; 0 where the target is negative.
  public func logProbabilities(
    _ x: Tensor,
    targets: [Int32],
    extra: (any LogitTerms)? = nil,
    into logProbabilities: FloatMatrix,
    team: Team
  ) throws {
    let tiles = Self.tiles(targets.count)
    let weights = weight.tensor.operand
    let features = x.operand
    try team.run(tiles: tiles.count) { tile, worker in
      let rows = tiles[tile]
      let logits = worker.scratch(rows.count, outcomes)
      try worker.products.multiply(
        features.rows(rows),
        weights.transposed,
        into: ProductResult(logits).rows(0..<rows.count)
      )
      extra?.add(to: logits, first: 0, rows: rows)
      // SAFETY: `rows.count` rows of the logits and results.
      unsafe gramdex_neural_log_sum_exp(
        rows.count,
        outcomes,
        bias.values.pointer,
        logits.pointer,
        logProbabilities.pointer + rows.lowerBound
      )
      for (place, row) in rows.enumerated() {
        let target = Int(targets[row])
        logProbabilities[row] =
          target < 0 ? 0 : logits[place, target] + bias.values[target] - logProbabilities[row]
      }
    }
  }

  /// W in the layout of products of few rows at a time, for which plain weights are rewritten each time.
  ///
  /// Memory: as much again as the weights that products read.
  package func packed(rows: Int, team: Team) throws -> PackedOperand {
    try team.pack(weight.tensor.operand.transposed, usualRows: rows)
  }

  /// ln P of some outcomes of each row.
  ///
  /// The logits of a row are computed once for all its outcomes.
  ///
  /// - Parameters:
  ///   - choices: the outcomes of each row.
  ///   - x: the features [rows × F], rounded.
  ///   - tiles: the rows, from 0 on without gaps, at least those of `choices`; tiles of one size give a row the same
  ///     numbers whatever the others are.
  ///   - packed: what `packed(rows:team:)` gave for tiles of this size.
  ///   - extra: added to the logits before the soft-max; nil for none.
  ///   - logProbabilities: receives an element for each outcome [1 × outcomes].
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  package func logProbabilities(
    of choices: OutcomeChoices,
    _ x: Tensor,
    tiles: [Range<Int>],
    packed: PackedOperand,
    extra: (any LogitTerms)? = nil,
    into logProbabilities: FloatMatrix,
    team: Team
  ) throws {
    let features = x.operand
    try team.run(tiles: tiles.count) { tile, worker in
      let rows = tiles[tile]
      let logits = worker.scratch(rows.count, outcomes)
      try worker.products.multiply(
        features.rows(rows),
        packed: packed,
        into: ProductResult(logits).rows(0..<rows.count)
      )
      extra?.add(to: logits, first: 0, rows: rows)
      let normalizers = worker.scratch(rows.count, 1)
      // SAFETY: `rows.count` rows of the logits and of the normalizers.
      unsafe gramdex_neural_log_sum_exp(
        rows.count,
        outcomes,
        bias.values.pointer,
        logits.pointer,
        normalizers.pointer
      )
      for (place, row) in rows.enumerated() where row < choices.rows {
        for choice in choices.places(of: row) {
          let outcome = Int(choices.outcomes[choice])
          logProbabilities[choice] =
            logits[place, outcome] + bias.values[outcome] - normalizers[place]
        }
      }
    }
  }

  /// The logits of some outcomes of each row, which are nearly ln P where the layer was trained to normalize itself.
  ///
  /// Cost: one inner product an outcome, whatever V is. Parameters as of `logProbabilities(of:)`; products read 32-bit floats.
  public func logits(
    of choices: OutcomeChoices,
    _ x: Tensor,
    extra: NGramWindow? = nil,
    into logits: FloatMatrix,
    team: Team
  ) throws {
    let size = weight.values.columns
    try team.overRows(choices.rows) { rows, _ in
      for row in rows {
        for choice in choices.places(of: row) {
          let outcome = Int(choices.outcomes[choice])
          // SAFETY: both rows have F elements.
          let product = unsafe gramdex_neural_dot(
            size,
            x.values.row(row),
            weight.values.row(outcome)
          )
          logits[choice] =
            product + bias.values[outcome] + (extra?.term(of: outcome, row: row) ?? 0)
        }
      }
    }
  }

  /// ln P of all outcomes [rows × V].
  public func distributions(
    _ x: Tensor,
    rows count: Int,
    extra: (any LogitTerms)? = nil,
    into logProbabilities: FloatMatrix,
    team: Team
  ) throws {
    let weights = weight.tensor.operand
    let features = x.operand
    let result = ProductResult(logProbabilities)
    let tiles = Self.tiles(count)
    try team.run(tiles: tiles.count) { tile, worker in
      let rows = tiles[tile]
      try worker.products.multiply(
        features.rows(rows),
        weights.transposed,
        into: result.rows(rows)
      )
      extra?.add(to: logProbabilities, first: rows.lowerBound, rows: rows)
      // SAFETY: `rows.count` rows of the logits.
      unsafe gramdex_neural_log_softmax(
        rows.count,
        outcomes,
        bias.values.pointer,
        logProbabilities.row(rows.lowerBound)
      )
    }
  }
}

/// Terms that are added to logits before a soft-max: the weights of n-gram features.
public protocol LogitTerms: Sendable {
  /// Adds the terms of rows `rows` of the window to the rows of `logits` from `first` on.
  func add(to logits: FloatMatrix, first: Int, rows: Range<Int>)
  /// Keeps the gradient of the logits, which are about to be overwritten.
  func keep(_ dLogits: FloatMatrix, first: Int, rows: Range<Int>)
}

/// What a soft-max keeps of a window.
public final class SoftmaxMemory: Sendable {
  /// ln P of the targets [1 × rows].
  public let logProbabilities: FloatMatrix
  /// The gradient of the logits [rows × V]; the floats only where products read them.
  let dLogits: LogitGradients
  let biasParts: FloatMatrix

  /// Room for windows of up to `rows` rows.
  public init(_ output: SoftmaxOutput, rows: Int, precision: Precision) {
    logProbabilities = FloatMatrix(rows: 1, columns: rows)
    dLogits = LogitGradients(rows: rows, columns: output.outcomes, precision: precision)
    biasParts = FloatMatrix(rows: (rows + 31) / 32, columns: output.outcomes)
  }
}

/// The gradient of logits in the one form that products read.
final class LogitGradients: Sendable {
  let values: FloatMatrix
  let rounded: RoundedMatrix?

  init(rows: Int, columns: Int, precision: Precision) {
    let isRounded = precision == .bfloat16
    values = FloatMatrix(rows: isRounded ? 0 : rows, columns: columns)
    rounded = isRounded ? RoundedMatrix(rows: rows, columns: columns) : nil
  }

  @unsafe
  func roundedRow(_ row: Int) -> UnsafeMutablePointer<UInt16>? {
    unsafe rounded?.row(row)
  }

  var operand: Operand {
    if let rounded { Operand(rounded) } else { Operand(values) }
  }
}
