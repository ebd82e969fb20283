public import GramdexNeural

/// Trains a network window by window: the gradient of a window by truncated back-propagation through time (Werbos 1990),
/// clipped by its norm (Pascanu 2013), and one step of the optimiser.
///
/// The loss of a window is the sum over its steps of −ln P, averaged over lanes. Every step's error goes back to the
/// first step of the window; the state is carried from one window to the next.
public final class NetworkLearner {
  /// What happened in a window.
  public struct Step: Sendable {
    /// Words that were predicted.
    public var words: Int
    /// The loss in nats, summed over words: −ln P of the exact soft-max, or that of noise contrast.
    public var loss: Double
    /// −ln P of the targets as the network has it without normalising, summed; equals `loss` but for noise contrast.
    public var unnormalizedLoss: Double
    /// The norm of the gradient before it was clipped.
    public var gradientNorm: Double
  }

  /// The network that learns.
  public let network: WordNetwork
  /// The state of the lanes.
  public let state: NetworkState
  /// How parameters follow their gradients.
  public var optimizer: Optimizer
  /// The greatest norm of the gradient of a window.
  public let clip: Double
  /// Windows so far; changed when training is resumed.
  public package(set) var windows = 0
  /// What the optimiser remembers: of each parameter, in the order of `network.parameters`.
  public let moments: [[FloatMatrix]]
  let memory: NetworkMemory
  private let loss: NetworkLoss
  private let team: Team

  /// Prepares training.
  ///
  /// - Parameters:
  ///   - network: its parameters keep gradients.
  ///   - optimizer: how parameters follow them.
  ///   - clip: the greatest norm of a gradient.
  ///   - steps: the steps of a window.
  ///   - lanes: the lanes of a window.
  ///   - frequencies: how often each word occurs in the training text; positive.
  ///   - seed: decides the noise.
  ///   - team: the threads.
  public init(
    _ network: WordNetwork,
    optimizer: Optimizer,
    clip: Double,
    steps: Int,
    lanes: Int,
    frequencies: [Double],
    seed: UInt64,
    team: Team
  ) {
    self.network = network
    self.optimizer = optimizer
    self.clip = clip
    self.team = team
    state = network.makeState(lanes: lanes)
    moments = network.parameters.map { optimizer.makeMoments($0) }
    memory = NetworkMemory(network, steps: steps, lanes: lanes, learns: true)
    let rows = steps * lanes
    loss = NetworkLoss(network, rows: rows, frequencies: frequencies, seed: seed)
  }

  /// Learns a window.
  ///
  /// - Throws: `NeuralError.notFinite` when the loss or the gradient is not a number; the parameters are then as before.
  public func learn(_ window: WordWindow) throws -> Step {
    try network.read(window, state: state, memory: memory, number: windows, team: team)
    var step = try computeLoss(window)
    try network.body.goBack(window, memory: memory, team: team)
    var squares = 0.0
    for parameter in network.parameters {
      squares += try Optimizer.sumOfSquares(parameter, team: team)
    }
    step.gradientNorm = squares.squareRoot()
    guard step.loss.isFinite, step.gradientNorm.isFinite else {
      throw NeuralError.notFinite("the loss or its gradient")
    }
    windows += 1
    let factor = step.gradientNorm > clip ? clip / step.gradientNorm : 1
    for (parameter, moments) in zip(network.parameters, moments) {
      try optimizer.update(
        parameter,
        moments: moments,
        factor: Float(factor),
        step: windows,
        team: team
      )
    }
    return step
  }

  /// The mean norm, over lanes, of the gradient of the last step's loss with respect to the topmost layer's state
  /// 1, 5 and 20 steps earlier (`TrainingReport.distances`), as far as the window reaches back; nothing is learned.
  ///
  /// Cost: that of learning the window.
  public func normsAtDistance(_ window: WordWindow) throws -> [Double] {
    guard let top = network.body.recurrent.last else { return [] }
    let lanes = memory.lanes
    let before = network.makeState(lanes: lanes)
    before.copy(from: state)
    defer { state.copy(from: before) }
    try network.read(window, state: state, memory: memory, number: windows, team: team)
    _ = try computeLoss(window)
    let dFeatures = memory.dFeatures
    for row in 0..<(window.steps - 1) * lanes { dFeatures.zeroRow(row) }
    let everyStep = FloatMatrix(rows: memory.steps * lanes, columns: top.hiddenSize)
    try network.body.goBack(window, memory: memory, everyStep: everyStep, team: team)
    return TrainingReport.distances.filter { $0 < window.steps }.map { distance in
      let first = (window.steps - distance) * lanes
      let norms = (first..<first + lanes).map { row in
        (0..<top.hiddenSize).reduce(0.0) { $0 + Double(everyStep[row, $1] * everyStep[row, $1]) }
          .squareRoot()
      }
      return norms.reduce(0, +) / Double(lanes)
    }
  }

  /// The loss of the window that was read, and the gradient of its features.
  private func computeLoss(_ window: WordWindow) throws -> Step {
    let outcome = try loss.learn(
      memory.features,
      targets: window.targets,
      factor: 1 / Float(memory.lanes),
      window: windows,
      extra: memory.ngrams,
      dx: memory.dFeatures,
      team: team
    )
    try memory.ngrams?.collect(team: team)
    return Step(
      words: window.targets.count { $0 >= 0 },
      loss: outcome.loss,
      unnormalizedLoss: outcome.unnormalizedLoss,
      gradientNorm: 0
    )
  }
}
