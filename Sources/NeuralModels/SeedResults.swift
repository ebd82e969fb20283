/// What networks came to that differ in their seed only: how much of a perplexity is chance.
public struct SeedResults: Hashable, Sendable, Codable {
  /// The network of one seed.
  public struct Member: Hashable, Sendable, Codable {
    /// Its seed.
    public var seed: UInt64
    /// The perplexity of the development text after its best epoch, words outside the short list as one word.
    public var perplexity: Double
    /// That epoch, from 1.
    public var bestEpoch: Int

    /// Describes a network.
    public init(seed: UInt64, perplexity: Double, bestEpoch: Int) {
      self.seed = seed
      self.perplexity = perplexity
      self.bestEpoch = bestEpoch
    }
  }

  /// The networks in the order of their seeds.
  public var members: [Member]
  /// The mean of their perplexities.
  public var mean: Double
  /// The standard deviation of their perplexities, with n − 1 in the denominator; nil for a single network.
  public var standardDeviation: Double?

  /// Sums up networks.
  public init(_ members: [Member]) {
    self.members = members
    let count = Double(members.count)
    let mean = members.reduce(0) { $0 + $1.perplexity } / max(count, 1)
    self.mean = mean
    if members.count > 1 {
      let squares = members.reduce(0) {
        $0 + ($1.perplexity - mean) * ($1.perplexity - mean)
      }
      standardDeviation = (squares / (count - 1)).squareRoot()
    }
  }
}
