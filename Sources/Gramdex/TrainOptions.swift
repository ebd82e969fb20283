import GramdexIndex
public import GramdexNeuralModels
import GramdexText

/// What training a network into an index is asked to do.
public struct TrainOptions: Sendable, Equatable {
  /// The texts to learn from.
  public var texts: [String]
  /// A file of further names of texts.
  public var filesFrom: String?
  /// The field of JSON lines that holds the text.
  public var jsonField: String?
  /// The texts that decide when training ends.
  public var validTexts: [String]
  /// The name of the model in the index.
  public var name: String
  /// The network and how it is trained.
  public var training = TrainingOptions()
  /// How many networks are trained, with the seed of `training` and those that follow it; the best is kept.
  public var seeds = 1
  /// Whether P(`<unk>`) is shared by the words that the network does not know.
  public var sharesUnknown = true
  /// Where the curves go, without ending, and without the seed that is added where there are several; nil for nowhere.
  public var curves: String?
  /// A file of classes of words for a class soft-max; nil for classes of equal frequency.
  public var classFile: String?
  /// Whether training that was stopped is gone on with.
  public var resume = false
  /// Whether what is left of training that was stopped is thrown away.
  public var restart = false
  /// How often a checkpoint is written within an epoch.
  public var checkpointInterval = CheckpointInterval.usual
  /// Whether a model of that name may be replaced.
  public var replace = false
  /// Whether the generation that is replaced stays for roll-back.
  public var keepPrevious = false
  /// The memory of the process.
  public var memoryBytes = BuildOptions.defaultMemoryBytes
  /// The threads that work.
  public var threads = BuildOptions.defaultThreads
  /// The folder for the temporary file of the texts' ids; nil for the index.
  public var temporary: String?

  /// Asks for training on `texts`.
  public init(texts: [String], validTexts: [String], name: String) {
    self.texts = texts
    self.validTexts = validTexts
    self.name = name
  }

  /// The most seeds of a training.
  private static let maximumSeeds = 1000

  /// What is wrong with the options, naming them as the command line does; nil when nothing is.
  public var problem: String? {
    if let problem = training.problem { return problem }
    // A folder has this name while the network is trained.
    if !TableFileName.isPrefix(name) || [".", ".."].contains(name) {
      return """
        name \"\(name)\" cannot name a model; use 1 to 64 letters, digits, hyphens, underscores and dots, \
        not . or ..
        """
    }
    if threads < 1 { return "threads must be 1 or more" }
    if !(1...Self.maximumSeeds).contains(seeds) {
      return "seeds must be in 1 … \(Self.maximumSeeds)"
    }
    if training.seed > .max - UInt64(seeds) { return "seed must leave room for the ones after it" }
    return nil
  }

  /// The seeds of the networks that are trained.
  var seedRange: Range<UInt64> { training.seed..<training.seed + UInt64(seeds) }

  /// How the network of a seed is trained.
  func training(seed: UInt64) -> TrainingOptions {
    var training = training
    training.seed = seed
    return training
  }

  /// Where the curves of a seed go, without ending.
  func curvesPath(seed: UInt64) -> String? {
    curves.map { seeds > 1 ? "\($0)-\(seed)" : $0 }
  }
}
