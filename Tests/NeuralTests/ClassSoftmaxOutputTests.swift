import Foundation
import Testing

@testable import GramdexNeural

@Suite("Class-factorised soft-max")
struct ClassSoftmaxOutputTests {
  static func output(
    _ classes: OutcomeClasses,
    features: Int,
    form: Parameter.GradientForm,
    precision: Precision = .float32
  ) -> ClassSoftmaxOutput {
    let outcomes = classes.outcomes.count
    return ClassSoftmaxOutput(
      weight: OutputTwin.parameter("output.weight", outcomes, features, form, precision),
      bias: OutputTwin.parameter("output.bias", outcomes, 1, form, precision),
      classWeight: OutputTwin.parameter(
        "classes.weight",
        classes.count,
        features,
        .dense,
        precision
      ),
      classBias: OutputTwin.parameter("classes.bias", 1, classes.count, .dense, precision),
      classes: classes
    )
  }

  /// 100 rows, of which 81 are in one class: pieces of 64 and 16 rows, and rests.
  static let targets: [Int32] = (0..<100).map { (row: Int32) -> Int32 in
    if row == 7 { return -1 }
    return row % 5 == 0 ? row % 12 : row % 2 + 12
  }
  /// Class 2 of outcomes 12, 13 and 5; classes 0, 1 and 4 of others; class 4 never a target's.
  static let classes = OutcomeClasses([0, 1, 0, 1, 1, 2, 0, 0, 1, 1, 0, 1, 2, 2, 7, 7])

  @Test(arguments: [Parameter.GradientForm.dense, .rows])
  func `gradients are slopes`(form: Parameter.GradientForm) throws {
    let output = Self.output(Self.classes, features: 5, form: form)
    let (rows, targets) = (Self.targets.count, Self.targets)
    let x = OutputTwin.features(rows, 5)
    let team = try Team(threads: 2)
    let memory = ClassSoftmaxMemory(output, rows: rows, precision: .float32)
    let dx = FloatMatrix(rows: rows, columns: 5)
    // What an earlier window left must not show.
    dx.fill(9)
    output.weight.gradient?.fill(9)
    output.bias.gradient?.fill(9)
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
    #expect(memory.logProbabilities[7] == 0)
  }

  @Test func `distributions sum to one and agree with probabilities of targets`() throws {
    let classes = OutcomeClasses((0..<90).map { Int32($0 * $0 % 7) })
    let output = Self.output(classes, features: 6, form: .none)
    let x = OutputTwin.features(70, 6)
    let team = try Team(threads: 2)
    let all = FloatMatrix(rows: 70, columns: 90)
    try output.distributions(x, rows: 70, into: all, team: team)
    let targets = (0..<70).map { Int32($0 * 3 % 90) }
    let some = FloatMatrix(rows: 1, columns: 70)
    try output.logProbabilities(x, targets: targets, into: some, team: team)
    for row in 0..<70 {
      let sum = (0..<90).reduce(0.0) { $0 + exp(Double(all[row, $1])) }
      #expect(abs(sum - 1) < 1e-5)
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

  @Test(arguments: Precision.allCases, [Parameter.GradientForm.dense, .rows])
  func `threads do not change bytes`(precision: Precision, form: Parameter.GradientForm) throws {
    let classes = OutcomeClasses.byFrequency((1...700).map { 1 / Double($0) }, count: 20)
    var results: [[Float]] = []
    for threads in 1...3 {
      let output = Self.output(classes, features: 20, form: form, precision: precision)
      let x = OutputTwin.features(300, 20, precision)
      let memory = ClassSoftmaxMemory(output, rows: 300, precision: precision)
      let dx = FloatMatrix(rows: 300, columns: 20)
      let team = try Team(threads: threads)
      let targets = (0..<300).map { (row: Int32) -> Int32 in
        let any = row * row % 611
        return row % 4 == 0 ? any : any % 20
      }
      for _ in 0..<2 {
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

  @Test func `rounded gradients are near exact ones`() throws {
    // bfloat16 has 8 bits: a sum of 20 products is off by some 2⁻⁸ of the products' size.
    var gradients: [[Float]] = []
    for precision in Precision.allCases {
      let output = Self.output(Self.classes, features: 20, form: .dense, precision: precision)
      let x = OutputTwin.features(100, 20, precision)
      let memory = ClassSoftmaxMemory(output, rows: 100, precision: precision)
      let dx = FloatMatrix(rows: 100, columns: 20)
      try output.learn(
        x,
        targets: Self.targets,
        factor: 0.1,
        memory: memory,
        dx: dx,
        team: Team(threads: 1)
      )
      gradients.append(OutputTwin.gradient(output.weight).elements + dx.elements)
    }
    for (one, other) in zip(gradients[0], gradients[1]) {
      #expect(abs(one - other) < 0.03 * (1 + abs(one)))
    }
  }

  @Test func `classes by frequency have about equal mass`() {
    let frequencies = (1...1000).map { 1 / Double($0) }
    let total = frequencies.reduce(0, +)
    let classes = OutcomeClasses.byFrequency(frequencies.reversed(), count: 10)
    #expect(classes.count == 10)
    for range in classes.ranges {
      let mass = range.reduce(0.0) { $0 + frequencies[999 - Int(classes.outcomes[$1])] } / total
      // No outcome beyond the first has more than 7 %, and a class ends with the outcome that fills it.
      #expect(mass > 0.03 && mass < 0.2)
    }
    for outcome in 0..<1000 {
      let place = Int(classes.places[outcome])
      #expect(classes.outcomes[place] == Int32(outcome))
      #expect(classes.ranges[Int(classes.classes[outcome])].contains(place))
    }
    let roots = OutcomeClasses.byFrequency(frequencies, count: 10, squareRoots: true)
    #expect(roots.ranges.map(\.count).max() ?? 0 < classes.ranges.map(\.count).max() ?? 0)
    #expect(OutcomeClasses.byFrequency([5, 1, 1], count: 9).count == 3)
    #expect(OutcomeClasses.byFrequency([0, 0, 0, 0], count: 2).count == 2)
    #expect(OutcomeClasses.byFrequency([1], count: 0).ranges == [0..<1])
  }

  @Test func `numbers of given classes may have gaps`() {
    let classes = OutcomeClasses([7, -2, 7, 100, -2])
    #expect(classes.classes == [1, 0, 1, 2, 0])
    #expect(classes.outcomes == [1, 4, 0, 2, 3])
    #expect(classes.places == [2, 0, 3, 4, 1])
    #expect(classes.ranges == [0..<2, 2..<4, 4..<5])
  }
}
