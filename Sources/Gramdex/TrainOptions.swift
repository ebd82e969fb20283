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
  /// Whether P(`<unk>`) is shared by the words that the network does not know.
  public var sharesUnknown = true
  /// Where the curves go, without ending; nil for nowhere.
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
}
