import Foundation

@testable import GramdexNeural

/// Output layers in plain loops over double-precision numbers.
enum OutputTwin {
  /// (W x + b)_v for some rows of W, by the numbers of its rows.
  static func logits(
    _ weight: FloatMatrix,
    _ bias: FloatMatrix?,
    _ x: [Double],
    outcomes: Range<Int>
  ) -> [Double] {
    outcomes.map { outcome in
      var sum = bias.map { Double($0[outcome]) } ?? 0
      for column in 0..<x.count { sum += Double(weight[outcome, column]) * x[column] }
      return sum
    }
  }

  /// ln of a soft-max at one place.
  static func logSoftmax(_ logits: [Double], at place: Int) -> Double {
    let most = logits.max() ?? 0
    return logits[place] - most - log(logits.reduce(0) { $0 + exp($1 - most) })
  }

  static func row(_ matrix: FloatMatrix, _ row: Int) -> [Double] {
    (0..<matrix.columns).map { Double(matrix[row, $0]) }
  }

  /// The terms of n-gram features for outcomes of a row.
  static func terms(
    _ features: NGramFeatures?,
    history: [Int32],
    outcomes: Range<Int>
  ) -> [Double] {
    var terms = [Double](repeating: 0, count: outcomes.count)
    guard let features else { return terms }
    for (table, start) in zip(features.tables, features.starts(after: history.reversed()))
    where start >= 0 {
      for (place, outcome) in outcomes.enumerated() {
        terms[place] += Double(table.values[(start + outcome) % table.count])
      }
    }
    return terms
  }

  /// ln P(v | x) of a class-factorised soft-max.
  static func logProbability(
    _ output: ClassSoftmaxOutput,
    _ x: [Double],
    outcome: Int,
    features: NGramFeatures? = nil,
    history: [Int32] = []
  ) -> Double {
    let number = Int(output.classes.classes[outcome])
    let range = output.classes.ranges[number]
    let (count, most) = (output.classes.count, output.outcomes)
    let classLogits = logits(
      output.classOutput.weight.values,
      output.classOutput.bias.values,
      x,
      outcomes: 0..<count
    )
    let classTerms = terms(features, history: history, outcomes: most..<most + count)
    let inside = logits(output.weight.values, output.bias.values, x, outcomes: range)
    let insideTerms = terms(features, history: history, outcomes: range)
    return logSoftmax(zip(classLogits, classTerms).map(+), at: number)
      + logSoftmax(
        zip(inside, insideTerms).map(+),
        at: Int(output.classes.places[outcome]) - range.lowerBound
      )
  }

  /// ln P(v | x) of an adaptive soft-max.
  static func logProbability(_ output: AdaptiveSoftmaxOutput, _ x: [Double], outcome: Int) -> Double
  {
    let decisions = logits(
      output.head.weight.values,
      output.head.bias.values,
      x,
      outcomes: 0..<output.head.outcomes
    )
    if outcome < output.shortList { return logSoftmax(decisions, at: outcome) }
    var start = output.shortList
    for (number, tail) in output.tails.enumerated() {
      let size = tail.weight.values.rows
      if outcome < start + size {
        let projected = logits(
          tail.projection.values,
          nil,
          x,
          outcomes: 0..<tail.projection.values.rows
        )
        return logSoftmax(decisions, at: output.shortList + number)
          + logSoftmax(
            logits(tail.weight.values, nil, projected, outcomes: 0..<size),
            at: outcome - start
          )
      }
      start += size
    }
    return .nan
  }

  /// The gradient of a parameter for all its elements, in whatever form it is kept.
  static func gradient(_ parameter: Parameter) -> FloatMatrix {
    if let gradient = parameter.gradient { return gradient }
    let dense = FloatMatrix(rows: parameter.values.rows, columns: parameter.values.columns)
    if let rows = parameter.rowGradient {
      for (place, row) in rows.rows.enumerated() {
        dense.copyRows(place..<place + 1, of: rows.values, to: Int(row))
      }
    }
    return dense
  }

  /// A parameter with numbers from −1 to 1.
  static func parameter(
    _ name: String,
    _ rows: Int,
    _ columns: Int,
    _ form: Parameter.GradientForm = .dense,
    _ precision: Precision = .float32
  ) -> Parameter {
    let parameter = Parameter(
      name,
      rows: rows,
      columns: columns,
      gradient: form,
      precision: precision
    )
    parameter.randomize(bound: 1, seed: 11)
    return parameter
  }

  /// Features with numbers from −1 to 1.
  static func features(_ rows: Int, _ columns: Int, _ precision: Precision = .float32) -> Tensor {
    let x = Tensor(rows: rows, columns: columns, precision: precision)
    FiniteDifferences.fill(x.values, seed: 3)
    x.round()
    return x
  }
}
