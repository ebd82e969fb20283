package import GramdexIndex
import GramdexNeural
public import GramdexScoring

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a stored network is, how it was trained and how it did.
public struct NeuralDescription: Hashable, Sendable, Codable {
  /// The sort of network.
  public var architecture: String
  /// The network and its training.
  public var training: TrainingOptions
  /// Whether P(`<unk>`) is shared by the words that the network does not know.
  public var sharesUnknown: Bool
  /// The n-gram model whose unigrams decide the shares.
  public var unigramModel: String
  /// Words and ends of sentences that it learned from, in each epoch.
  public var tokens: UInt64
  /// The perplexity of the development text after each epoch, words outside the short list as one word.
  public var developmentPerplexities: [Double]
  /// The epoch that was kept, from 1.
  public var bestEpoch: Int
  /// What computed it: other processors compute slightly different numbers.
  public var processor: String
  /// What this network and those of other seeds came to, of which it is the best; nil for one from elsewhere.
  public var seeds: SeedResults?
  /// Whether the network came from a file that does not say how it was trained; nil for no.
  ///
  /// What stands here of that is then unknown.
  public var isTrainedElsewhere: Bool?

  /// Describes a trained network.
  public init(
    training: TrainingOptions,
    sharesUnknown: Bool,
    unigramModel: String,
    tokens: UInt64,
    developmentPerplexities: [Double],
    bestEpoch: Int,
    processors: [String],
    seeds: SeedResults? = nil
  ) {
    architecture = training.network.architecture.rawValue
    self.training = training
    self.sharesUnknown = sharesUnknown
    self.unigramModel = unigramModel
    self.tokens = tokens
    self.developmentPerplexities = developmentPerplexities
    self.bestEpoch = bestEpoch
    processor = processors.joined(separator: ", then ")
    self.seeds = seeds
  }

  /// As JSON.
  package func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self))
  }
}

extension NeuralModel {
  /// Opens the neural model `name` of the index at `path`.
  ///
  /// Takes no lock and writes nothing. Parameters are copied to memory: 4 bytes each, and 2 more where products read bfloat16.
  ///
  /// - Parameters:
  ///   - path: the index folder.
  ///   - name: the model's name in it.
  ///   - sentenceState: what is remembered from one sentence to the next; nil for what was when it was trained.
  /// - Returns: the model, which has computed a word already.
  /// - Throws: `NeuralFileError`, `NeuralModelError`, `IndexError` or `StorageError`, each saying what to do.
  public static func open(
    _ path: String,
    model name: String,
    sentenceState: SentenceState? = nil
  ) throws -> NeuralModel {
    try open(NeuralModelFile.open(path, model: name), index: path, sentenceState: sentenceState)
  }

  /// Makes a model of an opened file.
  package static func open(
    _ file: NeuralModelFile,
    index path: String,
    sentenceState: SentenceState? = nil
  ) throws -> NeuralModel {
    let name = file.entry.name
    let description = try NeuralDescription(of: file)
    let training = description.training
    let precision = Precision.fastest == .float32 ? .float32 : training.precision
    try training.network.check(vocabularySize: Int(clamping: file.entry.words), model: name)
    let network = WordNetwork(
      training.network,
      vocabularySize: Int(file.entry.words),
      classes: try classes(in: file),
      learns: false,
      precision: precision
    )
    for parameter in network.parameters {
      try load(parameter, from: file)
    }
    let unigrams = try NeuralModel.unigramModel(
      of: file,
      named: description.unigramModel,
      index: path
    )
    let shortList = try ShortList(
      words: file.words(),
      lexicon: unigrams.lexicon,
      model: name
    )
    let model = NeuralModel(
      network,
      shortList: shortList,
      lexicon: unigrams.lexicon,
      tokenizer: file.manifest.tokenizer,
      share: description.sharesUnknown ? UnknownShare(unigrams, shortList) : nil,
      history: training.history,
      sentenceState: sentenceState ?? training.sentenceState,
      clip: training.clip
    )
    try model.check()
    return model
  }

  /// The class of each word; nil for a network without classes.
  private static func classes(in file: NeuralModelFile) throws -> [Int32]? {
    guard let stored = try file.parameter("classes.of") else { return nil }
    let numbers = unsafe stored.withUnsafeFloats { unsafe Array($0) }
    guard numbers.count == file.entry.words, numbers.allSatisfy({ $0 >= 0 && $0 < 0x1p24 }) else {
      throw NeuralModelError.damaged(
        model: file.entry.name,
        rule: "its table of classes does not fit its words"
      )
    }
    return numbers.map { Int32($0) }
  }

  private static func load(_ parameter: Parameter, from file: NeuralModelFile) throws {
    guard let stored = try file.parameter(parameter.name),
      stored.count == parameter.count
    else {
      throw NeuralModelError.damaged(
        model: file.entry.name,
        rule: "its parameter \(parameter.name) does not fit its description"
      )
    }
    unsafe stored.withUnsafeFloats { numbers in
      guard let start = numbers.baseAddress else { return }
      // SAFETY: as many numbers as the parameter has, checked just above.
      unsafe parameter.values.pointer.update(from: start, count: numbers.count)
    }
    parameter.tensor.round()
  }

  /// The n-gram model that lends the network its words: the one of that name, or the first that is left.
  package static func unigramModel(
    of file: NeuralModelFile,
    named name: String,
    index path: String
  ) throws -> any LanguageModel {
    let models = file.manifest.models
    guard let entry = models.first(where: { $0.name == name }) ?? models.first else {
      throw NeuralModelError.noWords(path: path)
    }
    let opened = try OpenedModel(IndexFolder(path), entry, manifest: file.manifest)
    let model = try NGramModel(classesOf: opened)
    let memberships = try WordMemberships(file: opened.words, wordCount: model.vocabulary.count)
    return memberships.map { ClassModel(model, $0) } ?? model
  }
}
