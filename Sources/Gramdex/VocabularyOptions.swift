public import GramdexCore
import GramdexCounting
import GramdexText

/// How the words of a text are counted.
public struct VocabularyOptions: Sendable, Equatable {
  /// How text becomes words.
  public var tokenizer = TokenizerOptions()
  /// Memory for the vocabulary.
  public var memoryBytes = BuildOptions.defaultMemoryBytes
  /// How many threads work.
  public var threads = BuildOptions.defaultThreads
  /// Whether the growth of the vocabulary is noted down.
  public var wantsGrowth = false
  /// After how many tokens each; nil for after 1, 2, 4, 8 …
  public var growthStep: UInt64?

  /// Makes the default options.
  public init() {}

  /// Counts the words of `inputs`.
  func count(
    _ inputs: TextInputs,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws -> CountedWords {
    let memory = Int(clamping: memoryBytes)
    let stage = JobStage(observer: observer, number: 1, stages: 1, name: "read", unit: "bytes")
    let total = inputs.totalBytes
    let reader = try TextBlockReader(inputs, cancellation: cancellation)
    let words = try WordCounter(
      reader: reader,
      tokenizer: tokenizer,
      threads: threads,
      // Text and its ids take 8 MB a thread.
      memoryBytes: max(
        memory - BuildMemory.processBytes(budget: memory) - threads * (8 << 20),
        1 << 20
      ),
      steps: wantsGrowth ? growthStep.map { .every($0) } ?? .powersOfTwo : nil,
      cancellation: cancellation
    ).run { stage.report($0, of: total) }
    stage.report(reader.consumedBytes, of: reader.consumedBytes)
    return words
  }
}

/// How many different words a text has after some of its tokens.
public struct VocabularyGrowth: Sendable, Codable, Equatable {
  /// Tokens read.
  public var tokens: UInt64
  /// Different words among them.
  public var types: UInt64

  /// Makes a point of the curve.
  public init(tokens: UInt64, types: UInt64) {
    self.tokens = tokens
    self.types = types
  }
}

/// How many of the most frequent words make up a share of a text.
public struct VocabularyCoverage: Sendable, Codable, Equatable {
  /// A share of all tokens, in percent.
  public var percent: Double
  /// So many of the most frequent words are at least that.
  public var types: Int
  /// How often the least frequent of them was seen.
  public var count: UInt64
}
