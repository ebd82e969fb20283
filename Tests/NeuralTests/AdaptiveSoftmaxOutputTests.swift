import Foundation
import Testing

@testable import GramdexNeural

@Suite("Adaptive soft-max")
struct AdaptiveSoftmaxOutputTests {
  static func output(
    shortList: Int,
    clusters: [Int],
    features: Int,
    hasBias: Bool = true,
    precision: Precision = .float32
  ) -> AdaptiveSoftmaxOutput {
    let decisions = shortList + clusters.count
    return AdaptiveSoftmaxOutput(
      headWeight: OutputTwin.parameter("head.weight", decisions, features, .dense, precision),
      headBias: hasBias
        ? OutputTwin.parameter("head.bias", 1, decisions, .dense, precision) : nil,
      tails: clusters.enumerated().map { number, size in
        let projected = AdaptiveSoftmaxOutput.projectionSize(
          features: features,
          cluster: number,
          div: 2
        )
        return .init(
          projection: OutputTwin.parameter(
            "tail.\(number).projection",
            projected,
            features,
            .dense,
            precision
          ),
          weight: OutputTwin.parameter(
            "tail.\(number).weight",
            size,
            projected,
            .dense,
            precision
          )
        )
      }
    )
  }

  @Test(arguments: [true, false])
  func `gradients are slopes`(hasBias: Bool) throws {
    let output = Self.output(shortList: 4, clusters: [3, 5, 2], features: 6, hasBias: hasBias)
    #expect(output.outcomes == 14 && output.parameters.count == (hasBias ? 8 : 7))
    // No row is in the last cluster, and 34 are in the second.
    var targets: [Int32] = [0, 3, -1, 4, 6, 5, 11, 7, 1]
    for row: Int32 in 0..<34 { targets.append(7 + row % 5) }
    let rows = targets.count
    let x = OutputTwin.features(rows, 6)
    let team = try Team(threads: 2)
    let memory = AdaptiveSoftmaxMemory(output, rows: rows, precision: .float32)
    let dx = FloatMatrix(rows: rows, columns: 6)
    for parameter in output.parameters { parameter.gradient?.fill(9) }
    try output.learn(x, targets: targets, factor: 0.1, memory: memory, dx: dx, team: team)
    func loss() -> Double {
      var sum = 0.0
      for row in 0..<rows {
        if targets[row] < 0 { continue }
        sum += OutputTwin.logProbability(
          output,
          OutputTwin.row(x.values, row),
          outcome: Int(targets[row])
        )
      }
      return -0.1 * sum
    }
    for parameter in output.parameters {
      let worst = FiniteDifferences.check(
        parameter.name,
        parameter.values,
        gradient: OutputTwin.gradient(parameter),
        loss: loss
      )
      #expect(worst == nil, "\(String(describing: worst))")
    }
    let worst = FiniteDifferences.check("x", x.values, gradient: dx, loss: loss)
    #expect(worst == nil, "\(String(describing: worst))")
    let sum = memory.logProbabilities.elements.reduce(0) { $0 + Double($1) }
    #expect(abs(0.1 * sum + loss()) < 1e-4)
    #expect(memory.logProbabilities[2] == 0)
  }

  @Test func `distributions sum to one and agree with probabilities of targets`() throws {
    let output = Self.output(shortList: 10, clusters: [30, 50], features: 8)
    let x = OutputTwin.features(100, 8)
    let team = try Team(threads: 2)
    let all = FloatMatrix(rows: 100, columns: 90)
    try output.distributions(x, rows: 100, into: all, team: team)
    let targets = (0..<100).map { (row: Int32) in row == 50 ? -1 : row * 7 % 90 }
    let some = FloatMatrix(rows: 1, columns: 100)
    try output.logProbabilities(x, targets: targets, into: some, team: team)
    for row in 0..<100 {
      let sum = (0..<90).reduce(0.0) { $0 + exp(Double(all[row, $1])) }
      #expect(abs(sum - 1) < 1e-5)
      if targets[row] < 0 {
        #expect(some[row] == 0)
        continue
      }
      let exact = OutputTwin.logProbability(
        output,
        OutputTwin.row(x.values, row),
        outcome: Int(targets[row])
      )
      // 32-bit logits of size 3 are off by some 1e-6.
      #expect(abs(Double(all[row, Int(targets[row])]) - exact) < 1e-5)
      #expect(abs(Double(some[row]) - exact) < 1e-5)
    }
  }

  @Test(arguments: Precision.allCases)
  func `threads do not change bytes`(precision: Precision) throws {
    var results: [[Float]] = []
    for threads in 1...3 {
      let output = Self.output(
        shortList: 50,
        clusters: [150, 300],
        features: 20,
        precision: precision
      )
      let x = OutputTwin.features(300, 20, precision)
      let memory = AdaptiveSoftmaxMemory(output, rows: 300, precision: precision)
      let dx = FloatMatrix(rows: 300, columns: 20)
      let team = try Team(threads: threads)
      for shift: Int32 in [0, 200] {
        let targets = (0..<300).map { (row: Int32) in (row * row + shift) % 500 }
        try output.learn(x, targets: targets, factor: 1, memory: memory, dx: dx, team: team)
      }
      results.append(
        output.parameters.flatMap { OutputTwin.gradient($0).elements } + dx.elements
          + memory.logProbabilities.elements
      )
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test func `projections are as large as in PyTorch`() {
    #expect(AdaptiveSoftmaxOutput.projectionSize(features: 200, cluster: 0, div: 4) == 50)
    #expect(AdaptiveSoftmaxOutput.projectionSize(features: 200, cluster: 1, div: 4) == 12)
    // PyTorch makes a projection of no features here.
    #expect(AdaptiveSoftmaxOutput.projectionSize(features: 3, cluster: 1, div: 4) == 1)
  }
}
