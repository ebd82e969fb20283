import Foundation
import GramdexNeural
import TestSupport
import Testing

@testable import GramdexNeuralModels

/// Whole networks: their gradients, and steps of training.
@Suite("Whole networks")
struct WholeNetworkTests {
  static let words = 13

  /// Slopes along random directions, in which every element of a parameter has a part: one wrong element would show.
  ///
  /// A direction's elements are −1, 0 or 1, and a step along it 4·10⁻³ of that. Losses of some 30 nats are sums of 32-bit
  /// floats, with errors of about 3·10⁻⁶, which leaves 4·10⁻⁴ of the slope; the third derivative leaves about as much. So
  /// 2·10⁻³ of 1 + |slope| is allowed. A direction along which a rectified unit crosses its kink has no slope there, and
  /// another one is drawn.
  @Test(arguments: NetworkWorkshop.networks(words: words, size: 6, dropout: 0.2))
  func `gradients are slopes`(options: NetworkOptions) throws {
    let (steps, lanes) = (3, 3)
    let workshop = try NetworkWorkshop(
      options,
      words: Self.words,
      steps: steps,
      lanes: lanes,
      // Nothing is learned, so that all losses are those of one network.
      optimizer: Optimizer(.sgd, rate: 0)
    )
    let (network, learner) = (workshop.network, workshop.learner)
    let start = network.makeState(lanes: lanes)
    var random = CountedRandom(seed: 5, purpose: "state")
    for matrix in start.matrices {
      for place in 0..<matrix.count { matrix[place] = random.uniform() - 0.5 }
    }
    let window = workshop.window(1)
    func loss() throws -> Double {
      learner.state.copy(from: start)
      // The same noise and dropout every time.
      learner.windows = 0
      return try learner.learn(window).loss / Double(lanes)
    }
    _ = try loss()
    let learned = network.parameters.filter { $0.name != "classes.of" }
    let gradients = try learned.map { try NetworkWorkshop.gradient(of: $0) }
    let touched = gradients.count { $0.contains { $0 != 0 } }
    #expect(touched == learned.count, "each parameter has a part in the loss")
    let step: Float = 4e-3
    for (parameter, gradient) in zip(learned, gradients) {
      let values = parameter.values.elements
      var compared = 0
      for attempt in 0..<60 where compared < 4 {
        var random = CountedRandom(seed: UInt64(attempt), purpose: parameter.name)
        // Of large tables mostly the elements that the window touches.
        let direction: [Float] = gradient.map {
          let sign = Float(Int.random(in: -1...1, using: &random))
          return values.count > 500 && $0 == 0 ? (Int(sign) == 1 ? sign : 0) : sign
        }
        func lossAlong(_ sign: Float) throws -> (Double, [Bool]) {
          for place in 0..<values.count {
            parameter.values[place] = values[place] + sign * step * direction[place]
          }
          return (try loss(), sides(learner, options))
        }
        let above = try lossAlong(1)
        let below = try lossAlong(-1)
        if above.1 != below.1 { continue }
        compared += 1
        let slope = (above.0 - below.0) / Double(2 * step)
        let known = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0 * $1.1) }
        #expect(
          abs(slope - known) <= 2e-3 * (1 + abs(known)),
          "\(parameter.name), direction \(attempt): gradient \(known), slope \(slope)"
        )
      }
      for place in 0..<values.count { parameter.values[place] = values[place] }
      #expect(compared == 4, "\(parameter.name): too many directions cross a kink")
    }
  }

  /// On which side of its kink each rectified unit is.
  private func sides(_ learner: NetworkLearner, _ options: NetworkOptions) -> [Bool] {
    let isRectified =
      options.architecture == .irnn
      || options.activation == .relu && options.cell?.gates ?? 1 == 1
    guard isRectified else { return [] }
    let memory = learner.memory
    return (memory.recurrent.map(\.output) + [memory.hiddenOutput.values])
      .flatMap { $0.elements.map { $0 > 0 } }
  }

  // MARK: Threads

  /// Large enough that every piece of work has several tiles.
  @Test(arguments: NetworkWorkshop.networks(words: 200, size: 24, dropout: 0.3))
  func `steps of training are the same bytes with 1, 2 and 3 threads`(
    options: NetworkOptions
  ) throws {
    for (method, precision) in [(Optimizer.Method.adagrad, Precision.float32), (.adam, .fastest)] {
      var outcomes: [[UInt32]] = []
      for threads in 1...3 {
        let workshop = try NetworkWorkshop(
          options,
          words: 200,
          steps: 4,
          lanes: 37,
          optimizer: Optimizer(method, rate: 0.05),
          clip: 3,
          precision: precision,
          threads: threads
        )
        var outcome: [UInt32] = []
        for number in 0..<2 {
          let step = try workshop.learner.learn(workshop.window(number))
          outcome += [Float(step.loss).bitPattern, Float(step.gradientNorm).bitPattern]
        }
        let matrices =
          workshop.network.parameters.map(\.values) + workshop.learner.state.matrices
          + workshop.learner.moments.flatMap { $0 }
        outcome += matrices.flatMap { $0.elements.map(\.bitPattern) }
        outcomes.append(outcome)
      }
      #expect(outcomes[0] == outcomes[1] && outcomes[0] == outcomes[2], "\(method), \(precision)")
    }
  }

  // MARK: PyTorch

  /// Two windows of training are PyTorch's: loss, gradients, their norm, and parameters after each step.
  ///
  /// The files are from `scripts/make-neural-goldens`; tolerances as in `PyTorchGoldenTests` of the layers: parts of the
  /// largest number of a tensor, ten times what single precision costs PyTorch itself. Adam and Adagrad divide by roots of
  /// squares, so that a gradient near 0 is as large a step as another: 10⁻⁵ there.
  @Test(arguments: [
    "lstm-sgd-clipped", "lstm-tied-adam", "gru-adam", "sigmoid-adaptive-adagrad", "irnn-adagrad",
    "feed-forward-sgd",
  ])
  func `two windows are learned as PyTorch learns them`(name: String) throws {
    let path = SharedData.package
      .appending(path: "Tests/NeuralTests/Fixtures/network-\(name).safetensors").path
    let file = try SafetensorsFile(path: path)
    let metadata = file.header.metadata
    func text(_ key: String) throws -> String { try #require(metadata[key], "\(key)") }
    func number(_ key: String) throws -> Float { try #require(Float(text(key)), "\(key)") }

    var options = NetworkOptions()
    let architecture = try text("architecture")
    options.architecture = try #require(
      NetworkOptions.Architecture(
        rawValue: architecture.hasPrefix("elman") ? "elman" : architecture
      )
    )
    options.activation = architecture == "elman-sigmoid" ? .sigmoid : .tanh
    options.layers = Int(try number("layers"))
    options.softmax = try #require(NetworkOptions.Softmax(rawValue: text("softmax")))
    options.isTied = try text("tied") == "true"
    options.directConnections = try text("direct") == "true"
    options.order = 4
    options.dropout = 0
    options.cutoffs = [6]
    let sizes = try file.entry("embedding.weight", shape: nil).shape
    options.embedding = sizes[1]
    options.hidden = 7
    try #require(options.flaw(vocabularySize: sizes[0]) == nil)

    let network = WordNetwork(options, vocabularySize: sizes[0], learns: true, precision: .float32)
    for parameter in network.parameters {
      let numbers = try file.floats(parameter.name)
      try #require(numbers.count == parameter.count, "\(parameter.name)")
      for place in 0..<numbers.count { parameter.values[place] = numbers[place] }
      parameter.tensor.round()
    }
    let method = try #require(Optimizer.Method(rawValue: text("method")))
    var optimizer = Optimizer(method, rate: try number("rate"))
    if method == .adagrad { optimizer.initialSquares = try number("start") }
    if method == .adam {
      optimizer.firstDecay = try #require(Double(text("first")))
      optimizer.secondDecay = try #require(Double(text("second")))
      optimizer.epsilon = try number("epsilon")
    }
    let lanes = Int(try number("lanes"))
    let shape = try file.entry("input.0", shape: nil).shape
    let steps = shape[0] / lanes
    let learner = NetworkLearner(
      network,
      optimizer: optimizer,
      clip: Double(try number("clip")),
      steps: steps,
      lanes: lanes,
      frequencies: Array(repeating: 1, count: sizes[0]),
      seed: 1,
      team: try Team(threads: 2)
    )
    func expect(_ found: [Float], _ tensor: String, _ tolerance: Float) throws {
      let wanted = try file.floats(tensor)
      try #require(found.count == wanted.count, "\(tensor)")
      let largest = wanted.reduce(0) { max($0, abs($1)) }
      let worst = zip(found, wanted).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      let areNumbers = found.allSatisfy(\.isFinite)
      #expect(areNumbers && worst <= tolerance * largest, "\(tensor): \(worst) of \(largest)")
    }
    for number in 0..<2 {
      let step = try learner.learn(
        WordWindow(
          history: shape[1],
          inputs: try file.integers("input.\(number)").map { Int32($0) },
          targets: try file.integers("target.\(number)").map { Int32($0) },
          steps: steps
        )
      )
      try expect([Float(step.loss)], "loss.\(number)", 4e-6)
      try expect([Float(step.gradientNorm)], "norm.\(number)", 4e-6)
      for parameter in network.parameters {
        try expect(
          NetworkWorkshop.gradient(of: parameter),
          "gradient.\(number)/\(parameter.name)",
          number == 0 || method == .sgd ? 4e-6 : 1e-5
        )
        try expect(
          parameter.values.elements,
          "after.\(number)/\(parameter.name)",
          method == .sgd ? 4e-6 : 1e-5
        )
      }
    }
  }
}
