import CNeuralKernels

/// The adaptive soft-max (Grave 2017), as PyTorch's `AdaptiveLogSoftmaxWithLoss`.
///
/// Outcomes are by descending frequency. The head decides between the S most frequent ones, the *short list*, and the
/// clusters of all others; a cluster k decides among its outcomes with features that are projected to fewer:
/// P(v | x) = P(v | head) on the short list, else P(k | head) · soft-max of (W_k P_k x) at v. R rows, F features,
/// V outcomes, N clusters, D_k the features of cluster k.
public struct AdaptiveSoftmaxOutput: Sendable {
  /// The outcomes of a cluster.
  public struct Tail: Sendable {
    /// P_k [D_k × F].
    public let projection: Parameter
    /// W_k [outcomes of the cluster × D_k].
    public let weight: Parameter

    /// A cluster of these parameters.
    public init(projection: Parameter, weight: Parameter) {
      precondition(weight.values.columns == projection.values.rows)
      self.projection = projection
      self.weight = weight
    }

    var output: SoftmaxOutput {
      SoftmaxOutput(
        weight: weight,
        bias: Parameter(
          "no bias",
          rows: 1,
          columns: weight.values.rows,
          gradient: .none,
          precision: .float32
        )
      )
    }
  }

  /// The soft-max over the short list and the clusters, of `head.weight` [S + N × F] and `head.bias`.
  public let head: SoftmaxOutput
  /// The clusters.
  public let tails: [Tail]
  private let outputs: [SoftmaxOutput]
  private let hasBias: Bool
  /// Where each cluster begins, and where the last one ends.
  private let starts: [Int]

  /// A layer of these parameters.
  ///
  /// - Parameters:
  ///   - headWeight: [S + N × F].
  ///   - headBias: [1 × S + N]; nil for none.
  ///   - tails: the clusters, that of the most frequent outcomes first.
  public init(headWeight: Parameter, headBias: Parameter?, tails: [Tail]) {
    let decisions = headWeight.values.rows
    precondition(decisions > tails.count && (headBias?.count ?? decisions) == decisions)
    let bias =
      headBias
      ?? Parameter("no bias", rows: 1, columns: decisions, gradient: .none, precision: .float32)
    head = SoftmaxOutput(weight: headWeight, bias: bias)
    hasBias = headBias != nil
    self.tails = tails
    outputs = tails.map(\.output)
    var starts = [decisions - tails.count]
    for tail in tails { starts.append(starts[starts.count - 1] + tail.weight.values.rows) }
    self.starts = starts
  }

  /// The size of cluster k's projection: F / div^(k + 1), rounded down, at least 1; 4 is the usual `div`.
  public static func projectionSize(features: Int, cluster: Int, div: Double) -> Int {
    var divisor = 1.0
    for _ in 0...max(0, cluster) { divisor *= div }
    return max(1, Int(Double(features) / divisor))
  }

  /// The size of the short list, S.
  public var shortList: Int { starts[0] }
  /// The number of outcomes, V.
  public var outcomes: Int { starts[tails.count] }
  /// All its parameters.
  public var parameters: [Parameter] {
    [head.weight] + (hasBias ? [head.bias] : []) + tails.flatMap { [$0.projection, $0.weight] }
  }

  /// The cluster of an outcome; nil on the short list.
  private func cluster(of outcome: Int) -> Int? {
    if outcome < shortList { return nil }
    return tails.indices.first { outcome < starts[$0 + 1] }
  }

  /// What the head decides for each target.
  private func decisions(_ targets: [Int32]) -> [Int32] {
    targets.map { target in
      guard target >= 0, let cluster = cluster(of: Int(target)) else { return target }
      return Int32(shortList + cluster)
    }
  }

  /// The rows whose target is in cluster `tail`, made up to a multiple of 32 with −1, and their targets there.
  ///
  /// So the products of a cluster have few shapes, and a row's result does not depend on how many rows there are.
  private func members(_ targets: [Int32], _ tail: Int) -> (rows: [Int32], targets: [Int32]) {
    let range = Int32(starts[tail])..<Int32(starts[tail + 1])
    var rows = targets.indices.filter { range.contains(targets[$0]) }.map { Int32($0) }
    var inside = rows.map { targets[Int($0)] - range.lowerBound }
    let padding = (32 - rows.count % 32) % 32
    rows += Array(repeating: -1, count: padding)
    inside += Array(repeating: -1, count: padding)
    return (rows, inside)
  }

  /// Features of some rows, one after the other; zeros for −1.
  private func gather(_ x: Tensor, _ rows: [Int32], into features: Tensor, team: Team) throws {
    try team.overRows(rows.count) { range, _ in
      for place in range {
        let row = Int(rows[place])
        if row >= 0 {
          features.values.copyRows(row..<row + 1, of: x.values, to: place)
          if let to = features.rounded, let from = x.rounded {
            to.copyRows(row..<row + 1, of: from, to: place)
          }
        } else {
          features.values.zeroRow(place)
          features.rounded?.zeroRow(place)
        }
      }
    }
  }

  /// P_k x of some rows, rounded.
  private func project(
    _ features: Tensor,
    rows count: Int,
    _ tail: Int,
    into projected: Tensor,
    team: Team
  ) throws {
    let result = ProductResult(projected.values)
    let projection = tails[tail].projection.tensor.operand.transposed
    try team.run(tiles: (count + 31) / 32) { tile, worker in
      let rows = tile * 32..<min(tile * 32 + 32, count)
      try worker.products.multiply(
        features.operand.rows(rows),
        projection,
        into: result.rows(rows)
      )
      projected.round(rows: rows)
    }
  }

  /// ln P of the targets, and the gradient of −`factor` · Σ ln P.
  ///
  /// - Parameters:
  ///   - x: the features [R × F], rounded.
  ///   - targets: an outcome for each row; −1 leaves the row out.
  ///   - factor: what the gradient is multiplied by.
  ///   - memory: receives ln P.
  ///   - dx: receives the gradient of the features [R × F].
  ///   - team: the threads.
  /// - Throws: `NeuralError.productFailed`.
  public func learn(
    _ x: Tensor,
    targets: [Int32],
    factor: Float,
    memory: AdaptiveSoftmaxMemory,
    dx: FloatMatrix,
    team: Team
  ) throws {
    try head.learn(
      x,
      targets: decisions(targets),
      factor: factor,
      memory: memory.head,
      dx: dx,
      team: team
    )
    memory.logProbabilities.copy(from: memory.head.logProbabilities)
    for tail in tails.indices {
      let (rows, inside) = members(targets, tail)
      if rows.isEmpty {
        tails[tail].projection.gradient?.fill(0)
        tails[tail].weight.gradient?.fill(0)
        continue
      }
      memory.reserve(self, tail, rows: rows.count)
      let room = memory.tails[tail]
      let features = memory.features
      try gather(x, rows, into: features, team: team)
      try project(features, rows: rows.count, tail, into: room.projected, team: team)
      try outputs[tail].learn(
        room.projected,
        targets: inside,
        factor: factor,
        memory: room.softmax,
        dx: room.dProjected.values,
        team: team
      )
      let projection = tails[tail].projection
      try team.run(tiles: rows.count / 32) { tile, worker in
        let range = tile * 32..<tile * 32 + 32
        room.dProjected.round(rows: range)
        let dFeatures = worker.scratch(32, x.columns)
        try worker.products.multiply(
          room.dProjected.operand.rows(range),
          projection.tensor.operand,
          into: ProductResult(dFeatures).rows(0..<32)
        )
        for (line, place) in range.enumerated() where rows[place] >= 0 {
          let row = Int(rows[place])
          // SAFETY: rows of F elements; each row is in one place.
          unsafe gramdex_neural_add_scaled(x.columns, 1, dFeatures.row(line), dx.row(row))
          memory.logProbabilities[row] += room.softmax.logProbabilities[place]
        }
      }
      if let gradient = projection.gradient {
        try team.multiply(
          room.dProjected.operand.rows(0..<rows.count).transposed,
          features.operand.rows(0..<rows.count),
          into: gradient
        )
      }
    }
  }

  /// ln P of the targets: element i of `logProbabilities` [1 × R]; 0 where the target is negative.
  public func logProbabilities(
    _ x: Tensor,
    targets: [Int32],
    into logProbabilities: FloatMatrix,
    team: Team
  ) throws {
    try head.logProbabilities(
      x,
      targets: decisions(targets),
      into: logProbabilities,
      team: team
    )
    let precision: Precision = x.rounded == nil ? .float32 : .bfloat16
    for tail in tails.indices {
      let (rows, inside) = members(targets, tail)
      if rows.isEmpty { continue }
      let features = Tensor(rows: rows.count, columns: x.columns, precision: precision)
      try gather(x, rows, into: features, team: team)
      let projected = Tensor(
        rows: rows.count,
        columns: tails[tail].projection.values.rows,
        precision: precision
      )
      try project(features, rows: rows.count, tail, into: projected, team: team)
      let results = FloatMatrix(rows: 1, columns: rows.count)
      try outputs[tail].logProbabilities(projected, targets: inside, into: results, team: team)
      for (place, row) in rows.enumerated() where row >= 0 {
        logProbabilities[Int(row)] += results[place]
      }
    }
  }

  /// ln P of all outcomes [R × V].
  public func distributions(
    _ x: Tensor,
    rows count: Int,
    into logProbabilities: FloatMatrix,
    team: Team
  ) throws {
    let precision: Precision = x.rounded == nil ? .float32 : .bfloat16
    let decisions = FloatMatrix(rows: count, columns: head.outcomes)
    try head.distributions(x, rows: count, into: decisions, team: team)
    for row in 0..<count {
      for outcome in 0..<shortList { logProbabilities[row, outcome] = decisions[row, outcome] }
    }
    for tail in tails.indices {
      let projected = Tensor(
        rows: count,
        columns: tails[tail].projection.values.rows,
        precision: precision
      )
      try project(x, rows: count, tail, into: projected, team: team)
      let inside = FloatMatrix(rows: count, columns: outputs[tail].outcomes)
      try outputs[tail].distributions(projected, rows: count, into: inside, team: team)
      try team.overRows(count) { rows, _ in
        for row in rows {
          for outcome in 0..<inside.columns {
            logProbabilities[row, starts[tail] + outcome] =
              inside[row, outcome] + decisions[row, shortList + tail]
          }
        }
      }
    }
  }
}

/// What an adaptive soft-max keeps of a window.
public final class AdaptiveSoftmaxMemory: @unchecked Sendable {
  // @unchecked: `reserve` is called between pieces of work; tiles write disjoint rows.

  /// What a cluster keeps.
  struct Tail: Sendable {
    let projected: Tensor
    let dProjected: Tensor
    let softmax: SoftmaxMemory
  }

  /// ln P of the targets [1 × R].
  public let logProbabilities: FloatMatrix
  let head: SoftmaxMemory
  /// The features of a cluster's rows.
  let features: Tensor
  private(set) var tails: [Tail]
  private let precision: Precision

  /// Room for windows of up to `rows` rows; clusters take it when they need it.
  public init(_ output: AdaptiveSoftmaxOutput, rows: Int, precision: Precision) {
    logProbabilities = FloatMatrix(rows: 1, columns: rows)
    head = SoftmaxMemory(output.head, rows: rows, precision: precision)
    features = Tensor(
      rows: (rows + 31) / 32 * 32,
      columns: output.head.weight.values.columns,
      precision: precision
    )
    self.precision = precision
    tails = []
    tails = output.tails.map { makeTail($0, rows: 0) }
  }

  private func makeTail(_ tail: AdaptiveSoftmaxOutput.Tail, rows: Int) -> Tail {
    let size = tail.projection.values.rows
    return Tail(
      projected: Tensor(rows: rows, columns: size, precision: precision),
      dProjected: Tensor(rows: rows, columns: size, precision: precision),
      softmax: SoftmaxMemory(tail.output, rows: rows, precision: precision)
    )
  }

  func reserve(_ output: AdaptiveSoftmaxOutput, _ tail: Int, rows: Int) {
    if tails[tail].projected.rows >= rows { return }
    let most = features.rows
    tails[tail] = makeTail(output.tails[tail], rows: min(most, rows + rows / 4))
  }
}
