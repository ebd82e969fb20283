public import GramdexNeural

/// A piece of text in several lanes, in time-major order: step t of lane b is row t·B + b.
public struct WordWindow: Sendable {
  /// How many words before the target each row has, h: 1 for a recurrent network without n-gram features.
  public var history: Int
  /// The words before each target, oldest first [rows × h].
  public var inputs: [Int32]
  /// The words to predict [rows]; −1 for none.
  public var targets: [Int32]
  /// Before which rows the state is that before a text; nil for none.
  public var resets: [Bool]?
  /// The number of steps.
  public var steps: Int

  /// A window of these words.
  public init(
    history: Int = 1,
    inputs: [Int32],
    targets: [Int32],
    resets: [Bool]? = nil,
    steps: Int
  ) {
    precondition(inputs.count == targets.count * history)
    self.history = history
    self.inputs = inputs
    self.targets = targets
    self.resets = resets
    self.steps = steps
  }

  /// The number of rows.
  public var rows: Int { targets.count }

  /// The last `count` words before each target, oldest first.
  func lastWords(_ count: Int) -> [Int32] {
    if history == count { return inputs }
    var words: [Int32] = []
    words.reserveCapacity(rows * count)
    for row in 0..<rows {
      let end = (row + 1) * history
      words += inputs[end - count..<end]
    }
    return words
  }
}

/// What a network remembers of the words so far: one row a lane.
public final class NetworkState: Sendable {
  /// The state of each recurrent layer.
  public let layers: [RecurrentState]

  init(layers: [RecurrentState]) {
    self.layers = layers
  }

  /// Forgets everything.
  public func reset() {
    for layer in layers { layer.reset() }
  }

  /// Takes the state of as many lanes.
  public func copy(from other: NetworkState) {
    for (own, other) in zip(layers, other.layers) {
      own.hidden.copy(from: other.hidden)
      if let ownCell = own.cell, let otherCell = other.cell { ownCell.copy(from: otherCell) }
    }
  }

  /// The numbers of a state of one lane, in the order of `matrices`.
  var numbers: [Float] {
    matrices.flatMap(\.elements)
  }

  /// Sets the numbers of a state of one lane, which are as many as `numbers` gives.
  func set(_ numbers: [Float]) {
    var place = 0
    for matrix in matrices {
      for column in 0..<matrix.count {
        matrix[column] = numbers[place]
        place += 1
      }
    }
  }

  /// Its matrices, in a fixed order.
  public var matrices: [FloatMatrix] {
    layers.flatMap { [$0.hidden] + ($0.cell.map { [$0] } ?? []) }
  }
}

/// What a network needs of a window.
public final class NetworkMemory: Sendable {
  /// The most steps of a window.
  public let steps: Int
  /// The number of lanes.
  public let lanes: Int
  /// What the soft-max reads [rows × F].
  public let features: Tensor
  /// The gradient of the features; empty unless something is learned.
  let dFeatures: FloatMatrix
  /// The input of each layer, and what the last one gives.
  let inputs: [Tensor]
  /// The gradients of `inputs`; empty unless something is learned.
  let gradients: [FloatMatrix]
  /// What dropout multiplied `inputs` by; empty matrices unless it does.
  let masks: [FloatMatrix]
  let recurrent: [RecurrentMemory]
  /// The hidden units of a feed-forward network before dropout, and their gradient.
  let hiddenOutput: Tensor
  let dHiddenOutput: Tensor
  /// The n-gram features of each row; nil for a network without.
  let ngrams: NGramWindow?

  /// Room for windows of up to `steps` steps of `lanes` lanes.
  ///
  /// - Parameters:
  ///   - network: the network.
  ///   - steps: the most steps of a window.
  ///   - lanes: the number of lanes.
  ///   - learns: whether there is room for gradients.
  ///   - isFixed: whether parameters stay as they are while this is used, so that what products make of them may be kept.
  public init(
    _ network: WordNetwork,
    steps: Int,
    lanes: Int,
    learns: Bool,
    isFixed: Bool = false
  ) {
    self.steps = steps
    self.lanes = lanes
    let rows = steps * lanes
    let body = network.body
    let sizes = body.layerSizes
    inputs = sizes.map { Tensor(rows: rows, columns: $0, precision: network.precision) }
    gradients = sizes.map { FloatMatrix(rows: learns ? rows : 0, columns: $0) }
    let hides = learns && network.options.dropout > 0
    masks = sizes.map { FloatMatrix(rows: hides ? rows : 0, columns: $0) }
    recurrent = body.recurrent.map {
      RecurrentMemory(
        $0,
        steps: steps,
        lanes: lanes,
        precision: network.precision,
        isFixed: isFixed
      )
    }
    let size = body.isFeedForward ? network.options.hidden : 0
    hiddenOutput = Tensor(
      rows: size > 0 ? rows : 0,
      columns: size,
      precision: network.precision
    )
    dHiddenOutput = Tensor(
      rows: size > 0 && learns ? rows : 0,
      columns: size,
      precision: network.precision
    )
    let last = sizes.count - 1
    features =
      body.isJoined
      ? Tensor(rows: rows, columns: body.featureSize, precision: network.precision)
      : inputs[last]
    dFeatures =
      body.isJoined
      ? FloatMatrix(rows: learns ? rows : 0, columns: body.featureSize) : gradients[last]
    ngrams = network.ngrams.map {
      NGramWindow(
        $0,
        rows: rows,
        width: learns
          ? network.output.ngramWidth(noiseSamples: network.options.noiseSamples) : 0
      )
    }
  }
}
