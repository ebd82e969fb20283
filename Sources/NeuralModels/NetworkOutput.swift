import GramdexNeural

/// How the features of a position become the probabilities of words: one of the forms of soft-max.
enum NetworkOutput: Sendable {
  /// Over all words.
  case full(SoftmaxOutput)
  /// Over all words, trained by noise contrast.
  case noise(SoftmaxOutput)
  /// Over classes, then over the words of one.
  case classes(ClassSoftmaxOutput)
  /// Over frequent words and clusters, then over the words of one.
  case adaptive(AdaptiveSoftmaxOutput)

  /// What is learned.
  var parameters: [Parameter] {
    switch self {
    case .full(let output), .noise(let output): [output.weight, output.bias]
    case .classes(let output): output.parameters
    case .adaptive(let output): output.parameters
    }
  }

  /// Gives parameters the values that training begins with: small weights, and biases that make the network a
  /// unigram model.
  func initialize(seed: UInt64, frequencies: [Double]) {
    let total = frequencies.reduce(0, +)
    func setBias(_ bias: Parameter, _ masses: [Double]) {
      for (place, mass) in masses.enumerated() {
        bias.values[place] = Float((mass / total).naturalLogarithm)
      }
      bias.tensor.round()
    }
    switch self {
    case .full(let output), .noise(let output):
      output.weight.randomize(bound: 0.1, seed: seed)
      setBias(output.bias, frequencies)
    case .classes(let output):
      output.weight.randomize(bound: 0.1, seed: seed)
      output.classOutput.weight.randomize(bound: 0.1, seed: seed)
      let byPlace = output.classes.outcomes.map { frequencies[Int($0)] }
      setBias(output.bias, byPlace)
      setBias(output.classOutput.bias, output.classes.ranges.map { byPlace[$0].reduce(0, +) })
    case .adaptive(let output):
      output.head.weight.randomize(bound: 0.1, seed: seed)
      let bound = 1 / Float(output.head.weight.values.columns).squareRoot()
      for tail in output.tails {
        tail.projection.randomize(bound: bound, seed: seed)
        tail.weight.randomize(bound: 0.1, seed: seed)
      }
      var masses = Array(frequencies[..<output.shortList])
      var start = output.shortList
      for tail in output.tails {
        let end = start + tail.weight.values.rows
        masses.append(frequencies[start..<end].reduce(0, +))
        start = end
      }
      setBias(output.head.bias, masses)
    }
  }

  /// ln P of the targets: element i of `result` [1 × rows]; 0 where the target is negative.
  ///
  /// Always exact.
  func logProbabilities(
    _ x: Tensor,
    targets: [Int32],
    extra: NGramWindow?,
    into result: FloatMatrix,
    team: Team
  ) throws {
    switch self {
    case .full(let output), .noise(let output):
      try output.logProbabilities(x, targets: targets, extra: extra, into: result, team: team)
    case .classes(let output):
      try output.logProbabilities(x, targets: targets, extra: extra, into: result, team: team)
    case .adaptive(let output):
      try output.logProbabilities(x, targets: targets, into: result, team: team)
    }
  }

  /// ln P of all words [rows × V].
  func distributions(
    _ x: Tensor,
    rows: Int,
    extra: NGramWindow?,
    into result: FloatMatrix,
    team: Team
  ) throws {
    switch self {
    case .full(let output), .noise(let output):
      try output.distributions(x, rows: rows, extra: extra, into: result, team: team)
    case .classes(let output):
      try output.distributions(x, rows: rows, extra: extra, into: result, team: team)
    case .adaptive(let output):
      try output.distributions(x, rows: rows, into: result, team: team)
    }
  }

  /// How many logits of a row n-gram features keep the gradients of, with so many noise words.
  func ngramWidth(noiseSamples: Int) -> Int {
    switch self {
    case .full(let output): output.outcomes
    case .noise: noiseSamples + 1
    case .classes(let output): NGramWindow.width(output.classes)
    case .adaptive: 0
    }
  }
}

/// The loss of a form of soft-max, and what its gradient needs of a window.
enum NetworkLoss {
  case full(SoftmaxOutput, SoftmaxMemory)
  case noise(NoiseContrast, NoiseContrast.Memory)
  case classes(ClassSoftmaxOutput, ClassSoftmaxMemory)
  case adaptive(AdaptiveSoftmaxOutput, AdaptiveSoftmaxMemory)

  /// What a window came to: the loss, and −ln P without normalising, both summed over rows, in nats.
  struct Outcome {
    var loss: Double
    var unnormalizedLoss: Double
  }

  /// Room for windows of up to `rows` rows.
  init(_ network: WordNetwork, rows: Int, frequencies: [Double], seed: UInt64) {
    let precision = network.precision
    switch network.output {
    case .full(let output):
      self = .full(output, SoftmaxMemory(output, rows: rows, precision: precision))
    case .noise(let output):
      let contrast = NoiseContrast(
        output: output,
        samples: network.options.noiseSamples,
        frequencies: frequencies,
        seed: seed
      )
      self = .noise(
        contrast,
        NoiseContrast.Memory(contrast, rows: rows, precision: precision)
      )
    case .classes(let output):
      self = .classes(output, ClassSoftmaxMemory(output, rows: rows, precision: precision))
    case .adaptive(let output):
      self = .adaptive(output, AdaptiveSoftmaxMemory(output, rows: rows, precision: precision))
    }
  }

  /// The loss of a window and the gradients of the soft-max's parameters and of the features, times `factor`.
  func learn(
    _ x: Tensor,
    targets: [Int32],
    factor: Float,
    window: Int,
    extra: NGramWindow?,
    dx: FloatMatrix,
    team: Team
  ) throws -> Outcome {
    func sum(_ logs: FloatMatrix) -> Outcome {
      let loss = targets.indices.reduce(0.0) { $0 - Double(logs[$1]) }
      return Outcome(loss: loss, unnormalizedLoss: loss)
    }
    switch self {
    case .full(let output, let memory):
      try output.learn(
        x,
        targets: targets,
        factor: factor,
        extra: extra,
        memory: memory,
        dx: dx,
        team: team
      )
      return sum(memory.logProbabilities)
    case .noise(let contrast, let memory):
      let loss = try contrast.learn(
        x,
        targets: targets,
        factor: factor,
        window: window,
        extra: extra,
        memory: memory,
        dx: dx,
        team: team
      )
      return Outcome(loss: loss, unnormalizedLoss: sum(memory.scores).loss)
    case .classes(let output, let memory):
      try output.learn(
        x,
        targets: targets,
        factor: factor,
        extra: extra,
        memory: memory,
        dx: dx,
        team: team
      )
      return sum(memory.logProbabilities)
    case .adaptive(let output, let memory):
      try output.learn(x, targets: targets, factor: factor, memory: memory, dx: dx, team: team)
      return sum(memory.logProbabilities)
    }
  }
}
