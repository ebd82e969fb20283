import Testing

@testable import GramdexNeural

@Suite("Squared error")
struct SquaredErrorOutputTests {
  private struct Setting {
    let output = SquaredErrorOutput(
      weight: OutputTwin.parameter("output.weight", 3, 4, .dense, .float32),
      bias: OutputTwin.parameter("output.bias", 1, 3, .dense, .float32)
    )
    let x = Tensor(rows: 5, columns: 4, precision: .float32)
    let targets = FloatMatrix(rows: 5, columns: 3)
    let dOutput = Tensor(rows: 5, columns: 3, precision: .float32)
    let dx = FloatMatrix(rows: 5, columns: 4)
    let team: Team

    init() throws {
      team = try Team(threads: 2)
      FiniteDifferences.fill(x.values, seed: 5)
      FiniteDifferences.fill(targets, seed: 6)
      for (place, parameter) in output.parameters.enumerated() {
        FiniteDifferences.fill(parameter.values, seed: UInt64(7 + place))
      }
    }

    func learn() throws -> Double {
      try output.learn(x, targets: targets, factor: 0.5, dOutput: dOutput, dx: dx, team: team)
    }
  }

  @Test func `is the sum over rows and outputs`() throws {
    let setting = try Setting()
    let loss = try setting.learn()
    var expected = 0.0
    for row in 0..<5 {
      for output in 0..<3 {
        var y = Double(setting.output.bias.values[output])
        for feature in 0..<4 {
          y +=
            Double(setting.output.weight.values[output, feature])
            * Double(setting.x.values[row, feature])
        }
        let error = y - Double(setting.targets[row, output])
        expected += error * error
      }
    }
    // Sums of a few 32-bit products.
    #expect(abs(loss - expected) < 1e-5)
    let y = FloatMatrix(rows: 5, columns: 3)
    try setting.output.predict(setting.x, rows: 5, into: y, team: setting.team)
    var sum = 0.0
    for place in 0..<15 {
      let error = Double(y[place] - setting.targets[place])
      sum += error * error
    }
    #expect(abs(sum - loss) < 1e-6)
  }

  @Test func `has gradients that are slopes`() throws {
    let setting = try Setting()
    _ = try setting.learn()
    let dx = FloatMatrix(rows: 5, columns: 4)
    dx.copy(from: setting.dx)
    for parameter in setting.output.parameters {
      let gradient = try #require(parameter.gradient)
      let worst = try FiniteDifferences.check(
        parameter.name,
        parameter.values,
        gradient: gradient
      ) { try 0.5 * setting.learn() }
      #expect(worst == nil, "\(String(describing: worst))")
    }
    let worst = try FiniteDifferences.check("x", setting.x.values, gradient: dx) {
      try 0.5 * setting.learn()
    }
    #expect(worst == nil, "\(String(describing: worst))")
  }
}
