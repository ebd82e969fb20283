import GramdexNeural
import Testing

/// Forward, loss and every gradient are PyTorch's, on files that `scripts/make-neural-goldens` made in double precision.
///
/// Tolerances are parts of the largest number of a tensor. Single precision: PyTorch's own is off by up to 4·10⁻⁷ of it in
/// these files (`float32_deviation` in their metadata), and the kernels' exponentials by a few units of the last place, 10⁻⁷
/// each; 4·10⁻⁶ is ten times as much, and a thousandth of what any wrong term would change. bfloat16: operands have 8
/// bits, that is errors of up to 2⁻⁹ each, in sums of a dozen products and six steps: 2⁻⁵.
@Suite("Layers against PyTorch")
struct PyTorchGoldenTests {
  static let precisions: [(Precision, Float)] =
    [(.float32, 4e-6)] + (Precision.fastest == .bfloat16 ? [(.bfloat16, 0x1p-5)] : [])

  static let recurrentNames =
    ["elman-sigmoid", "elman-tanh", "elman-relu", "irnn", "lstm", "gru"]
    .flatMap { [$0 + "-1", $0 + "-2"] } + ["lstm-1-tied"]

  private func cell(_ architecture: String) throws -> Cell {
    switch architecture {
    case "lstm": .lstm
    case "gru": .gru
    case "irnn": .elman(.relu)
    default:
      .elman(try #require(Activation(rawValue: String(architecture.dropFirst("elman-".count)))))
    }
  }

  @Test(arguments: recurrentNames, precisions)
  func `a recurrent network computes what PyTorch computes`(
    name: String,
    precision: (kind: Precision, tolerance: Float)
  ) throws {
    let golden = try GoldenCase(name)
    let tolerance = precision.tolerance
    let team = try Team(threads: 2)
    let cell = try cell(golden.text("architecture"))
    // A rectified unit near its kink changes side when operands are rounded, and its gradient with it.
    if cell == .elman(.relu) && precision.kind == .bfloat16 { return }
    let (steps, lanes) = (try golden.shape("input.ids")[0], try golden.shape("input.ids")[1])
    let rows = steps * lanes
    let inputs = try golden.ids("input.ids")

    let isTied = try golden.text("tied") == "true"
    let embedding = EmbeddingLayer(
      weight: try golden.parameter("embedding.weight", precision.kind, isTied ? .dense : .rows)
    )
    var x = Tensor(rows: rows, columns: embedding.weight.values.columns, precision: precision.kind)
    try embedding.forward(inputs, output: x, team: team)
    x.round()
    try golden.expect(x.values.elements, "embedded", tolerance: 0)

    var layers: [(layer: RecurrentLayer, x: Tensor, memory: RecurrentMemory)] = []
    for number in 0..<(try #require(Int(golden.text("layers")))) {
      let prefix = "recurrent.\(number)."
      let layer = RecurrentLayer(
        cell: cell,
        input: try golden.parameter(prefix + "input", precision.kind),
        recurrent: try golden.parameter(prefix + "recurrent", precision.kind),
        bias: try golden.parameter(prefix + "bias", precision.kind),
        recurrentBias: cell == .gru
          ? try golden.parameter(prefix + "recurrent_bias", precision.kind) : nil
      )
      let memory = RecurrentMemory(layer, steps: steps, lanes: lanes, precision: precision.kind)
      let state = RecurrentState(cell: cell, hidden: layer.hiddenSize, lanes: lanes)
      state.hidden.copy(from: try golden.matrix("initial.\(number).hidden"))
      if let cells = state.cell { cells.copy(from: try golden.matrix("initial.\(number).cell")) }
      try layer.forward(x, steps: steps, state: state, memory: memory, team: team)
      try golden.expect(memory.output.elements, "hidden.\(number)", tolerance: tolerance)
      try golden.expect(state.hidden.elements, "final.\(number).hidden", tolerance: tolerance)
      if let cells = state.cell {
        try golden.expect(cells.elements, "final.\(number).cell", tolerance: tolerance)
      }
      layers.append((layer, x, memory))
      x = Tensor(rows: rows, columns: layer.hiddenSize, precision: precision.kind)
      x.values.copy(from: memory.output)
      x.round()
    }

    let output = SoftmaxOutput(
      weight: isTied
        ? embedding.weight : try golden.parameter("output.weight", precision.kind),
      bias: try golden.parameter("output.bias", precision.kind)
    )
    var gradient = FloatMatrix(rows: rows, columns: x.columns)
    try expectSoftmax(output, x, lanes, golden, precision, dx: gradient, team)

    for (number, (layer, x, memory)) in layers.enumerated().reversed() {
      try golden.expect(gradient.elements, "gradient/hidden.\(number)", tolerance: tolerance)
      let below = FloatMatrix(rows: rows, columns: layer.inputSize)
      try layer.backward(
        x,
        steps: steps,
        dOutput: gradient,
        memory: memory,
        dInput: below,
        team: team
      )
      for parameter in layer.parameters {
        try golden.expectGradient(of: parameter, tolerance: tolerance)
      }
      let initial = "gradient/initial.\(number)."
      try golden.expect(memory.dState.hidden.elements, initial + "hidden", tolerance: tolerance)
      if let cells = memory.dState.cell {
        try golden.expect(cells.elements, initial + "cell", tolerance: tolerance)
      }
      gradient = below
    }
    try golden.expect(gradient.elements, "gradient/embedded", tolerance: tolerance)
    try embedding.backward(inputs, dOutput: gradient, adding: isTied, team: team)
    try golden.expectGradient(of: embedding.weight, tolerance: tolerance)
  }

  /// Runs a soft-max on features and compares loss, probabilities and its gradients.
  private func expectSoftmax(
    _ output: SoftmaxOutput,
    _ x: Tensor,
    _ lanes: Int,
    _ golden: GoldenCase,
    _ precision: (kind: Precision, tolerance: Float),
    dx: FloatMatrix,
    _ team: Team
  ) throws {
    let targets = try golden.ids("target.ids")
    let memory = SoftmaxMemory(output, rows: x.rows, precision: precision.kind)
    try output.learn(
      x,
      targets: targets,
      factor: 1 / Float(lanes),
      memory: memory,
      dx: dx,
      team: team
    )
    let tolerance = precision.tolerance
    let found = memory.logProbabilities.elements
    try golden.expect(found, "log_probabilities", tolerance: tolerance)
    try golden.expect([-found.reduce(0, +) / Float(lanes)], "loss", tolerance: tolerance)
    // Of tied weights this is only a part: see where the word vectors' is added.
    if golden.has("output.weight") {
      try golden.expectGradient(of: output.weight, tolerance: tolerance)
    }
    try golden.expectGradient(of: output.bias, tolerance: tolerance)
    let again = FloatMatrix(rows: 1, columns: x.rows)
    try output.logProbabilities(x, targets: targets, into: again, team: team)
    try golden.expect(again.elements, "log_probabilities", tolerance: tolerance)
  }

  @Test(arguments: precisions)
  func `rows without a target count for nothing in the soft-max`(
    precision: (kind: Precision, tolerance: Float)
  ) throws {
    let golden = try GoldenCase("softmax-masked")
    let team = try Team(threads: 1)
    let x = try golden.tensor("hidden", precision.kind)
    let output = SoftmaxOutput(
      weight: try golden.parameter("output.weight", precision.kind),
      bias: try golden.parameter("output.bias", precision.kind)
    )
    let dx = FloatMatrix(rows: x.rows, columns: x.columns)
    let lanes = try #require(Int(golden.text("lanes")))
    try expectSoftmax(output, x, lanes, golden, precision, dx: dx, team)
    try golden.expect(dx.elements, "gradient/hidden", tolerance: precision.tolerance)
  }

  @Test(arguments: precisions)
  func `noise contrast computes what PyTorch computes`(
    precision: (kind: Precision, tolerance: Float)
  ) throws {
    let golden = try GoldenCase("noise-contrastive")
    let team = try Team(threads: 2)
    let x = try golden.tensor("hidden", precision.kind)
    let output = SoftmaxOutput(
      weight: try golden.parameter("output.weight", precision.kind, .rows),
      bias: try golden.parameter("output.bias", .float32, .rows, isColumn: true)
    )
    let noise = try golden.ids("noise.ids")
    let contrast = NoiseContrast(
      output: output,
      samples: noise.count,
      frequencies: try golden.floats("noise.probabilities").map { Double($0) },
      seed: 1
    )
    let memory = NoiseContrast.Memory(contrast, rows: x.rows, precision: precision.kind)
    let dx = FloatMatrix(rows: x.rows, columns: x.columns)
    let lanes = try golden.number("lanes")
    let loss = try contrast.learn(
      x,
      targets: golden.ids("target.ids"),
      factor: 1 / lanes,
      noise: noise,
      memory: memory,
      dx: dx,
      team: team
    )
    let tolerance = precision.tolerance
    try golden.expect([Float(loss) / lanes], "loss", tolerance: tolerance)
    try golden.expect(dx.elements, "gradient/hidden", tolerance: tolerance)
    try golden.expectGradient(of: output.weight, tolerance: tolerance)
    try golden.expectGradient(of: output.bias, tolerance: tolerance)
  }

  @Test(arguments: ["sgd", "sgd-clipped", "adagrad-0", "adagrad-1", "adam"])
  func `steps of the optimisers are PyTorch's or those of the formula`(name: String) throws {
    let golden = try GoldenCase("optimizer-" + name)
    let team = try Team(threads: 1)
    let method = try #require(
      Optimizer.Method(rawValue: String(name.prefix { $0 != "-" })),
      "\(name)"
    )
    var optimizer = Optimizer(method, rate: try golden.number("rate"))
    if method == .adagrad { optimizer.initialSquares = try golden.number("start") }
    if method == .adam {
      optimizer.firstDecay = try golden.double("first")
      optimizer.secondDecay = try golden.double("second")
      optimizer.epsilon = try golden.number("epsilon")
    }
    let parameters = try (0..<2).map { try golden.parameter("value.\($0)") }
    let moments = parameters.map { optimizer.makeMoments($0) }
    // As above, but there are no sums of products here: a few units of the last place.
    let tolerance: Float = 1e-6
    for step in 0..<3 {
      var squares = 0.0
      for (number, parameter) in parameters.enumerated() {
        let gradient = try golden.matrix("gradient.\(step).\(number)")
        try #require(parameter.gradient).copy(from: gradient)
        squares += try Optimizer.sumOfSquares(parameter, team: team)
      }
      let norm = Float(squares.squareRoot())
      try golden.expect([norm], "norm.\(step)", tolerance: tolerance)
      let factor = name == "sgd-clipped" ? min(1, try golden.number("maximum_norm") / norm) : 1
      for (number, parameter) in parameters.enumerated() {
        try optimizer.update(
          parameter,
          moments: moments[number],
          factor: factor,
          step: step + 1,
          team: team
        )
        let place = "\(step).\(number)"
        try golden.expect(parameter.values.elements, "after." + place, tolerance: tolerance)
        if method == .adam {
          try golden.expect(moments[number][0].elements, "mean." + place, tolerance: tolerance)
        }
        if method != .sgd {
          let last = try #require(moments[number].last)
          try golden.expect(last.elements, "squares." + place, tolerance: tolerance)
        }
      }
    }
  }
}
