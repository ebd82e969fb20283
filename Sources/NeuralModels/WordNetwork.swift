public import GramdexNeural

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A network that reads words and says how likely the next one is: word vectors, hidden layers, a soft-max.
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
  let body: NetworkBody
  let output: NetworkOutput
  let ngrams: NGramFeatures?
  private let classTable: Parameter?

  /// Makes a network of zeros.
  ///
  /// - Parameters:
  ///   - options: what it is made of.
  ///   - vocabularySize: the number of words, V.
  ///   - classes: the class of each word, for a class soft-max; nil gives each word the class 0.
  ///   - learns: whether parameters keep gradients.
  ///   - precision: what products round to.
  ///   - seed: decides what dropout hides.
  public init(
    _ options: NetworkOptions,
    vocabularySize: Int,
    classes: [Int32]? = nil,
    learns: Bool,
    precision: Precision,
    seed: UInt64 = 1
  ) {
    self.options = options
    self.vocabularySize = vocabularySize
    self.precision = precision
    let factory = ParameterFactory(learns: learns, precision: precision)
    let isNoise = options.softmax == .noise
    // Tied weights have one gradient for both their uses: of all rows, or of those that either use touches.
    let vectors = factory.make(
      "embedding.weight",
      vocabularySize,
      options.embedding,
      options.isTied && !isNoise ? .dense : .rows
    )
    body = NetworkBody(options, vectors: vectors, factory: factory, seed: seed)
    let size = body.featureSize
    func softmax() -> SoftmaxOutput {
      SoftmaxOutput(
        weight: options.isTied
          ? vectors
          : factory.make("output.weight", vocabularySize, size, isNoise ? .rows : .dense),
        bias: isNoise
          ? factory.make("output.bias", vocabularySize, 1, .rows)
          : factory.make("output.bias", 1, vocabularySize)
      )
    }
    var table: Parameter?
    switch options.softmax {
    case .full: output = .full(softmax())
    case .noise: output = .noise(softmax())
    case .classes:
      let classes = classes ?? Array(repeating: 0, count: vocabularySize)
      let known = OutcomeClasses(classes)
      let kept = Parameter(
        "classes.of",
        rows: 1,
        columns: vocabularySize,
        gradient: .none,
        precision: .float32
      )
      for (word, number) in classes.enumerated() { kept.values[word] = Float(number) }
      table = kept
      output = .classes(
        ClassSoftmaxOutput(
          weight: factory.make("output.weight", vocabularySize, size, .rows),
          bias: factory.make("output.bias", vocabularySize, 1, .rows),
          classWeight: factory.make("classes.weight", known.count, size),
          classBias: factory.make("classes.bias", 1, known.count),
          classes: known
        )
      )
    case .adaptive:
      let starts = options.clusterStarts(vocabularySize: vocabularySize)
      let tails = zip(starts, starts.dropFirst() + [vocabularySize]).enumerated().map {
        place,
        range in
        let inner = AdaptiveSoftmaxOutput.projectionSize(features: size, cluster: place, div: 4)
        return AdaptiveSoftmaxOutput.Tail(
          projection: factory.make("tail.\(place).projection", inner, size),
          weight: factory.make("tail.\(place).weight", range.1 - range.0, inner)
        )
      }
      let decisions = (starts.first ?? vocabularySize) + tails.count
      output = .adaptive(
        AdaptiveSoftmaxOutput(
          headWeight: factory.make("head.weight", decisions, size),
          headBias: factory.make("head.bias", 1, decisions),
          tails: tails
        )
      )
    }
    classTable = table
    ngrams =
      options.ngramOrder > 0
      ? NGramFeatures(
        tables: (0..<options.ngramOrder).map {
          NGramFeatures.table(
            history: $0,
            bits: options.ngramBits,
            gradient: learns ? .rows : .none
          )
        }
      ) : nil
  }

  /// Everything that is stored, in a fixed order: what is learned, and the table of classes.
  public var parameters: [Parameter] {
    let outputs = output.parameters.filter { !(options.isTied && $0 === body.vectors) }
    return body.parameters + outputs + (ngrams?.tables ?? []) + (classTable.map { [$0] } ?? [])
  }

  /// The class of each word, for a class soft-max; nil for others.
  var classes: [Int32]? {
    classTable.map { table in (0..<table.count).map { Int32(table.values[$0]) } }
  }

  /// How many numbers are learned.
  public var parameterCount: Int {
    parameters.reduce(0) { $0 + ($1 === classTable ? 0 : $1.count) }
  }

  /// Gives the parameters the values that training begins with.
  ///
  /// Weights are uniform in ±1/√H, word vectors and the soft-max's in ±0.1; biases are 0, a forget gate's 1
  /// (Józefowicz 2015), and the soft-max's ln q(word), so that the network begins as a unigram model that sums to one.
  public func initialize(seed: UInt64, frequencies: [Double]) {
    output.initialize(seed: seed, frequencies: frequencies)
    body.initialize(seed: seed)
  }

  /// The state that knows no words.
  public func makeState(lanes: Int) -> NetworkState {
    NetworkState(
      layers: body.recurrent.map {
        RecurrentState(cell: $0.cell, hidden: $0.hiddenSize, lanes: lanes)
      }
    )
  }

  /// The recurrent layers, the lowest first; none in a feed-forward network.
  package var recurrent: [RecurrentLayer] { body.recurrent }
  /// The vectors of words as a layer.
  package var embedding: EmbeddingLayer { EmbeddingLayer(weight: body.vectors) }

  /// How many numbers a lane's state has.
  public var stateSize: Int {
    body.recurrent.reduce(0) { $0 + $1.hiddenSize * ($1.cell == .lstm ? 2 : 1) }
  }

  /// Reads a window of words.
  ///
  /// - Parameters:
  ///   - window: the words and where the state is reset.
  ///   - state: what was read before; becomes what was read.
  ///   - memory: receives the features of each row, in `features`.
  ///   - number: the number of the window since training began, which decides what dropout hides; nil when nothing is
  ///     learned.
  ///   - team: the threads.
  /// - Throws: what `Team.run` throws.
  public func read(
    _ window: WordWindow,
    state: NetworkState,
    memory: NetworkMemory,
    number: Int?,
    team: Team
  ) throws {
    memory.ngrams?.begin(histories: window.inputs, rows: window.rows)
    try body.read(window, state: state, memory: memory, number: number, team: team)
  }

  /// W x of the lowest recurrent layer for every word [V × G·H]; nil for feed-forward networks.
  func inputSums(team: Team) throws -> FloatMatrix? { try body.inputSums(team: team) }

  /// How many numbers `inputSums` holds; 0 for feed-forward networks.
  var inputSumCount: Int {
    vocabularySize * (body.recurrent.first?.input.values.rows ?? 0)
  }

  /// Reads one word of some lanes: see `NetworkBody.step`.
  func step(
    _ window: WordWindow,
    tiles: [Range<Int>],
    state: NetworkState,
    memory: NetworkMemory,
    inputSums: FloatMatrix?,
    team: Team
  ) throws {
    memory.ngrams?.begin(histories: window.inputs, rows: window.rows)
    try body.step(
      window,
      tiles: tiles,
      state: state,
      memory: memory,
      inputSums: inputSums,
      team: team
    )
  }

  /// Whether it was trained to normalize itself, so that logits are nearly ln P.
  public var normalizesItself: Bool {
    if case .noise = output { true } else { false }
  }

  /// ln P of the targets of a window that was read: element i of the result [1 × rows], 0 where the target is negative.
  public func logProbabilities(
    _ window: WordWindow,
    memory: NetworkMemory,
    team: Team
  ) throws -> FloatMatrix {
    let result = FloatMatrix(rows: 1, columns: window.rows)
    try output.logProbabilities(
      memory.features,
      targets: window.targets,
      extra: memory.ngrams,
      into: result,
      team: team
    )
    return result
  }

  /// The weights of a soft-max over all words, for tiles of `rows` rows; nil for other forms.
  func packedOutput(rows: Int, team: Team) throws -> PackedOperand? {
    switch output {
    case .full(let output), .noise(let output): try output.packed(rows: rows, team: team)
    case .classes, .adaptive: nil
    }
  }

  /// ln P of some words after each row of a window of one step that was read by `step`.
  ///
  /// - Parameters:
  ///   - choices: the words after each row; rows after the last of them are not asked.
  ///   - window: what was read.
  ///   - tiles: the lanes, as in `step`.
  ///   - memory: what `step` left.
  ///   - packed: what `packedOutput` gave; nil to take the logits of a network that normalizes itself as they are.
  ///   - team: the threads.
  /// - Returns: an element for each word, and perhaps some that mean nothing.
  /// - Throws: what `Team.run` throws.
  func logProbabilities(
    of choices: OutcomeChoices,
    window: WordWindow,
    tiles: [Range<Int>],
    memory: NetworkMemory,
    packed: PackedOperand?,
    team: Team
  ) throws -> FloatMatrix {
    let result = FloatMatrix(rows: 1, columns: (choices.outcomes.count + 15) / 16 * 16)
    switch output {
    case .full(let output), .noise(let output):
      guard let packed else {
        try output.logits(
          of: choices,
          memory.features,
          extra: memory.ngrams,
          into: result,
          team: team
        )
        break
      }
      try output.logProbabilities(
        of: choices,
        memory.features,
        tiles: tiles,
        packed: packed,
        extra: memory.ngrams,
        into: result,
        team: team
      )
    case .classes, .adaptive:
      // Each word has its own class or cluster, so each gets a row; their number is one of a few, for each takes code of its own.
      let places = choices.rowOfEach
      let rows = places + Array(repeating: 0, count: (16 - places.count % 16) % 16)
      let features = Tensor(
        rows: rows.count,
        columns: memory.features.columns,
        precision: precision
      )
      for (place, row) in rows.enumerated() {
        features.values.copyRows(Int(row)..<Int(row) + 1, of: memory.features.values, to: place)
      }
      features.round()
      let ngrams = self.ngrams.map { NGramWindow($0, rows: rows.count, width: 0) }
      ngrams?.begin(
        histories: rows.flatMap { row in
          window.inputs[Int(row) * window.history..<(Int(row) + 1) * window.history]
        },
        rows: rows.count
      )
      try output.logProbabilities(
        features,
        targets: choices.outcomes + Array(repeating: -1, count: rows.count - places.count),
        extra: ngrams,
        into: result,
        team: team
      )
    }
    return result
  }

  /// ln P of all words after each row that was read [rows × V].
  public func distributions(
    memory: NetworkMemory,
    rows: Int,
    into logProbabilities: FloatMatrix,
    team: Team
  ) throws {
    try output.distributions(
      memory.features,
      rows: rows,
      extra: memory.ngrams,
      into: logProbabilities,
      team: team
    )
  }
}

/// Makes the parameters of a network.
struct ParameterFactory {
  let learns: Bool
  let precision: Precision

  func make(
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
}

extension Double {
  /// ln x.
  var naturalLogarithm: Double { log(self) }
}
