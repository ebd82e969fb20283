import Foundation
import GramdexNeural
import Testing

/// A file that `scripts/make-neural-goldens` made with PyTorch: inputs, parameters, results and gradients by name.
final class GoldenCase {
  let name: String
  private let file: SafetensorsFile

  init(_ name: String) throws {
    self.name = name
    file = try SafetensorsFile(path: fixtures.appending(path: name + ".safetensors").path)
  }

  /// A text of the metadata.
  func text(_ key: String) throws -> String {
    try #require(file.header.metadata[key], "\(name): \(key)")
  }

  /// A number of the metadata.
  func number(_ key: String) throws -> Float {
    try #require(Float(text(key)), "\(name): \(key)")
  }

  func double(_ key: String) throws -> Double {
    try #require(Double(text(key)), "\(name): \(key)")
  }

  func has(_ tensor: String) -> Bool { file.entry(tensor) != nil }

  func floats(_ tensor: String) throws -> [Float] { try file.floats(tensor) }

  func ids(_ tensor: String) throws -> [Int32] { try file.integers(tensor).map { Int32($0) } }

  func shape(_ tensor: String) throws -> [Int] { try file.entry(tensor, shape: nil).shape }

  /// The tensor as a matrix: its last size is the number of columns, a vector is one row.
  func matrix(_ tensor: String) throws -> FloatMatrix {
    let (shape, numbers) = (try shape(tensor), try floats(tensor))
    let columns = shape.last ?? 1
    let matrix = FloatMatrix(rows: shape.dropLast().reduce(1, *), columns: columns)
    for (place, number) in numbers.enumerated() { matrix[place] = number }
    return matrix
  }

  /// The tensor as the input of a layer, rounded.
  func tensor(_ tensor: String, _ precision: Precision) throws -> Tensor {
    let matrix = try matrix(tensor)
    let result = Tensor(rows: matrix.rows, columns: matrix.columns, precision: precision)
    result.values.copy(from: matrix)
    result.round()
    return result
  }

  /// The parameter of this name.
  ///
  /// - Parameters:
  ///   - tensor: its name.
  ///   - precision: what products round it to.
  ///   - form: how its gradient is kept.
  ///   - isColumn: whether a vector is a matrix of one column, so that its elements are rows.
  /// - Returns: a parameter of this name with the numbers of the tensor.
  /// - Throws: what `SafetensorsFile` throws.
  func parameter(
    _ tensor: String,
    _ precision: Precision = .float32,
    _ form: Parameter.GradientForm = .dense,
    isColumn: Bool = false
  ) throws -> Parameter {
    let matrix = try matrix(tensor)
    let (rows, columns) = isColumn ? (matrix.count, 1) : (matrix.rows, matrix.columns)
    let parameter = Parameter(
      tensor,
      rows: rows,
      columns: columns,
      gradient: form,
      precision: precision
    )
    for place in 0..<matrix.count { parameter.values[place] = matrix[place] }
    parameter.tensor.round()
    return parameter
  }

  /// Expects numbers to be those of the file.
  ///
  /// - Parameters:
  ///   - found: the numbers.
  ///   - tensor: the tensor that they should be.
  ///   - tolerance: how far each may be off, as a part of the largest number of the tensor.
  ///   - sourceLocation: where the expectation stands.
  /// - Throws: what `SafetensorsFile` throws, and an issue when there are more or fewer numbers.
  func expect(
    _ found: [Float],
    _ tensor: String,
    tolerance: Float,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let wanted = try floats(tensor)
    try #require(found.count == wanted.count, "\(name): \(tensor)", sourceLocation: sourceLocation)
    let largest = wanted.reduce(0) { max($0, abs($1)) }
    var (worst, place) = (Float(0), 0)
    for index in wanted.indices {
      let difference = abs(found[index] - wanted[index])
      if !(difference <= worst) { (worst, place) = (difference, index) }
    }
    #expect(
      worst <= tolerance * largest,
      """
      \(name): \(tensor)[\(place)] is \(found[place]) where PyTorch has \(wanted[place]); \
      the largest number is \(largest)
      """,
      sourceLocation: sourceLocation
    )
  }

  /// Expects a parameter's gradient, kept in whatever form, to be that of the file.
  func expectGradient(
    of parameter: Parameter,
    tolerance: Float,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var found = [Float](repeating: 0, count: parameter.count)
    if let gradient = parameter.gradient {
      found = gradient.elements
    } else if let gradient = parameter.rowGradient {
      let columns = gradient.values.columns
      for (place, row) in gradient.rows.enumerated() {
        for column in 0..<columns {
          found[Int(row) * columns + column] = gradient.values[place, column]
        }
      }
    } else {
      Issue.record("\(parameter.name) keeps no gradient", sourceLocation: sourceLocation)
    }
    try expect(
      found,
      "gradient/" + parameter.name,
      tolerance: tolerance,
      sourceLocation: sourceLocation
    )
  }
}
