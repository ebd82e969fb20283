import Foundation
import Testing

@testable import GramdexNeural

@Suite struct SoftmaxOutputTests {
  static func output(_ outcomes: Int, _ features: Int, form: Parameter.GradientForm) -> SoftmaxOutput {
    let weight = Parameter(
      "output.weight", rows: outcomes, columns: features, gradient: form, precision: .float32)
    let bias = Parameter(
      "output.bias", rows: form == .rows ? outcomes : 1, columns: form == .rows ? 1 : outcomes,
      gradient: form, precision: .float32)
    FiniteDifferences.fill(weight.values, seed: 1)
    FiniteDifferences.fill(bias.values, seed: 2)
    return SoftmaxOutput(weight: weight, bias: bias)
  }

  static func features(_ rows: Int, _ columns: Int) -> Tensor {
    let x = Tensor(rows: rows, columns: columns, precision: .float32)
    FiniteDifferences.fill(x.values, seed: 3)
    return x
  }

  @Test func gradientsAreSlopes() throws {
    let output = Self.output(7, 5, form: .dense)
    let x = Self.features(6, 5)
    let targets: [Int32] = [0, 6, -1, 3, 3, 1]
    let team = try Team(threads: 1)
    let memory = SoftmaxMemory(output, rows: 6, precision: .float32)
    let dx = FloatMatrix(rows: 6, columns: 5)
    func loss() throws -> Double {
      let logs = FloatMatrix(rows: 1, columns: 6)
      try output.logProbabilities(x, targets: targets, into: logs, team: team)
      return -0.5 * logs.elements.reduce(0) { $0 + Double($1) }
    }
    try output.learn(x, targets: targets, factor: 0.5, memory: memory, dx: dx, team: team)
    for (name, values, gradient) in [
      ("W", output.weight.values, output.weight.gradient), ("b", output.bias.values, output.bias.gradient),
      ("x", x.values, dx),
    ] {
      let worst = try FiniteDifferences.check(
        name, values, gradient: try #require(gradient), loss: loss)
      #expect(worst == nil, "\(String(describing: worst))")
    }
    #expect(memory.logProbabilities[2] == 0)
    let sum = memory.logProbabilities.elements.reduce(0) { $0 + Double($1) }
    #expect(abs(sum + 2 * (try loss())) < 1e-5)
  }

  @Test func distributionsSumToOne() throws {
    let output = Self.output(131, 5, form: .dense)
    let x = Self.features(70, 5)
    let team = try Team(threads: 2)
    let all = FloatMatrix(rows: 70, columns: 131)
    try output.distributions(x, rows: 70, into: all, team: team)
    let targets = (0..<70).map { Int32($0 % 131) }
    let some = FloatMatrix(rows: 1, columns: 70)
    try output.logProbabilities(x, targets: targets, into: some, team: team)
    for row in 0..<70 {
      let sum = (0..<131).reduce(0.0) { $0 + exp(Double(all[row, $1])) }
      #expect(abs(sum - 1) < 1e-5)
      #expect(abs(all[row, Int(targets[row])] - some[row]) < 1e-5)
    }
  }

  @Test(arguments: Precision.allCases)
  func threadsDoNotChangeBytes(_ precision: Precision) throws {
    var outcomes: [[Float]] = []
    for threads in 1...3 {
      let weight = Parameter(
        "w", rows: 300, columns: 20, gradient: .dense, precision: precision)
      let bias = Parameter("b", rows: 1, columns: 300, gradient: .dense, precision: precision)
      weight.randomize(bound: 1, seed: 1)
      let output = SoftmaxOutput(weight: weight, bias: bias)
      let x = Tensor(rows: 200, columns: 20, precision: precision)
      FiniteDifferences.fill(x.values, seed: 3)
      x.round()
      let memory = SoftmaxMemory(output, rows: 200, precision: precision)
      let dx = FloatMatrix(rows: 200, columns: 20)
      try output.learn(
        x, targets: (0..<200).map { Int32($0) }, factor: 1, memory: memory, dx: dx,
        team: Team(threads: threads))
      outcomes.append(
        dx.elements + (weight.gradient?.elements ?? []) + (bias.gradient?.elements ?? [])
          + memory.logProbabilities.elements)
    }
    #expect(outcomes[0] == outcomes[1])
    #expect(outcomes[0] == outcomes[2])
  }

  @Test func noiseContrastGradientsAreSlopes() throws {
    let output = Self.output(9, 5, form: .rows)
    let x = Self.features(6, 5)
    let targets: [Int32] = [0, 8, -1, 3, 3, 1]
    let team = try Team(threads: 1)
    let contrast = NoiseContrast(
      output: output, samples: 12, frequencies: (1...9).map { Double($0) }, seed: 5)
    let memory = NoiseContrast.Memory(contrast, rows: 6, precision: .float32)
    let dx = FloatMatrix(rows: 6, columns: 5)
    func loss() throws -> Double {
      0.5
        * (try contrast.learn(
          x, targets: targets, factor: 0.5, window: 3, memory: memory, dx: dx, team: team))
    }
    _ = try loss()
    let gradients = FloatMatrix(rows: 6, columns: 5)
    gradients.copy(from: dx)
    for (name, parameter) in [("W", output.weight), ("b", output.bias)] {
      let dense = FloatMatrix(rows: parameter.values.rows, columns: parameter.values.columns)
      let rows = try #require(parameter.rowGradient)
      for (place, row) in rows.rows.enumerated() {
        dense.copyRows(place..<place + 1, of: rows.values, to: Int(row))
      }
      #expect(rows.rows == rows.rows.sorted() && Set(rows.rows).count == rows.rows.count)
      let worst = try FiniteDifferences.check(name, parameter.values, gradient: dense, loss: loss)
      #expect(worst == nil, "\(String(describing: worst))")
    }
    let worst = try FiniteDifferences.check("x", x.values, gradient: gradients, loss: loss)
    #expect(worst == nil, "\(String(describing: worst))")
  }
}
