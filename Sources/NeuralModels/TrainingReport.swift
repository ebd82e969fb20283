/// What a piece of training was like.
public struct TrainingReport: Hashable, Sendable, Codable {
  /// The seed of the network, where networks of several seeds are trained.
  public var seed: UInt64?
  /// The epoch, from 1.
  public var epoch: Int
  /// The share of the epoch that is done.
  public var share: Double
  /// Words learned since training began.
  public var words: UInt64
  /// The loss a word in nats: −ln P, or that of noise contrast.
  public var loss: Double
  /// e to the −ln P a word, of noise contrast without normalising.
  public var perplexity: Double
  /// The mean norm of the gradient before it was clipped.
  public var gradientNorm: Double
  /// The share of windows whose gradient was clipped.
  public var clipped: Double
  /// The mean norm of the gradient of a step's loss with respect to the state 1, 5 and 20 steps earlier; empty where
  /// the window is shorter or there is no state.
  public var normsAtDistance: [Double]
  /// The learning rate.
  public var rate: Double
  /// The perplexity of the development text; at the end of an epoch only.
  public var developmentPerplexity: Double?
  /// Words a second.
  public var wordsPerSecond: Double

  /// The distances of `normsAtDistance`.
  public static let distances = [1, 5, 20]
}
