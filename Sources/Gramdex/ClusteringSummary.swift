import GramdexCore

/// What a clustering of words found.
public struct ClusteringSummary: Sendable, Encodable, Equatable {
  /// The classes after some iterations.
  public struct Iteration: Sendable, Encodable, Equatable {
    /// Its number; 0 is the initial classes.
    public var iteration: Int
    /// How many words changed their class.
    public var moves: Int
    /// The average mutual information of adjacent classes, in bits.
    public var averageMutualInformation: Double
    /// The perplexity of the index's text, `</s>` included, under the unsmoothed bigram model of the classes.
    public var perplexity: Double
  }

  /// The file that was written, or `standard output`.
  public var output: String
  /// How many classes words may be in.
  public var classes: Int
  /// Words that have a class.
  public var words: Int
  /// Different bigrams that the classes follow from.
  public var bigrams: Int
  /// Bigrams of the text, each as often as it occurs.
  public var tokens: Int64
  /// The initial classes and each iteration after them.
  public var iterations: [Iteration]
  /// Whether no word is better off in another class.
  public var isConverged: Bool
  /// Processor seconds of the job.
  public var cpuSeconds: Double
  /// The most anonymous memory that the process had.
  public var peakAnonymousBytes: UInt64
}

extension ClusteringSummary {
  /// The summary for people: the classes, and a row an iteration.
  public var text: String {
    var table = TextTable(["iteration", "moves", "mutual information", "perplexity"])
    for row in iterations {
      table.add([
        "\(row.iteration)", Readable.grouped(UInt64(row.moves)),
        Readable.fixed(row.averageMutualInformation, 4), Readable.fixed(row.perplexity, 2),
      ])
    }
    return """
      \(output): \(Readable.grouped(UInt64(words))) words in at most \(Readable.grouped(UInt64(classes))) classes, \
      from \(Readable.grouped(UInt64(bigrams))) bigrams
      \(table.text)\
      \(isConverged ? "no word is better off in another class" : "stopped while words still moved")
      cost: \(Readable.fixed(cpuSeconds, 1)) CPU seconds, \(ByteSize.format(peakAnonymousBytes)) of memory

      """
  }
}

extension ClusteringSummary.Iteration {
  /// One line for people while the job goes on.
  public var text: String {
    """
    iteration \(iteration): \(Readable.grouped(UInt64(moves))) moves, mutual information \
    \(Readable.fixed(averageMutualInformation, 4)), perplexity \(Readable.fixed(perplexity, 2))
    """
  }
}
