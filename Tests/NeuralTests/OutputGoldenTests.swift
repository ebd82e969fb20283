import Foundation
import GramdexStorage
import Testing

@testable import GramdexNeural

/// Output layers and feed-forward networks against PyTorch: see Fixtures/README.md.
@Suite("Output layers against PyTorch")
struct OutputGoldenTests {
  /// Every tensor agrees to this part of its largest number: 32-bit floats are off by 3e-7 in PyTorch itself
  /// (`float32_deviation` in the files), and sums in another order by as much again, a few times over.
  static let tolerance = 5e-6

  static func open(_ name: String) throws -> SafetensorsFile {
    try SafetensorsFile(path: fixtures.appending(path: name + ".safetensors").path)
  }

  static func compare(
    _ values: [Float],
    _ name: String,
    _ file: borrowing SafetensorsFile,
    order: [Int]? = nil
  ) throws {
    let golden = try file.floats(name)
    #expect(golden.count == values.count)
    guard golden.count == values.count, !golden.isEmpty else { return }
    let columns = golden.count / (order?.count ?? golden.count)
    let largest = golden.reduce(0) { max($0, abs($1)) }
    for place in golden.indices {
      let own = order.map { $0[place / columns] * columns + place % columns } ?? place
      #expect(
        abs(Double(golden[place]) - Double(values[own])) <= tolerance * Double(max(largest, 1e-3)),
        "\(name)[\(place)]"
      )
    }
  }

  /// A parameter with the values of the file; row r of the file's is row `order[r]` here.
  static func parameter(
    _ name: String,
    _ rows: Int,
    _ columns: Int,
    _ file: borrowing SafetensorsFile,
    order: [Int]? = nil,
    form: Parameter.GradientForm = .dense
  ) throws -> Parameter {
    let parameter = Parameter(
      name,
      rows: rows,
      columns: columns,
      gradient: form,
      precision: .float32
    )
    let values = try file.floats(name)
    #expect(values.count == parameter.count)
    let width = order.map { values.count / $0.count } ?? 1
    for place in values.indices {
      let own = order.map { $0[place / width] * width + place % width } ?? place
      parameter.values[own] = values[place]
    }
    return parameter
  }

  static func hidden(_ file: borrowing SafetensorsFile) throws -> Tensor {
    let values = try file.floats("hidden")
    let x = Tensor(rows: 18, columns: 7, precision: .float32)
    for place in values.indices { x.values[place] = values[place] }
    return x
  }

  @Test(arguments: ["class-softmax-sorted", "class-softmax-scattered"])
  func `classes agree`(name: String) throws {
    let file = try Self.open(name)
    let classes = OutcomeClasses(try file.integers("word.classes").map { Int32($0) })
    let order = classes.places.map { Int($0) }
    let output = ClassSoftmaxOutput(
      weight: try Self.parameter("output.weight", 11, 7, file, order: order),
      bias: try Self.parameter("output.bias", 1, 11, file, order: order),
      classWeight: try Self.parameter("classes.weight", classes.count, 7, file),
      classBias: try Self.parameter("classes.bias", 1, classes.count, file),
      classes: classes
    )
    let targets = try file.integers("target.ids").map { Int32($0) }
    let x = try Self.hidden(file)
    let memory = ClassSoftmaxMemory(output, rows: 18, precision: .float32)
    let dx = FloatMatrix(rows: 18, columns: 7)
    try output.learn(
      x,
      targets: targets,
      factor: 1.0 / 3,
      memory: memory,
      dx: dx,
      team: Team(threads: 1)
    )
    try Self.compare(memory.logProbabilities.elements, "log_probabilities", file)
    try Self.compare(dx.elements, "gradient/hidden", file)
    for parameter in output.parameters {
      try Self.compare(
        OutputTwin.gradient(parameter).elements,
        "gradient/" + parameter.name,
        file,
        order: parameter.name.hasPrefix("output") ? order : nil
      )
    }
  }

  @Test func `the adaptive soft-max agrees`() throws {
    let file = try Self.open("adaptive-softmax")
    var tails: [AdaptiveSoftmaxOutput.Tail] = []
    for (number, size) in [3, 4].enumerated() {
      let projected = AdaptiveSoftmaxOutput.projectionSize(features: 7, cluster: number, div: 2)
      let name = "tail.\(number)"
      tails.append(
        AdaptiveSoftmaxOutput.Tail(
          projection: try Self.parameter(name + ".projection", projected, 7, file),
          weight: try Self.parameter(name + ".weight", size, projected, file)
        )
      )
    }
    let output = AdaptiveSoftmaxOutput(
      headWeight: try Self.parameter("head.weight", 6, 7, file),
      headBias: try Self.parameter("head.bias", 1, 6, file),
      tails: tails
    )
    let targets = try file.integers("target.ids").map { Int32($0) }
    let x = try Self.hidden(file)
    let team = try Team(threads: 1)
    let memory = AdaptiveSoftmaxMemory(output, rows: 18, precision: .float32)
    let dx = FloatMatrix(rows: 18, columns: 7)
    try output.learn(
      x,
      targets: targets,
      factor: 1.0 / 3,
      memory: memory,
      dx: dx,
      team: team
    )
    try Self.compare(memory.logProbabilities.elements, "log_probabilities", file)
    try Self.compare(dx.elements, "gradient/hidden", file)
    for parameter in output.parameters {
      try Self.compare(
        OutputTwin.gradient(parameter).elements,
        "gradient/" + parameter.name,
        file
      )
    }
    let all = FloatMatrix(rows: 18, columns: 11)
    try output.distributions(x, rows: 18, into: all, team: team)
    try Self.compare(all.elements, "all_log_probabilities", file)
  }

  @Test(arguments: [true, false])
  func `feed-forward networks agree`(direct: Bool) throws {
    let file = try Self.open(direct ? "feed-forward-direct" : "feed-forward")
    let network = FeedForwardLayerTests.Network(
      .tanh,
      words: 11,
      size: 5,
      history: 3,
      hidden: 7,
      direct: direct
    )
    for parameter in network.parameters {
      let values = try file.floats(parameter.name)
      #expect(values.count == parameter.count)
      for place in values.indices { parameter.values[place] = values[place] }
    }
    let loss = try network.learn(
      try file.integers("input.ids").map { Int32($0) },
      try file.integers("target.ids").map { Int32($0) },
      factor: 1.0 / 3,
      team: Team(threads: 1)
    )
    try Self.compare([Float(loss / 3)], "loss", file)
    for parameter in network.parameters {
      try Self.compare(
        OutputTwin.gradient(parameter).elements,
        "gradient/" + parameter.name,
        file
      )
    }
  }
}
