import GramdexNeural
import TestSupport
import Testing

@testable import GramdexNeuralModels

/// A small network of words that learns windows of random words.
final class NetworkWorkshop {
  /// Every network that the flags allow, of these sizes: architecture × function × soft-max × tied weights × direct
  /// connections × n-gram features.
  ///
  /// - Parameters:
  ///   - words: the number of words.
  ///   - size: hidden units, and the length of word vectors.
  ///   - dropout: the share of values that are hidden.
  /// - Returns: their options.
  static func networks(words: Int, size: Int, dropout: Float = 0) -> [NetworkOptions] {
    var networks: [NetworkOptions] = []
    for architecture in NetworkOptions.Architecture.allCases {
      let hasFunction = architecture == .elman || architecture == .feedForward
      for activation in hasFunction ? Activation.allCases : [.tanh] {
        for softmax in NetworkOptions.Softmax.allCases {
          for (isTied, isDirect) in [(false, false), (true, false), (false, true), (true, true)] {
            for ngramOrder in [0, 3] {
              var options = NetworkOptions()
              options.architecture = architecture
              options.activation = activation
              (options.embedding, options.hidden) = (size, size)
              // Two layers where the function is smooth and the soft-max the plain one.
              options.layers = softmax == .full && architecture != .irnn ? 2 : 1
              options.order = 4
              options.directConnections = isDirect
              options.dropout = dropout
              options.isTied = isTied
              (options.ngramOrder, options.ngramBits) = (ngramOrder, 10)
              options.softmax = softmax
              (options.classes, options.noiseSamples) = (4, 7)
              options.cutoffs = [words / 3, words * 2 / 3]
              if options.flaw(vocabularySize: words) == nil { networks.append(options) }
            }
          }
        }
      }
    }
    return networks
  }

  /// The network.
  let network: WordNetwork
  /// What trains it.
  let learner: NetworkLearner
  private let words: Int
  private let steps: Int
  private let lanes: Int
  private let history: Int

  init(
    _ options: NetworkOptions,
    words: Int,
    steps: Int,
    lanes: Int,
    optimizer: Optimizer,
    clip: Double = 1e9,
    precision: Precision = .float32,
    threads: Int = 1,
    bound: Float = 0.6
  ) throws {
    // Every fourth word is rarer than the others, so that classes are of several sizes.
    let frequencies = (0..<words).map { $0 % 4 == 3 ? 1.0 : Double(words - $0) + 2 }
    network = WordNetwork(
      options,
      vocabularySize: words,
      classes: options.softmax == .classes
        ? OutcomeClasses.byFrequency(frequencies, count: options.classes).classes : nil,
      learns: true,
      precision: precision
    )
    for parameter in network.parameters where parameter.name != "classes.of" {
      parameter.randomize(bound: bound, seed: 7)
    }
    learner = NetworkLearner(
      network,
      optimizer: optimizer,
      clip: clip,
      steps: steps,
      lanes: lanes,
      frequencies: frequencies,
      seed: 3,
      team: try Team(threads: threads)
    )
    var training = TrainingOptions()
    training.network = options
    history = training.history
    (self.words, self.steps, self.lanes) = (words, steps, lanes)
  }

  /// A window of random words; one row predicts nothing, and the state is reset before some.
  func window(_ number: Int) -> WordWindow {
    var random = CountedRandom(seed: UInt64(number), purpose: "window")
    func draw(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32.random(in: 0..<Int32(words), using: &random) }
    }
    let rows = steps * lanes
    var targets = draw(rows)
    targets[rows - 1] = -1
    return WordWindow(
      history: history,
      inputs: draw(rows * history),
      targets: targets,
      resets: number % 2 == 1 ? (0..<rows).map { $0 % 5 == 3 } : nil,
      steps: steps
    )
  }

  /// A parameter's gradient, whichever way it is kept: element by element.
  static func gradient(of parameter: Parameter) throws -> [Float] {
    if let gradient = parameter.gradient { return gradient.elements }
    let rows = try #require(parameter.rowGradient, "\(parameter.name) keeps no gradient")
    var gradient = [Float](repeating: 0, count: parameter.count)
    let columns = parameter.values.columns
    for (place, row) in rows.rows.enumerated() {
      for column in 0..<columns {
        gradient[Int(row) * columns + column] = rows.values[place, column]
      }
    }
    return gradient
  }
}
