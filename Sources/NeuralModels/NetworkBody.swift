import GramdexNeural

/// What stands between the words and the soft-max: word vectors and hidden layers, recurrent or feed-forward.
struct NetworkBody: Sendable {
  private let options: NetworkOptions
  /// The vectors of words.
  let vectors: Parameter
  /// The recurrent layers; none in a feed-forward network.
  let recurrent: [RecurrentLayer]
  /// The hidden layer of a feed-forward network.
  private let hidden: FeedForwardLayer?
  private let embedding: EmbeddingLayer
  private let context: ContextEmbeddingLayer
  private let joining: ConcatenateLayer?
  private let dropouts: [DropoutLayer]

  init(
    _ options: NetworkOptions,
    vectors: Parameter,
    factory: ParameterFactory,
    seed: UInt64
  ) {
    self.options = options
    self.vectors = vectors
    embedding = EmbeddingLayer(weight: vectors)
    context = ContextEmbeddingLayer(weight: vectors, length: max(options.order - 1, 1))
    if let cell = options.cell {
      recurrent = (0..<options.layers).map { layer in
        let size = cell.gates * options.hidden
        return RecurrentLayer(
          cell: cell,
          input: factory.make(
            "recurrent.\(layer).input",
            size,
            layer == 0 ? options.embedding : options.hidden
          ),
          recurrent: factory.make("recurrent.\(layer).recurrent", size, options.hidden),
          bias: factory.make("recurrent.\(layer).bias", 1, size),
          recurrentBias: cell == .gru
            ? factory.make("recurrent.\(layer).recurrent_bias", 1, size) : nil
        )
      }
      hidden = nil
      joining = nil
    } else {
      recurrent = []
      hidden = FeedForwardLayer(
        activation: options.activation,
        weight: factory.make("hidden.weight", options.hidden, context.outputSize),
        bias: factory.make("hidden.bias", 1, options.hidden)
      )
      joining =
        options.directConnections
        ? ConcatenateLayer(sizes: [options.hidden, context.outputSize]) : nil
    }
    dropouts = (0...max(recurrent.count, 1)).map {
      DropoutLayer(rate: options.dropout, seed: seed, purpose: "dropout \($0)")
    }
  }

  /// What is learned.
  var parameters: [Parameter] {
    [vectors] + recurrent.flatMap(\.parameters) + (hidden?.parameters ?? [])
  }

  /// The lengths of the vectors that dropout stands before: the input of each layer, and what the last one gives.
  var layerSizes: [Int] {
    hidden == nil
      ? [options.embedding] + recurrent.map(\.hiddenSize) : [context.outputSize, options.hidden]
  }

  /// The length of what the soft-max reads, F.
  var featureSize: Int { joining?.outputSize ?? options.hidden }

  /// Whether the features are vectors side by side.
  var isJoined: Bool { joining != nil }

  /// Whether the network is feed-forward.
  var isFeedForward: Bool { hidden != nil }

  /// See `WordNetwork.initialize`.
  func initialize(seed: UInt64) {
    vectors.randomize(bound: 0.1, seed: seed)
    let bound = 1 / Float(options.hidden).squareRoot()
    for layer in recurrent {
      layer.input.randomize(bound: bound, seed: seed)
      layer.recurrent.randomize(bound: bound, seed: seed)
      if options.architecture == .irnn {
        layer.recurrent.values.fill(0)
        for unit in 0..<options.hidden {
          layer.recurrent.values[unit, unit] = options.identityScale
        }
        layer.recurrent.tensor.round()
      }
      if layer.cell == .lstm {
        for unit in options.hidden..<2 * options.hidden { layer.bias.values[unit] = 1 }
        layer.bias.tensor.round()
      }
    }
    hidden?.weight.randomize(bound: 1 / Float(context.outputSize).squareRoot(), seed: seed)
  }

  /// See `WordNetwork.read`.
  func read(
    _ window: WordWindow,
    state: NetworkState,
    memory: NetworkMemory,
    number: Int?,
    team: Team
  ) throws {
    let rows = window.rows
    func drop(_ place: Int) throws {
      try dropouts[place].forward(
        memory.inputs[place],
        rows: rows,
        mask: number == nil ? nil : memory.masks[place],
        window: number ?? 0,
        team: team
      )
    }
    if let hidden {
      try context.forward(
        window.lastWords(options.order - 1),
        output: memory.inputs[0],
        team: team
      )
      try drop(0)
      try hidden.forward(memory.inputs[0], rows: rows, output: memory.hiddenOutput, team: team)
      try copy(memory.hiddenOutput.values, to: memory.inputs[1], rows, team)
      try drop(1)
      try joining?.forward(
        [memory.inputs[1].values, memory.inputs[0].values],
        rows: rows,
        output: memory.features,
        team: team
      )
      return
    }
    try embedding.forward(window.lastWords(1), output: memory.inputs[0], team: team)
    for (place, layer) in recurrent.enumerated() {
      try drop(place)
      try layer.forward(
        memory.inputs[place],
        steps: window.steps,
        state: state.layers[place],
        resets: window.resets,
        memory: memory.recurrent[place],
        team: team
      )
      try copy(memory.recurrent[place].output, to: memory.inputs[place + 1], rows, team)
    }
    try drop(recurrent.count)
  }

  /// W x of the lowest recurrent layer for every word [V × G·H].
  ///
  /// - Returns: nil for feed-forward networks.
  func inputSums(team: Team) throws -> FloatMatrix? {
    guard let layer = recurrent.first else { return nil }
    let sums = FloatMatrix(rows: vectors.values.rows, columns: layer.input.values.rows)
    try team.multiply(
      vectors.tensor.operand,
      layer.input.tensor.operand.transposed,
      into: sums
    )
    return sums
  }

  /// Reads one word of some of the lanes.
  ///
  /// - Parameters:
  ///   - window: a window of one step, with a row for each lane of `tiles`.
  ///   - tiles: the lanes, as in `RecurrentLayer.step`.
  ///   - state: what was read before; becomes what was read.
  ///   - memory: receives the features of each row.
  ///   - inputSums: what `inputSums(team:)` gave; nil to multiply anew.
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  func step(
    _ window: WordWindow,
    tiles: [Range<Int>],
    state: NetworkState,
    memory: NetworkMemory,
    inputSums: FloatMatrix?,
    team: Team
  ) throws {
    if recurrent.isEmpty {
      try read(window, state: state, memory: memory, number: nil, team: team)
      return
    }
    let words = window.lastWords(1)
    if inputSums == nil { try embedding.forward(words, output: memory.inputs[0], team: team) }
    for (place, layer) in recurrent.enumerated() {
      let vectors = RecurrentLayer.StepInput.vectors(memory.inputs[place])
      try layer.step(
        place > 0 ? vectors : inputSums.map { .sums($0, rows: words) } ?? vectors,
        tiles: tiles,
        state: state.layers[place],
        memory: memory.recurrent[place],
        team: team
      )
      try copy(memory.recurrent[place].output, to: memory.inputs[place + 1], window.rows, team)
      memory.inputs[place + 1].round(rows: 0..<window.rows)
    }
  }

  private func copy(_ values: FloatMatrix, to target: Tensor, _ rows: Int, _ team: Team) throws {
    try team.overRows(rows) { range, _ in
      target.values.copyRows(range, of: values, to: range.lowerBound)
    }
  }

  /// The gradient of all parameters, from that of the features.
  ///
  /// - Parameters:
  ///   - window: what was read.
  ///   - memory: `dFeatures` holds the gradient of the features.
  ///   - everyStep: see `RecurrentLayer.backward`; of the topmost layer.
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  func goBack(
    _ window: WordWindow,
    memory: NetworkMemory,
    everyStep: FloatMatrix? = nil,
    team: Team
  ) throws {
    let rows = window.rows
    func drop(_ place: Int) throws {
      try dropouts[place].backward(
        memory.gradients[place],
        rows: rows,
        mask: memory.masks[place],
        team: team
      )
    }
    if let hidden {
      let (dContext, dHidden) = (memory.gradients[0], memory.gradients[1])
      try joining?.backward(
        memory.dFeatures,
        rows: rows,
        parts: [dHidden, nil],
        accumulating: false,
        team: team
      )
      try drop(1)
      try copy(dHidden, to: memory.dHiddenOutput, rows, team)
      try hidden.backward(
        memory.inputs[0],
        rows: rows,
        output: memory.hiddenOutput,
        dOutput: memory.dHiddenOutput,
        dInput: dContext,
        team: team
      )
      try joining?.backward(
        memory.dFeatures,
        rows: rows,
        parts: [nil, dContext],
        accumulating: true,
        team: team
      )
      try drop(0)
      try context.backward(
        window.lastWords(options.order - 1),
        dOutput: dContext,
        adding: options.isTied,
        team: team
      )
      return
    }
    for (place, layer) in recurrent.enumerated().reversed() {
      try drop(place + 1)
      memory.recurrent[place].dState.reset()
      try layer.backward(
        memory.inputs[place],
        steps: window.steps,
        dOutput: memory.gradients[place + 1],
        resets: window.resets,
        memory: memory.recurrent[place],
        dInput: memory.gradients[place],
        everyStep: place == recurrent.count - 1 ? everyStep : nil,
        team: team
      )
    }
    try drop(0)
    try embedding.backward(
      window.lastWords(1),
      dOutput: memory.gradients[0],
      adding: options.isTied,
      team: team
    )
  }
}
