@testable import GramdexNeural

/// Compares a gradient with central differences of a loss, element by element.
enum FiniteDifferences {
  /// A place where the two differ.
  struct Disagreement: CustomStringConvertible {
    let name: String
    let place: Int
    let gradient: Double
    let difference: Double
    var description: String { "\(name)[\(place)]: gradient \(gradient), difference \(difference)" }
  }

  /// The greatest disagreement, or nil when all elements agree.
  ///
  /// Losses are computed in 32-bit floats, with an error of about 1e-6: a step of 1e-2 leaves an error of 1e-4 from
  /// rounding and about as much from the third derivative, so 2e-3 of 1 + |gradient| is allowed.
  static func check(
    _ name: String,
    _ values: FloatMatrix,
    gradient: FloatMatrix,
    changed: () -> Void = {},
    loss: () throws -> Double
  ) rethrows -> Disagreement? {
    let step: Float = 1e-2
    // The gradient is overwritten while losses are computed.
    let gradients = gradient.elements
    var worst: Disagreement?
    var worstError = 2e-3
    for place in 0..<values.count {
      let before = values[place]
      values[place] = before + step
      changed()
      let above = try loss()
      values[place] = before - step
      changed()
      let below = try loss()
      values[place] = before
      changed()
      let difference = (above - below) / Double(2 * step)
      let known = Double(gradients[place])
      let error = abs(difference - known) / (1 + abs(known))
      if !(error <= worstError) {
        worstError = error
        worst = Disagreement(name: name, place: place, gradient: known, difference: difference)
      }
    }
    return worst
  }

  /// Fills a matrix with numbers from −1 to 1.
  static func fill(_ matrix: FloatMatrix, seed: UInt64, scale: Float = 1) {
    var random = CountedRandom(seed: seed, purpose: "test")
    for place in 0..<matrix.count { matrix[place] = (random.uniform() * 2 - 1) * scale }
  }
}
