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
  ///
  /// Where a unit has a kink, a difference across it is the slope of neither side. So when a unit changes sides between the
  /// two points, the step becomes a tenth, which leaves an error of 1e-3 from rounding; if one still does, that is a
  /// disagreement too, as nothing was compared.
  ///
  /// - Parameters:
  ///   - name: what the values are, for messages.
  ///   - values: what the loss depends on; as before afterwards.
  ///   - gradient: the gradient to be checked.
  ///   - changed: called after each change of `values`.
  ///   - sides: on which side of its kink each unit is, for the loss that was computed last; none by default.
  ///   - loss: computes the loss.
  /// - Returns: where they differ most.
  static func check(
    _ name: String,
    _ values: FloatMatrix,
    gradient: FloatMatrix,
    changed: () -> Void = {},
    sides: () -> [Bool] = { [] },
    loss: () throws -> Double
  ) rethrows -> Disagreement? {
    // The gradient is overwritten while losses are computed.
    let gradients = gradient.elements
    var worst: Disagreement?
    var worstError = 2e-3
    for place in 0..<values.count {
      let before = values[place]
      var difference = Double.nan
      for step: Float in [1e-2, 1e-3] {
        values[place] = before + step
        changed()
        let above = try loss()
        let sidesAbove = sides()
        values[place] = before - step
        changed()
        let below = try loss()
        if sides() == sidesAbove {
          difference = (above - below) / Double(before + step - (before - step))
          break
        }
      }
      values[place] = before
      changed()
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
