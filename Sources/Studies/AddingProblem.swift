public import GramdexNeural

/// The adding problem (Hochreiter & Schmidhuber 1997, experiment 4; Le 2015, section 4.1): sequences of two channels, a number
/// uniform in [0, 1) and a mark that is 1 at two steps, one in each half, and 0 elsewhere. What is asked at the end is
/// the sum of the two marked numbers.
///
/// Who always says 1 has a mean square error of 1/6, the variance of a sum of two uniform numbers.
public struct AddingProblem: Sendable {
  /// The error of the constant 1.
  public static let baseline = 1.0 / 6

  /// Steps of a sequence, T; at least 2.
  public let length: Int
  /// Decides the sequences.
  public let seed: UInt64

  /// The problem of a length.
  public init(length: Int, seed: UInt64) {
    precondition(length >= 2)
    self.length = length
    self.seed = seed
  }

  /// Writes `lanes` sequences.
  ///
  /// - Parameters:
  ///   - name: tells sets of sequences apart.
  ///   - number: the number of the batch in the set.
  ///   - lanes: how many sequences, B.
  ///   - inputs: receives them in time-major order [T·B × 2].
  ///   - targets: receives the sums [B × 1].
  public func generate(
    _ name: String,
    number: Int,
    lanes: Int,
    inputs: FloatMatrix,
    targets: FloatMatrix
  ) {
    var random = CountedRandom(seed: seed, purpose: "adding \(name) \(length) \(number)")
    let half = length / 2
    for lane in 0..<lanes {
      let marks = [
        Int(random.next() % UInt64(half)), half + Int(random.next() % UInt64(length - half)),
      ]
      targets[lane] = 0
      for step in 0..<length {
        let row = step * lanes + lane
        let value = random.uniform()
        let isMarked = marks.contains(step)
        inputs[row, 0] = value
        inputs[row, 1] = isMarked ? 1 : 0
        if isMarked { targets[lane] += value }
      }
    }
  }
}

/// A recurrent network that reads a sequence of numbers and answers with a number at its end.
///
/// T steps, B lanes, H hidden units.
final class SequenceNetwork {
  let layer: RecurrentLayer
  let output: SquaredErrorOutput
  let length: Int
  let lanes: Int
  private let inputs: Tensor
  private let targets: FloatMatrix
  private let memory: RecurrentMemory
  private let state: RecurrentState
  private let features: Tensor
  private let dFeatures: FloatMatrix
  private let dOutput: FloatMatrix
  private let dAnswer: Tensor
  private let moments: [[FloatMatrix]]
  private let optimizer: Optimizer
  private let clip: Double
  private let team: Team
  private var steps = 0

  /// A network with first weights by the seed.
  ///
  /// Weights are uniform in ±1/√H, but the recurrent ones of an IRNN, which are the identity, and its input's, which are small
  /// (Le 2015); biases are 0, a forget gate's 1 (Józefowicz 2015).
  init(
    _ cell: StudyCell,
    hidden: Int,
    length: Int,
    lanes: Int,
    rate: Float,
    clip: Double,
    seed: UInt64,
    team: Team
  ) {
    func parameter(_ name: String, _ rows: Int, _ columns: Int) -> Parameter {
      Parameter(name, rows: rows, columns: columns, gradient: .dense, precision: .float32)
    }
    let size = cell.cell.gates * hidden
    layer = RecurrentLayer(
      cell: cell.cell,
      input: parameter("input", size, 2),
      recurrent: parameter("recurrent", size, hidden),
      bias: parameter("bias", 1, size),
      recurrentBias: cell == .gru ? parameter("recurrent_bias", 1, size) : nil
    )
    output = SquaredErrorOutput(
      weight: parameter("output.weight", 1, hidden),
      bias: parameter("output.bias", 1, 1)
    )
    let bound = 1 / Float(hidden).squareRoot()
    layer.input.randomize(bound: bound, seed: seed)
    layer.recurrent.randomize(bound: bound, seed: seed)
    output.weight.randomize(bound: bound, seed: seed)
    if cell == .irnn {
      layer.input.randomize(bound: Self.smallBound, seed: seed)
      layer.recurrent.values.fill(0)
      for unit in 0..<hidden { layer.recurrent.values[unit, unit] = 1 }
    }
    if cell == .lstm {
      for unit in hidden..<2 * hidden { layer.bias.values[unit] = 1 }
    }
    self.length = length
    self.lanes = lanes
    inputs = Tensor(rows: length * lanes, columns: 2, precision: .float32)
    targets = FloatMatrix(rows: lanes, columns: 1)
    memory = RecurrentMemory(layer, steps: length, lanes: lanes, precision: .float32)
    state = RecurrentState(cell: cell.cell, hidden: hidden, lanes: lanes)
    features = Tensor(rows: lanes, columns: hidden, precision: .float32)
    dFeatures = FloatMatrix(rows: lanes, columns: hidden)
    dOutput = FloatMatrix(rows: length * lanes, columns: hidden)
    dAnswer = Tensor(rows: lanes, columns: 1, precision: .float32)
    let optimizer = Optimizer(.adam, rate: rate)
    self.optimizer = optimizer
    moments = (layer.parameters + output.parameters).map { optimizer.makeMoments($0) }
    self.clip = clip
    self.team = team
  }

  /// The bound of an IRNN's first input weights.
  private static let smallBound: Float = 0.05

  private func read(_ problem: AddingProblem, _ set: String, _ number: Int) throws {
    problem.generate(set, number: number, lanes: lanes, inputs: inputs.values, targets: targets)
    state.reset()
    try layer.forward(inputs, steps: length, state: state, memory: memory, team: team)
    features.values.copy(from: state.hidden)
  }

  /// Learns a batch; returns its mean square error, which is not finite when the network has exploded.
  func learn(_ problem: AddingProblem, number: Int) throws -> Double {
    try read(problem, "training", number)
    let error = try output.learn(
      features,
      targets: targets,
      factor: 1 / Float(lanes),
      dOutput: dAnswer,
      dx: dFeatures,
      team: team
    )
    // Only the last step has an error; the others' rows stay zero.
    dOutput.copyRows(0..<lanes, of: dFeatures, to: (length - 1) * lanes)
    memory.dState.reset()
    try layer.backward(
      inputs,
      steps: length,
      dOutput: dOutput,
      memory: memory,
      dInput: nil,
      team: team
    )
    let parameters = layer.parameters + output.parameters
    let norm = try parameters.reduce(0.0) { try $0 + Optimizer.sumOfSquares($1, team: team) }
      .squareRoot()
    guard error.isFinite, norm.isFinite else { return .infinity }
    steps += 1
    for (parameter, moments) in zip(parameters, moments) {
      try optimizer.update(
        parameter,
        moments: moments,
        factor: Float(norm > clip ? clip / norm : 1),
        step: steps,
        team: team
      )
    }
    return error / Double(lanes)
  }

  /// The mean square error over test sequences.
  func test(_ problem: AddingProblem, batches: Int) throws -> Double {
    let answers = FloatMatrix(rows: lanes, columns: 1)
    var sum = 0.0
    for number in 0..<batches {
      try read(problem, "test", number)
      try output.predict(features, rows: lanes, into: answers, team: team)
      for lane in 0..<lanes {
        let error = Double(answers[lane] - targets[lane])
        sum += error * error
      }
    }
    return sum / Double(batches * lanes)
  }
}
