public import GramdexNeuralModels

/// What training did: the lines it prints, and the object that `--json` writes.
public struct TrainSummary: Sendable, Codable, Equatable {
  /// The index folder.
  public var index: String
  /// The model's name inside the index.
  public var model: String
  /// The network that was kept and how it was trained.
  public var training: TrainingOptions
  /// Words of the network, `<unk>` and `</s>` among them.
  public var vocabulary: Int
  /// Numbers that were learned.
  public var parameters: Int
  /// Words and ends of sentences of the training text.
  public var tokens: UInt64
  /// Those of them that are `<unk>` to the network.
  public var unknownTokens: UInt64
  /// The perplexity of the development text after each epoch, words outside the short list as one word.
  public var developmentPerplexities: [Double]
  /// The epoch that was kept, from 1.
  public var bestEpoch: Int
  /// Seconds of each epoch.
  public var epochSeconds: [Double]
  /// What the networks of all seeds came to; the one that was kept is the best of them.
  public var seeds: SeedResults
  /// Elapsed time.
  public var wallSeconds = 0.0
  /// Processor time of all threads, kernel included.
  public var cpuSeconds = 0.0
  /// The most anonymous memory that the process held.
  public var peakAnonymousBytes: UInt64 = 0
}
