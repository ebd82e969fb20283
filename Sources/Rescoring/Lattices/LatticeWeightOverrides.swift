/// What is to count otherwise than each lattice says itself.
public struct LatticeWeightOverrides: Hashable, Sendable {
  /// Weights by the names of scores; a score that is not named keeps the weight of its lattice.
  public var weights: [String: Double]
  /// What a word counts; nil for what each lattice says.
  public var wordBonus: Double?

  /// Makes overrides; by default nothing is overridden.
  public init(_ weights: [String: Double] = [:], wordBonus: Double? = nil) {
    self.weights = weights
    self.wordBonus = wordBonus
  }

  /// `weights` with the overrides.
  public func applied(to weights: LatticeWeights) -> LatticeWeights {
    LatticeWeights(
      weights.weights.merging(self.weights) { $1 },
      wordBonus: wordBonus ?? weights.wordBonus
    )
  }

  /// Makes sure that a lattice can have the scores that are named.
  ///
  /// - Parameters:
  ///   - lattice: the lattice; one of HTK's can have scores that stand on none of its links, and are 0.
  ///   - added: a score that it is to get.
  /// - Throws: `LatticeError.unknownScores`.
  public func check(_ lattice: Lattice, adding added: String? = nil) throws(LatticeError) {
    let own = lattice.scoreNames + (added.map { [$0] } ?? [])
    let possible = lattice.format == .slf ? own + SLFReader.scoreFields.map(\.name) : own
    let unknown = weights.keys.filter { !possible.contains($0) }.sorted()
    if !unknown.isEmpty { throw .unknownScores(unknown, known: Array(Set(own)).sorted()) }
  }
}
