import Foundation
import Testing

@testable import GramdexNeural

@Suite("Feed-forward layers")
struct FeedForwardLayerTests {
  /// A network of all three: embeddings side by side, hidden units, direct connections.
  struct Network {
    let embedding: ContextEmbeddingLayer
    let hidden: FeedForwardLayer
    let joint: ConcatenateLayer
    let output: SoftmaxOutput

    init(
      _ activation: Activation,
      words: Int,
      size: Int,
      history: Int,
      hidden units: Int,
      direct: Bool = true,
      precision: Precision = .float32
    ) {
      func make(
        _ name: String,
        _ rows: Int,
        _ columns: Int,
        _ form: Parameter.GradientForm = .dense
      )
        -> Parameter
      {
        OutputTwin.parameter(name, rows, columns, form, precision)
      }
      embedding = ContextEmbeddingLayer(
        weight: make("embedding.weight", words, size, .rows),
        length: history
      )
      hidden = FeedForwardLayer(
        activation: activation,
        weight: make("hidden.weight", units, history * size),
        bias: make("hidden.bias", 1, units)
      )
      joint = ConcatenateLayer(sizes: direct ? [units, history * size] : [units])
      output = SoftmaxOutput(
        weight: make("output.weight", words, joint.outputSize),
        bias: make("output.bias", 1, words)
      )
    }

    var parameters: [Parameter] {
      [embedding.weight] + hidden.parameters + [output.weight, output.bias]
    }

    /// The loss, and all gradients.
    func learn(_ ids: [Int32], _ targets: [Int32], factor: Float, team: Team) throws -> Double {
      let rows = targets.count
      let precision: Precision = hidden.weight.tensor.rounded == nil ? .float32 : .bfloat16
      let x = Tensor(rows: rows, columns: embedding.outputSize, precision: precision)
      let h = Tensor(rows: rows, columns: hidden.hiddenSize, precision: precision)
      let features = Tensor(rows: rows, columns: joint.outputSize, precision: precision)
      let memory = SoftmaxMemory(output, rows: rows, precision: precision)
      let dFeatures = FloatMatrix(rows: rows, columns: joint.outputSize)
      let dHidden = Tensor(rows: rows, columns: hidden.hiddenSize, precision: precision)
      let dx = FloatMatrix(rows: rows, columns: embedding.outputSize)
      try embedding.forward(ids, output: x, team: team)
      x.round()
      try hidden.forward(x, rows: rows, output: h, team: team)
      let direct = joint.sizes.count > 1
      try joint.forward(
        [h.values] + (direct ? [x.values] : []),
        rows: rows,
        output: features,
        team: team
      )
      try output.learn(
        features,
        targets: targets,
        factor: factor,
        memory: memory,
        dx: dFeatures,
        team: team
      )
      try joint.backward(
        dFeatures,
        rows: rows,
        parts: [dHidden.values] + (direct ? [nil] : []),
        accumulating: false,
        team: team
      )
      try hidden.backward(
        x,
        rows: rows,
        output: h,
        dOutput: dHidden,
        dInput: dx,
        team: team
      )
      if direct {
        try joint.backward(
          dFeatures,
          rows: rows,
          parts: [nil, dx],
          accumulating: true,
          team: team
        )
      }
      try embedding.backward(ids, dOutput: dx, team: team)
      return -(0..<rows).reduce(0) { $0 + Double(memory.logProbabilities[$1]) }
    }

    /// The loss in double precision.
    func loss(_ ids: [Int32], _ targets: [Int32]) -> Double {
      var sum = 0.0
      for (row, target) in targets.enumerated() where target >= 0 {
        let length = embedding.length
        let x = ids[row * length..<(row + 1) * length].flatMap {
          OutputTwin.row(embedding.weight.values, Int($0))
        }
        let h = OutputTwin.logits(
          hidden.weight.values,
          hidden.bias.values,
          x,
          outcomes: 0..<hidden.hiddenSize
        ).map { z in
          switch hidden.activation {
          case .sigmoid: 1 / (1 + exp(-z))
          case .tanh: tanh(z)
          case .relu: max(0, z)
          }
        }
        let logits = OutputTwin.logits(
          output.weight.values,
          output.bias.values,
          h + (joint.sizes.count > 1 ? x : []),
          outcomes: 0..<output.outcomes
        )
        sum -= OutputTwin.logSoftmax(logits, at: Int(target))
      }
      return sum
    }
  }

  @Test(arguments: [Activation.sigmoid, .tanh], [true, false])
  func `gradients are slopes`(activation: Activation, direct: Bool) throws {
    let network = Network(
      activation,
      words: 9,
      size: 3,
      history: 2,
      hidden: 4,
      direct: direct
    )
    let ids: [Int32] = [0, 8, 8, 8, 3, 0, 5, 6, 0, 8, 1, 0]
    let targets: [Int32] = [0, 8, -1, 3, 3, 1]
    let loss = try network.learn(ids, targets, factor: 0.5, team: Team(threads: 2))
    #expect(abs(loss - network.loss(ids, targets)) < 1e-5)
    for parameter in network.parameters {
      let worst = FiniteDifferences.check(
        parameter.name,
        parameter.values,
        gradient: OutputTwin.gradient(parameter)
      ) { 0.5 * network.loss(ids, targets) }
      #expect(worst == nil, "\(String(describing: worst))")
    }
  }

  @Test func `rectified units pass gradients where they are on`() throws {
    let team = try Team(threads: 1)
    let weight = OutputTwin.parameter("w", 2, 1)
    let bias = OutputTwin.parameter("b", 1, 2)
    (weight.values[0], weight.values[1], bias.values[0], bias.values[1]) = (2, -2, 1, 1)
    let layer = FeedForwardLayer(activation: .relu, weight: weight, bias: bias)
    let x = Tensor(rows: 2, columns: 1, precision: .float32)
    (x.values[0], x.values[1]) = (3, -4)
    let y = Tensor(rows: 2, columns: 2, precision: .float32)
    try layer.forward(x, rows: 2, output: y, team: team)
    #expect(y.values.elements == [7, 0, 0, 9])
    let dy = Tensor(rows: 2, columns: 2, precision: .float32)
    dy.values.fill(1)
    let dx = FloatMatrix(rows: 2, columns: 1)
    try layer.backward(x, rows: 2, output: y, dOutput: dy, dInput: dx, team: team)
    #expect(dx.elements == [2, -2])
    #expect(weight.gradient?.elements == [3, -4])
    #expect(bias.gradient?.elements == [1, 1])
  }

  @Test(arguments: Precision.allCases)
  func `threads do not change bytes`(precision: Precision) throws {
    var results: [[Float]] = []
    for threads in 1...3 {
      let network = Network(
        .tanh,
        words: 90,
        size: 20,
        history: 3,
        hidden: 33,
        precision: precision
      )
      let ids = (0..<600).map { Int32($0 * $0 % 90) }
      let targets = (0..<200).map { Int32($0 % 90) }
      _ = try network.learn(ids, targets, factor: 1, team: Team(threads: threads))
      results.append(network.parameters.flatMap { OutputTwin.gradient($0).elements })
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }
}
