public import GramdexNeural

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A network that reads words and says how likely the next one is: word vectors, recurrent layers, a soft-max.
///
/// Words are numbers of its short list. What is learned is in `parameters`; what it remembers of the words so far is a
/// `NetworkState`; what a window needs is a `NetworkMemory`, whose size does not depend on the length of the text.
public final class WordNetwork: Sendable {
  /// What it is made of.
  public let options: NetworkOptions
  /// The number of words, V.
  public let vocabularySize: Int
  /// What products round to.
  public let precision: Precision
  package let embedding: EmbeddingLayer
  package let recurrent: [RecurrentLayer]
  let output: SoftmaxOutput
  let dropouts: [DropoutLayer]

  /// Makes a network of zeros.
  ///
  /// - Parameters:
  ///   - options: what it is made of.
  ///   - vocabularySize: the number of words, V.
  ///   - learns: whether parameters keep gradients.
  ///   - precision: what products round to.
  ///   - seed: decides what dropout hides.
  public init(
    _ options: NetworkOptions,
    vocabularySize: Int,
    learns: Bool,
    precision: Precision,
    seed: UInt64 = 1
  ) {
    self.options = options
    self.vocabularySize = vocabularySize
    self.precision = precision
    func parameter(
      _ name: String,
      _ rows: Int,
      _ columns: Int,
      _ form: Parameter.GradientForm = .dense
    ) -> Parameter {
      Parameter(
        name,
        rows: rows,
        columns: columns,
        gradient: learns ? form : .none,
        precision: precision
      )
    }
    let vectors = parameter("embedding.weight", vocabularySize, options.embedding, .rows)
    embedding = EmbeddingLayer(weight: vectors)
    let cell = options.cell ?? .lstm
    recurrent = (0..<options.layers).map { layer in
      let below = layer == 0 ? options.embedding : options.hidden
      let size = cell.gates * options.hidden
      return RecurrentLayer(
        cell: cell,
        input: parameter("recurrent.\(layer).input", size, below),
        recurrent: parameter("recurrent.\(layer).recurrent", size, options.hidden),
        bias: parameter("recurrent.\(layer).bias", 1, size),
        recurrentBias: cell == .gru ? parameter("recurrent.\(layer).recurrent_bias", 1, size) : nil
      )
    }
    let form: Parameter.GradientForm = options.softmax == .noise ? .rows : .dense
    output = SoftmaxOutput(
      weight: parameter("output.weight", vocabularySize, options.hidden, form),
      bias: options.softmax == .noise
        ? parameter("output.bias", vocabularySize, 1, .rows)
        : parameter("output.bias", 1, vocabularySize)
    )
    dropouts = (0...options.layers).map {
      DropoutLayer(rate: options.dropout, seed: seed, purpose: "dropout \($0)")
    }
  }

  /// Everything that is learned, in a fixed order.
  public var parameters: [Parameter] {
    [embedding.weight] + recurrent.flatMap(\.parameters) + [output.weight, output.bias]
  }

  /// How many numbers are learned.
  public var parameterCount: Int {
    parameters.reduce(0) { $0 + $1.count }
  }

  /// Gives the parameters the values that training begins with.
  ///
  /// Weights are uniform in ±1/√H, word vectors and the soft-max's in ±0.1; biases are 0, a forget gate's 1
  /// (Józefowicz 2015), and the soft-max's ln q(word), so that the network begins as a unigram model that sums to one.
  public func initialize(seed: UInt64, frequencies: [Double]) {
    embedding.weight.randomize(bound: 0.1, seed: seed)
    output.weight.randomize(bound: 0.1, seed: seed)
    let total = frequencies.reduce(0, +)
    for (word, frequency) in frequencies.enumerated() {
      output.bias.values[word] = Float((frequency / total).logarithm)
    }
    let hidden = options.hidden
    let bound = 1 / Float(hidden).squareRoot()
    for layer in recurrent {
      layer.input.randomize(bound: bound, seed: seed)
      layer.recurrent.randomize(bound: bound, seed: seed)
      if options.architecture == .irnn { setIdentity(layer.recurrent) }
      if layer.cell == .lstm {
        for unit in hidden..<2 * hidden { layer.bias.values[unit] = 1 }
      }
    }
  }

  private func setIdentity(_ weight: Parameter) {
    weight.values.fill(0)
    for unit in 0..<options.hidden { weight.values[unit, unit] = options.identityScale }
    weight.tensor.round()
  }

  /// The state that knows no words.
  public func makeState(lanes: Int) -> NetworkState {
    NetworkState(
      layers: recurrent.map {
        RecurrentState(cell: $0.cell, hidden: $0.hiddenSize, lanes: lanes)
      }
    )
  }

  /// How many numbers a lane's state has.
  public var stateSize: Int {
    recurrent.reduce(0) { $0 + $1.hiddenSize * ($1.cell == .lstm ? 2 : 1) }
  }

  /// Reads a window of words.
  ///
  /// - Parameters:
  ///   - window: the words and where the state is reset.
  ///   - state: what was read before; becomes what was read.
  ///   - memory: receives the features of each row, in `features`.
  ///   - number: the number of the window since training began, which decides what dropout hides; nil when nothing is
  ///     learned.
  public func read(
    _ window: WordWindow,
    state: NetworkState,
    memory: NetworkMemory,
    number: Int?,
    team: Team
  ) throws {
    let rows = window.rows
    try embedding.forward(window.lastWords, output: memory.inputs[0], team: team)
    for (place, layer) in recurrent.enumerated() {
      try drop(place, memory.inputs[place], rows, memory, number, team)
      try layer.forward(
        memory.inputs[place],
        steps: window.steps,
        state: state.layers[place],
        resets: window.resets,
        memory: memory.recurrent[place],
        team: team
      )
      let above = memory.inputs[place + 1]
      let below = memory.recurrent[place].output
      try team.overRows(rows) { range, _ in
        above.values.copyRows(range, of: below, to: range.lowerBound)
      }
    }
    try drop(recurrent.count, memory.features, rows, memory, number, team)
  }

  private func drop(
    _ place: Int,
    _ values: Tensor,
    _ rows: Int,
    _ memory: NetworkMemory,
    _ number: Int?,
    _ team: Team
  ) throws {
    try dropouts[place].forward(
      values,
      rows: rows,
      mask: number == nil ? nil : memory.masks[place],
      window: number ?? 0,
      team: team
    )
  }

  /// The gradient of all parameters, from that of the features.
  ///
  /// - Parameter everyStep: see `RecurrentLayer.backward`; of the topmost layer.
  func goBack(
    _ window: WordWindow,
    memory: NetworkMemory,
    everyStep: FloatMatrix? = nil,
    team: Team
  ) throws {
    let rows = window.rows
    for (place, layer) in recurrent.enumerated().reversed() {
      let above = memory.gradients[place + 1]
      try dropouts[place + 1].backward(
        above,
        rows: rows,
        mask: memory.masks[place + 1],
        team: team
      )
      memory.recurrent[place].dState.reset()
      try layer.backward(
        memory.inputs[place],
        steps: window.steps,
        dOutput: above,
        resets: window.resets,
        memory: memory.recurrent[place],
        dInput: memory.gradients[place],
        everyStep: place == recurrent.count - 1 ? everyStep : nil,
        team: team
      )
    }
    try dropouts[0].backward(memory.gradients[0], rows: rows, mask: memory.masks[0], team: team)
    try embedding.backward(window.lastWords, dOutput: memory.gradients[0], team: team)
  }

  /// ln P of the targets of a window that was read: element i of the result [1 × rows], 0 where the target is negative.
  public func logProbabilities(_ window: WordWindow, memory: NetworkMemory, team: Team) throws
    -> FloatMatrix
  {
    let result = FloatMatrix(rows: 1, columns: window.rows)
    try output.logProbabilities(
      memory.features,
      targets: window.targets,
      into: result,
      team: team
    )
    return result
  }
}

extension WordNetwork {
  /// ln P of all words after each row that was read [rows × V].
  public func distributions(
    memory: NetworkMemory,
    rows: Int,
    into logProbabilities: FloatMatrix,
    team: Team
  ) throws {
    try output.distributions(memory.features, rows: rows, into: logProbabilities, team: team)
  }
}

extension Double {
  fileprivate var logarithm: Double { log(self) }
}
