import Foundation
import Testing

@testable import GramdexNeural

@Suite("Hashed n-gram features")
struct NGramFeaturesTests {
  static func features(_ lengths: Int, bits: Int = 10, decay: Float = 0) -> NGramFeatures {
    let features = NGramFeatures(
      tables: (0..<lengths).map { NGramFeatures.table(history: $0, bits: bits) },
      decay: decay
    )
    for table in features.tables { table.randomize(bound: 1, seed: 5) }
    return features
  }

  /// Checks the gradients of the tables: all of the touched weights, and that there are no others.
  static func check(
    _ features: NGramFeatures,
    touched: [Set<Int>],
    loss: () throws -> Double
  ) throws {
    for (table, touched) in zip(features.tables, touched) {
      let gradient = OutputTwin.gradient(table)
      for place in 0..<table.count {
        if !touched.contains(place) {
          #expect(gradient[place] == 0, "\(table.name)[\(place)]")
          continue
        }
        let (before, step) = (table.values[place], Float(1e-2))
        table.values[place] = before + step
        let above = try loss()
        table.values[place] = before - step
        let below = try loss()
        table.values[place] = before
        // The third derivative leaves an error of about 1e-4.
        let slope = (above - below) / Double(2 * step)
        #expect(
          abs(slope - Double(gradient[place])) < 1e-3,
          "\(table.name)[\(place)]: \(gradient[place]), difference \(slope)"
        )
      }
    }
  }

  static func touched(
    _ features: NGramFeatures,
    _ rows: [(history: [Int32], outcomes: [Int])]
  ) -> [Set<Int>] {
    features.tables.indices.map { length in
      var touched: Set<Int> = []
      for row in rows {
        let start = features.starts(after: row.history.reversed())[length]
        if start < 0 { continue }
        touched.formUnion(row.outcomes.map { (start + $0) % features.size })
      }
      return touched
    }
  }

  static let histories: [[Int32]] = [[3, 1], [3, 1], [-1, 1], [2, 4], [4, 2], [-1, -1]]
  static let targets: [Int32] = [2, 4, 9, -1, 9, 0]

  @Test func `starts depend on as many words as the history has`() {
    let features = Self.features(3, bits: 20)
    let start = features.starts(after: [5, 6])
    #expect(start.count == 3 && Set(start).count == 3)
    #expect(features.starts(after: [5, 7])[0...1] == start[0...1])
    #expect(features.starts(after: [5, 7])[2] != start[2])
    #expect(features.starts(after: [4, 6])[1] != start[1])
    #expect(features.starts(after: [6, 5])[2] != start[2])
    #expect(features.starts(after: [5, -1])[0...1] == start[0...1])
    #expect(features.starts(after: [5, -1])[2] == -1)
    #expect(features.starts(after: [-1, 6])[1...2] == [-1, -1])
    #expect(start.allSatisfy { (0..<1 << 20).contains($0) })
  }

  @Test func `gradients with a full soft-max are slopes`() throws {
    let features = Self.features(3)
    let output = SoftmaxOutput(
      weight: OutputTwin.parameter("output.weight", 10, 4),
      bias: OutputTwin.parameter("output.bias", 1, 10)
    )
    let x = OutputTwin.features(6, 4)
    let team = try Team(threads: 2)
    let window = NGramWindow(features, rows: 6, width: 10)
    window.begin(histories: Self.histories.flatMap { $0 }, rows: 6)
    let memory = SoftmaxMemory(output, rows: 6, precision: .float32)
    let dx = FloatMatrix(rows: 6, columns: 4)
    try output.learn(
      x,
      targets: Self.targets,
      factor: 0.5,
      extra: window,
      memory: memory,
      dx: dx,
      team: team
    )
    try window.collect(team: team)
    func loss() -> Double {
      var sum = 0.0
      for row in 0..<6 {
        if Self.targets[row] < 0 { continue }
        let logits = OutputTwin.logits(
          output.weight.values,
          output.bias.values,
          OutputTwin.row(x.values, row),
          outcomes: 0..<10
        )
        let terms = OutputTwin.terms(features, history: Self.histories[row], outcomes: 0..<10)
        sum += OutputTwin.logSoftmax(zip(logits, terms).map(+), at: Int(Self.targets[row]))
      }
      return -0.5 * sum
    }
    let sum = memory.logProbabilities.elements.reduce(0) { $0 + Double($1) }
    #expect(abs(0.5 * sum + loss()) < 1e-5)
    let rows = (0..<6).filter { Self.targets[$0] >= 0 }
    try Self.check(
      features,
      touched: Self.touched(features, rows.map { (Self.histories[$0], Array(0..<10)) }),
      loss: loss
    )
    let worst = FiniteDifferences.check("x", x.values, gradient: dx, loss: loss)
    #expect(worst == nil, "\(String(describing: worst))")
  }

  @Test func `gradients with classes are slopes`() throws {
    let features = Self.features(3)
    let output = ClassSoftmaxOutputTests.output(
      OutcomeClasses([0, 1, 0, 2, 2, 1, 0, 0, 1, 1]),
      features: 4,
      form: .dense
    )
    let x = OutputTwin.features(6, 4)
    let team = try Team(threads: 2)
    let window = NGramWindow(features, rows: 6, width: NGramWindow.width(output.classes))
    window.begin(histories: Self.histories.flatMap { $0 }, rows: 6)
    let memory = ClassSoftmaxMemory(output, rows: 6, precision: .float32)
    let dx = FloatMatrix(rows: 6, columns: 4)
    try output.learn(
      x,
      targets: Self.targets,
      factor: 0.5,
      extra: window,
      memory: memory,
      dx: dx,
      team: team
    )
    try window.collect(team: team)
    func loss() -> Double {
      var sum = 0.0
      for row in 0..<6 {
        if Self.targets[row] < 0 { continue }
        sum += OutputTwin.logProbability(
          output,
          OutputTwin.row(x.values, row),
          outcome: Int(Self.targets[row]),
          features: features,
          history: Self.histories[row]
        )
      }
      return -0.5 * sum
    }
    let rows = (0..<6).filter { Self.targets[$0] >= 0 }
    try Self.check(
      features,
      touched: Self.touched(
        features,
        rows.map { row in
          let number = Int(output.classes.classes[Int(Self.targets[row])])
          return (Self.histories[row], Array(output.classes.ranges[number]) + [10, 11, 12])
        }
      ),
      loss: loss
    )
    let some = FloatMatrix(rows: 1, columns: 6)
    try output.logProbabilities(x, targets: Self.targets, extra: window, into: some, team: team)
    #expect(abs(0.5 * some.elements.reduce(0) { $0 + Double($1) } + loss()) < 1e-5)
    let all = FloatMatrix(rows: 6, columns: 10)
    try output.distributions(x, rows: 6, extra: window, into: all, team: team)
    for row in rows {
      #expect(abs(all[row, Int(Self.targets[row])] - some[row]) < 1e-5)
      #expect(abs((0..<10).reduce(0.0) { $0 + exp(Double(all[row, $1])) } - 1) < 1e-5)
    }
  }

  @Test func `gradients with noise contrast are slopes`() throws {
    let features = Self.features(3)
    let output = SoftmaxOutput(
      weight: OutputTwin.parameter("output.weight", 10, 4, .rows),
      bias: OutputTwin.parameter("output.bias", 10, 1, .rows)
    )
    let x = OutputTwin.features(6, 4)
    let team = try Team(threads: 2)
    let contrast = NoiseContrast(
      output: output,
      samples: 7,
      frequencies: (1...10).map { Double($0) },
      seed: 5
    )
    let memory = NoiseContrast.Memory(contrast, rows: 6, precision: .float32)
    let window = NGramWindow(features, rows: 6, width: 8)
    let dx = FloatMatrix(rows: 6, columns: 4)
    func loss() throws -> Double {
      window.begin(histories: Self.histories.flatMap { $0 }, rows: 6)
      return try 0.5
        * contrast.learn(
          x,
          targets: Self.targets,
          factor: 0.5,
          window: 3,
          extra: window,
          memory: memory,
          dx: dx,
          team: team
        )
    }
    _ = try loss()
    try window.collect(team: team)
    for table in features.tables {
      #expect(OutputTwin.gradient(table).elements.contains { $0 != 0 })
    }
    // Which outcomes are noise is not known here; a weight that is not touched has no slope.
    try Self.check(
      features,
      touched: Self.touched(
        features,
        (0..<6).filter { Self.targets[$0] >= 0 }.map { (Self.histories[$0], Array(0..<10)) }
      ),
      loss: loss
    )
    let gradient = FloatMatrix(rows: 6, columns: 4)
    _ = try loss()
    gradient.copy(from: dx)
    let worst = try FiniteDifferences.check("x", x.values, gradient: gradient, loss: loss)
    #expect(worst == nil, "\(String(describing: worst))")
  }

  @Test(arguments: [1, 2, 3])
  func `gradients are sums over rows, round the end of a table`(threads: Int) throws {
    // 900 outcomes in tables of 1,024 weights: nearly every row goes round the end.
    let features = Self.features(2, decay: 0.25)
    let window = NGramWindow(features, rows: 40, width: 900)
    let team = try Team(threads: threads)
    for count in [40, 3] {
      window.begin(histories: (0..<count).map { Int32($0 % 7) - 1 }, rows: count)
      let gradient = FloatMatrix(rows: count, columns: 900)
      FiniteDifferences.fill(gradient, seed: 8)
      for row in 0..<count {
        window.keep(gradient, first: row, rows: row..<row + 1)
      }
      try window.collect(team: team)
      for (length, table) in features.tables.enumerated() {
        var sums = [Double](repeating: 0, count: table.count)
        var touched = [Bool](repeating: false, count: table.count / 16)
        for row in 0..<count {
          let start = features.starts(after: [Int32(row % 7) - 1])[length]
          if start < 0 { continue }
          for outcome in 0..<900 {
            let place = (start + outcome) % table.count
            sums[place] += Double(gradient[row, outcome])
            touched[place / 16] = true
          }
        }
        let found = OutputTwin.gradient(table)
        for place in sums.indices {
          if touched[place / 16] { sums[place] += 0.25 * Double(table.values[place]) }
          // Sums of 40 numbers of size 1.
          #expect(abs(sums[place] - Double(found[place])) < 1e-4)
        }
        #expect(table.rowGradient?.rows.count == touched.count { $0 })
      }
    }
  }

  @Test(arguments: Optimizer.Method.allCases)
  func `threads do not change bytes`(method: Optimizer.Method) throws {
    var results: [[Float]] = []
    for threads in 1...3 {
      let features = Self.features(3, bits: 16, decay: 1e-3)
      let output = SoftmaxOutput(
        weight: OutputTwin.parameter("output.weight", 300, 8),
        bias: OutputTwin.parameter("output.bias", 1, 300)
      )
      let x = OutputTwin.features(100, 8)
      let team = try Team(threads: threads)
      let window = NGramWindow(features, rows: 100, width: 300)
      let memory = SoftmaxMemory(output, rows: 100, precision: .float32)
      let dx = FloatMatrix(rows: 100, columns: 8)
      let optimizer = Optimizer(method, rate: 0.1)
      let moments = features.tables.map { optimizer.makeMoments($0) }
      for step in 1...3 {
        window.begin(histories: (0..<200).map { Int32($0 * step % 13) }, rows: 100)
        try output.learn(
          x,
          targets: (0..<100).map { Int32($0 * step % 300) },
          factor: 1,
          extra: window,
          memory: memory,
          dx: dx,
          team: team
        )
        try window.collect(team: team)
        for (table, moments) in zip(features.tables, moments) {
          try optimizer.update(table, moments: moments, factor: 0.5, step: step, team: team)
        }
      }
      results.append(features.tables.flatMap(\.values.elements) + dx.elements)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }
}
