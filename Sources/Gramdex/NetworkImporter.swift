public import GramdexCore
import GramdexIndex
import GramdexNeural
public import GramdexNeuralModels
import GramdexScoring
import GramdexStorage

/// What an import of a neural model is asked to do.
public struct NetworkImportOptions: Sendable, Equatable {
  /// The safetensors file.
  public var input: String
  /// The model's name in the index; nil for that of its architecture.
  public var name: String?
  /// For a file without our metadata: the JSON object that says what its network is made of.
  public var optionsFile: String?
  /// For a file without our metadata: the network's words, one a line.
  public var wordsFile: String?
  /// Whether a neural model of that name is replaced.
  public var replace = false
  /// Whether the generation that is replaced stays for roll-back.
  public var keepPrevious = false
  /// The memory of the process.
  public var memoryBytes = BuildOptions.defaultMemoryBytes

  /// Asks for the import of this file.
  public init(input: String) {
    self.input = input
  }
}

/// What an import of a neural model did.
public struct NetworkImportSummary: Sendable, Codable, Equatable {
  /// The index folder.
  public var index: String
  /// The file that was read.
  public var input: String
  /// The model's name in the index.
  public var model: String
  /// What the network is made of.
  public var network: NetworkOptions
  /// Words of the network, `<unk>` and `</s>` among them.
  public var vocabulary: Int
  /// Those of them that the index does not have.
  public var wordsOutsideIndex: Int
  /// Numbers that were learned.
  public var parameters: Int
  /// Elapsed time.
  public var wallSeconds = 0.0
  /// Processor time of all threads, kernel included.
  public var cpuSeconds = 0.0
  /// The most anonymous memory that the process held.
  public var peakAnonymousBytes: UInt64 = 0

  /// The summary for people.
  public var text: String {
    """
    \(index): model \(model), \(network.architecture.rawValue), \(network.hidden) units, \
    \(network.softmax.rawValue) softmax, \(Readable.grouped(UInt64(parameters))) parameters
    read from \(input): \(Readable.grouped(UInt64(vocabulary))) words
    cost: \(Readable.seconds(wallSeconds)), \(Readable.fixed(cpuSeconds, 1)) CPU seconds, \
    \(ByteSize.format(peakAnonymousBytes)) of memory

    """
  }
}

/// A network in a safetensors file becomes a neural model of an index.
public enum NetworkImporter {
  /// The end of the names of files that hold networks.
  public static let fileEnding = ".safetensors"

  /// Reads a network and publishes it beside the models of the index; what was published before answers until then.
  ///
  /// - Parameters:
  ///   - options: what to do.
  ///   - path: the index folder, which is there already.
  ///   - observer: is told of progress and warnings.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was done.
  /// - Throws: `NetworkInterchange.Failure`, `SafetensorsError`, `NeuralFileError`, `IndexError`, and errors of files;
  ///   nothing is published then.
  @discardableResult
  public static func run(
    _ options: NetworkImportOptions,
    to path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> NetworkImportSummary {
    let memory = AnonymousMemoryPeak()
    let clock = JobClock()
    let folder = IndexFolder(path)
    let (manifest, lexicon) = try folder.withCurrent { manifest in
      if let name = options.name { try check(name, options, manifest, path) }
      guard let entry = manifest.models.first else { throw NeuralModelError.noWords(path: path) }
      return (
        manifest, try NGramModel(classesOf: OpenedModel(folder, entry, manifest: manifest)).lexicon
      )
    }
    let given: GivenNetwork? =
      if let optionsFile = options.optionsFile, let wordsFile = options.wordsFile {
        try GivenNetwork(options: optionsFile, words: wordsFile)
      } else {
        nil
      }
    let read = JobStage(observer: observer, number: 1, stages: 2, name: "read", unit: "files")
    read.report(0, of: 1)
    let contents = try NetworkInterchange.read(
      options.input,
      given: given,
      memoryBytes: options.memoryBytes
    )
    read.report(1, of: 1)
    try cancellation.check()
    var description = contents.description
    if !manifest.models.contains(where: { $0.name == description.unigramModel }) {
      description.unigramModel = manifest.models.first?.name ?? NGramModel.defaultName
    }
    let name = options.name ?? description.architecture
    try check(name, options, manifest, path)
    let outside = contents.words.dropFirst(2).count { lexicon.id(of: $0) == .unknown }
    if outside > 0 {
      observer.warning(
        """
        \(outside) of the \(contents.words.count) words of \(options.input) are not in \(path): \
        their probability goes to no word there
        """
      )
    }
    try publish(contents, description, name, options, path, observer)
    return NetworkImportSummary(
      index: path,
      input: options.input,
      model: name,
      network: description.training.network,
      vocabulary: contents.words.count,
      wordsOutsideIndex: outside,
      parameters: contents.network.parameterCount,
      wallSeconds: clock.wallSeconds,
      cpuSeconds: clock.cpuSeconds,
      peakAnonymousBytes: memory.bytes
    )
  }

  private static func check(
    _ name: String,
    _ options: NetworkImportOptions,
    _ manifest: Manifest,
    _ path: String
  ) throws {
    try NeuralModelWriter.check(name: name, replaces: options.replace, in: manifest, path: path)
  }

  private static func publish(
    _ contents: NetworkInterchange.Contents,
    _ description: NeuralDescription,
    _ name: String,
    _ options: NetworkImportOptions,
    _ path: String,
    _ observer: any ProgressObserver
  ) throws {
    let stage = JobStage(observer: observer, number: 2, stages: 2, name: "publish", unit: "files")
    stage.report(0, of: 1)
    let index = try IndexWriter(path, mode: .update, command: "gramdex import")
    do {
      let writer = try NeuralModelWriter(
        index,
        name: name,
        replaces: options.replace,
        words: contents.words,
        parameterBytes: UInt64(contents.network.parameters.reduce(0) { $0 + $1.count } * 4)
      )
      try writer.add(contents.network)
      try writer.publish(
        description: description.encoded(),
        keepingPrevious: options.keepPrevious
      )
    } catch {
      index.abandon()
      throw error
    }
    stage.report(1, of: 1)
  }
}
