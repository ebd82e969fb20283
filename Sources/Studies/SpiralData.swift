public import GramdexNeural

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The spiral data set of lectures on neural networks: arms that wind around the origin, one a class, which no straight
/// lines tell apart (Karpathy 2015, CS231n; Socher 2016, CS224d).
///
/// Point i of n of arm c lies at radius i/(n − 1) and at the angle 4c + 4i/(n − 1) + noise, in radians, where the noise is
/// normal with a standard deviation of 0.2.
public struct SpiralData: Sendable {
  /// The number of classes.
  public let classes: Int
  /// The points, x and y [points × 2].
  public let points: FloatMatrix
  /// The class of each point.
  public let labels: [Int32]

  /// Generates points.
  public init(classes: Int, pointsPerClass: Int, seed: UInt64) {
    self.classes = classes
    points = FloatMatrix(rows: classes * pointsPerClass, columns: 2)
    var random = CountedRandom(seed: seed, purpose: "spiral")
    var labels: [Int32] = []
    for arm in 0..<classes {
      for place in 0..<pointsPerClass {
        let radius = Double(place) / Double(max(pointsPerClass - 1, 1))
        let angle = 4 * (Double(arm) + radius) + 0.2 * Self.normal(&random)
        points[labels.count, 0] = Float(radius * sin(angle))
        points[labels.count, 1] = Float(radius * cos(angle))
        labels.append(Int32(arm))
      }
    }
    self.labels = labels
  }

  /// A normal number (Box & Muller 1958).
  private static func normal(_ random: inout CountedRandom) -> Double {
    let (first, second) = (1 - Double(random.uniform()), Double(random.uniform()))
    return (-2 * log(first)).squareRoot() * cos(2 * .pi * second)
  }
}

/// A deep feed-forward network with a soft-max, learned by gradient descent on all points at once.
///
/// R rows, H hidden units a layer.
final class DeepNetwork {
  let layers: [FeedForwardLayer]
  let output: SoftmaxOutput
  private let points: Tensor
  private let labels: [Int32]
  private let outputs: [Tensor]
  private let gradients: [Tensor]
  private let memory: SoftmaxMemory
  private let team: Team

  /// A network whose weights are uniform in ±√(6 / inputs) (He 2015) by the seed: the same for every activation.
  init(
    _ activation: Activation,
    layers count: Int,
    hidden: Int,
    data: SpiralData,
    seed: UInt64,
    team: Team
  ) {
    func parameter(_ name: String, _ rows: Int, _ columns: Int, fanIn: Int? = nil) -> Parameter {
      let parameter = Parameter(
        name,
        rows: rows,
        columns: columns,
        gradient: .dense,
        precision: .float32
      )
      if let fanIn { parameter.randomize(bound: (6 / Float(fanIn)).squareRoot(), seed: seed) }
      return parameter
    }
    layers = (0..<count).map { layer in
      let inputs = layer == 0 ? 2 : hidden
      return FeedForwardLayer(
        activation: activation,
        weight: parameter("hidden.\(layer).weight", hidden, inputs, fanIn: inputs),
        bias: parameter("hidden.\(layer).bias", 1, hidden)
      )
    }
    output = SoftmaxOutput(
      weight: parameter("output.weight", data.classes, hidden, fanIn: hidden),
      bias: parameter("output.bias", 1, data.classes)
    )
    let rows = data.points.rows
    points = Tensor(rows: rows, columns: 2, precision: .float32)
    points.values.copy(from: data.points)
    labels = data.labels
    outputs = (0..<count).map { _ in Tensor(rows: rows, columns: hidden, precision: .float32) }
    gradients = (0..<count).map { _ in Tensor(rows: rows, columns: hidden, precision: .float32) }
    memory = SoftmaxMemory(output, rows: rows, precision: .float32)
    self.team = team
  }

  /// The weights of all layers from the input up, the soft-max's last.
  var weights: [Parameter] { layers.map(\.weight) + [output.weight] }

  private var parameters: [Parameter] {
    layers.flatMap(\.parameters) + [output.weight, output.bias]
  }

  /// The mean of −ln P of the labels, and the gradient of it.
  func computeGradient() throws -> Double {
    let rows = labels.count
    var x = points
    for (layer, y) in zip(layers, outputs) {
      try layer.forward(x, rows: rows, output: y, team: team)
      x = y
    }
    try output.learn(
      x,
      targets: labels,
      factor: 1 / Float(rows),
      memory: memory,
      dx: gradients[layers.count - 1].values,
      team: team
    )
    for place in layers.indices.reversed() {
      try layers[place].backward(
        place == 0 ? points : outputs[place - 1],
        rows: rows,
        output: outputs[place],
        dOutput: gradients[place],
        dInput: place == 0 ? nil : gradients[place - 1].values,
        team: team
      )
    }
    return -(0..<rows).reduce(0.0) { $0 + Double(memory.logProbabilities[$1]) } / Double(rows)
  }

  /// ‖∂loss/∂W‖, Frobenius, of every layer from the input up, the soft-max's last.
  func gradientNorms() throws -> [Double] {
    try weights.map { try Optimizer.sumOfSquares($0, team: team).squareRoot() }
  }

  /// One step of gradient descent.
  func descend(rate: Float, step: Int) throws {
    let optimizer = Optimizer(.sgd, rate: rate)
    for parameter in parameters {
      try optimizer.update(parameter, moments: [], factor: 1, step: step, team: team)
    }
  }

  /// The most likely class of each point [rows × 2].
  func classes(of points: FloatMatrix) throws -> [Int] {
    let rows = points.rows
    var x = Tensor(rows: rows, columns: 2, precision: .float32)
    x.values.copy(from: points)
    for layer in layers {
      let y = Tensor(rows: rows, columns: layer.hiddenSize, precision: .float32)
      try layer.forward(x, rows: rows, output: y, team: team)
      x = y
    }
    let logs = FloatMatrix(rows: rows, columns: output.outcomes)
    try output.distributions(x, rows: rows, into: logs, team: team)
    return (0..<rows).map { row in
      (0..<output.outcomes).max { logs[row, $0] < logs[row, $1] } ?? 0
    }
  }
}
