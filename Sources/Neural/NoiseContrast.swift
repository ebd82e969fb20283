import CNeuralKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Noise-contrastive estimation of a soft-max (Gutmann & Hyvärinen 2010; Mnih & Teh 2012): the model learns to tell the
/// word that followed from k words drawn from a noise distribution q, which needs k + 1 logits instead of V.
///
/// All rows of a window share their noise, so that it is a product of matrices (Chen 2015). The loss of a row is
/// −ln σ(s(w) − ln k q(w)) − Σ ln σ(−(s(v) − ln k q(v))), with s = W x + b taken as ln P: a network trained so
/// normalises itself, nearly, and it starts so when b is ln q. The gradient needs rows of W and b only.
public struct NoiseContrast: Sendable {
  private let output: SoftmaxOutput
  private let samples: Int
  private let logNoise: [Float]
  private let lottery: AliasTable
  private let random: CountedRandom

  /// - Parameters:
  ///   - output: the layer; its parameters keep gradients of rows.
  ///   - samples: how many noise words a window has, k.
  ///   - frequencies: the noise distribution up to a factor; all positive.
  ///   - seed: decides what noise is drawn in which window.
  public init(output: SoftmaxOutput, samples: Int, frequencies: [Double], seed: UInt64) {
    self.output = output
    self.samples = samples
    let total = frequencies.reduce(0, +)
    logNoise = frequencies.map { Float(log($0 / total) + log(Double(samples))) }
    lottery = AliasTable(frequencies)
    random = CountedRandom(seed: seed, purpose: "noise")
  }

  /// What a window needs.
  public final class Memory: Sendable {
    /// s of the targets, an estimate of ln P [1 × rows].
    public let scores: FloatMatrix
    let noise: Tensor
    let logits: Tensor
    let offsets: FloatMatrix
    let contributions: FloatMatrix
    let biasContributions: FloatMatrix
    let biasParts: FloatMatrix
    let losses: Matrix<Double>

    /// Room for windows of up to `rows` rows.
    public init(_ contrast: NoiseContrast, rows: Int, precision: Precision) {
      let features = contrast.output.weight.values.columns
      let samples = contrast.samples
      scores = FloatMatrix(rows: 1, columns: rows)
      noise = Tensor(rows: samples, columns: features, precision: precision)
      logits = Tensor(rows: rows, columns: samples, precision: precision)
      offsets = FloatMatrix(rows: 1, columns: samples)
      contributions = FloatMatrix(rows: rows + samples, columns: features)
      biasContributions = FloatMatrix(rows: rows + samples, columns: 1)
      biasParts = FloatMatrix(rows: (rows + 63) / 64, columns: samples)
      losses = Matrix(rows: 1, columns: rows)
    }
  }

  /// The loss of a window, and its gradient times `factor`.
  ///
  /// - Parameters:
  ///   - x: the features [rows × F], rounded.
  ///   - targets: an outcome for each row; −1 leaves the row out.
  ///   - factor: what the gradient is multiplied by.
  ///   - window: the number of the window, which decides its noise.
  ///   - extra: n-gram features, whose terms are added to s; nil for none.
  ///   - memory: what the window needs; receives the scores of the targets.
  ///   - dx: receives the gradient of the features.
  ///   - team: the threads.
  /// - Returns: the loss in nats, summed over rows.
  /// - Throws: what `Team.run` throws.
  public func learn(
    _ x: Tensor,
    targets: [Int32],
    factor: Float,
    window: Int,
    extra: NGramWindow? = nil,
    memory: Memory,
    dx: FloatMatrix,
    team: Team
  ) throws -> Double {
    try learn(
      x,
      targets: targets,
      factor: factor,
      noise: draw(window),
      extra: extra,
      memory: memory,
      dx: dx,
      team: team
    )
  }

  /// As the other `learn`, with these noise words, k of them.
  package func learn(
    _ x: Tensor,
    targets: [Int32],
    factor: Float,
    noise: [Int32],
    extra: NGramWindow? = nil,
    memory: Memory,
    dx: FloatMatrix,
    team: Team
  ) throws -> Double {
    precondition(noise.count == samples)
    let count = targets.count
    try gatherWeights(of: noise, memory, team)
    extra?.scatter(noise)
    let features = x.operand.rows(0..<count)
    let size = x.columns
    let weights = output.weight.values
    let biases = output.bias.values
    let tiles = Team.tiles(of: count)
    try team.run(tiles: tiles.count) { tile, worker in
      let rows = tiles[tile]
      try worker.products.multiply(
        features.rows(rows),
        memory.noise.operand.transposed,
        into: ProductResult(memory.logits.values).rows(rows)
      )
      if let extra {
        for row in rows {
          extra.add(noise, of: row, to: memory.logits.values, at: row * samples)
        }
      }
      for row in rows where targets[row] < 0 { memory.logits.values.fillRow(row, -.infinity) }
      // SAFETY: the rows of the tile, of the lengths that the kernels ask for.
      let noiseLoss = unsafe gramdex_neural_noise_loss(
        rows.count,
        samples,
        memory.offsets.pointer,
        factor,
        memory.logits.values.row(rows.lowerBound),
        memory.logits.roundedRow(rows.lowerBound)
      )
      if let extra {
        for row in rows {
          extra.keep(scatteredOf: row, from: memory.logits.values, at: row * samples)
        }
      }
      for row in rows { memory.losses[row] = 0 }
      memory.losses[rows.lowerBound] = -noiseLoss
      memory.biasParts.zeroRow(tile)
      unsafe gramdex_neural_add_column_sums(
        rows.count,
        samples,
        memory.logits.values.row(rows.lowerBound),
        memory.biasParts.row(tile)
      )
      try worker.products.multiply(
        memory.logits.operand.rows(rows),
        memory.noise.operand,
        into: ProductResult(dx).rows(rows)
      )
      for row in rows {
        let target = Int(targets[row])
        memory.contributions.zeroRow(row)
        guard target >= 0 else {
          memory.scores[row] = 0
          continue
        }
        // SAFETY: rows of the features, the weights and the gradients, all of `size` elements.
        let score =
          unsafe gramdex_neural_dot(size, x.values.row(row), weights.row(target)) + biases[target]
          + (extra?.term(of: target, row: row) ?? 0)
        memory.scores[row] = score
        let z = score - logNoise[target]
        let slope = -factor / (1 + exp(z))
        memory.losses[row] += Double(max(0, -z) + log1p(exp(-abs(z))))
        memory.biasContributions[row] = slope
        extra?.keep(target, of: row, column: samples, slope: slope)
        unsafe gramdex_neural_add_scaled(size, slope, weights.row(target), dx.row(row))
        unsafe gramdex_neural_add_scaled(
          size,
          slope,
          x.values.row(row),
          memory.contributions.row(row)
        )
      }
    }
    try collect(targets, noise, features, memory, tiles.count, team)
    return (0..<count).reduce(0) { $0 + memory.losses[$1] }
  }

  /// The noise of a window.
  private func draw(_ window: Int) -> [Int32] {
    let first = UInt64(window) &* UInt64(samples)
    return (0..<samples).map { Int32(lottery.draw(random[first &+ UInt64($0)])) }
  }

  /// Gathers the rows of the weights that belong to the noise.
  private func gatherWeights(of noise: [Int32], _ memory: Memory, _ team: Team) throws {
    try team.overRows(samples) { range, _ in
      for sample in range {
        let word = Int(noise[sample])
        memory.noise.values.copyRows(word..<word + 1, of: output.weight.values, to: sample)
        memory.offsets[sample] = output.bias.values[word] - logNoise[word]
      }
      memory.noise.round(rows: range)
    }
  }

  /// Sums the gradients of the rows that were targets or noise.
  private func collect(
    _ targets: [Int32],
    _ noise: [Int32],
    _ features: Operand,
    _ memory: Memory,
    _ tiles: Int,
    _ team: Team
  ) throws {
    let count = targets.count
    // Noise stands after the rows.
    let noiseGradient = ProductResult(memory.contributions).rows(count..<count + samples)
    let slopes = memory.logits.operand.rows(0..<count).transposed
    try team.overRows(samples) { range, worker in
      try worker.products.multiply(
        slopes.rows(range),
        features,
        into: noiseGradient.rows(range)
      )
    }
    for sample in 0..<samples {
      var sum: Float = 0
      for tile in 0..<tiles { sum += memory.biasParts[tile, sample] }
      memory.biasContributions[count + sample] = sum
    }
    let plan = RowPlan(targets + noise)
    try output.weight.rowGradient?.gather(plan, from: memory.contributions, team: team)
    try output.bias.rowGradient?.gather(plan, from: memory.biasContributions, team: team)
  }
}
