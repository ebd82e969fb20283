import Foundation
import Gramdex
import GramdexCore
import GramdexIndex
import GramdexNeural
import GramdexNeuralModels
import GramdexScoring
import Synchronization
import TestSupport
import Testing

@Suite("Networks out of an index and back")
struct NetworkRoundTripTests {
  private let folder: TemporaryFolder
  private let text: [[String]]

  init() throws {
    folder = try TemporaryFolder()
    text = Corpora.random(seed: 5, sentences: 60, wordTypes: 14)
  }

  /// Networks that use every sort of parameter and option between them.
  static let kinds: [TrainingOptions] = {
    func make(_ change: (inout TrainingOptions) -> Void) -> TrainingOptions {
      var training = TrainingOptions()
      (training.network.embedding, training.network.hidden) = (6, 6)
      training.network.noiseSamples = 9
      (training.vocabulary, training.steps, training.lanes, training.epochs) = (9, 5, 3, 1)
      training.network.ngramBits = 10
      change(&training)
      return training
    }
    return [
      make {
        $0.network.softmax = .full
        $0.network.layers = 2
        $0.network.isTied = true
        $0.sentenceState = .reset
      },
      make {
        $0.network.architecture = .gru
        $0.network.ngramOrder = 2
        $0.precision = .float32
      },
      make {
        $0.network.architecture = .elman
        $0.network.softmax = .classes
        $0.network.classes = 3
        $0.network.ngramOrder = 3
      },
      make {
        $0.network.architecture = .feedForward
        $0.network.activation = .tanh
        $0.network.order = 4
        $0.network.directConnections = true
        $0.network.softmax = .adaptive
        $0.network.cutoffs = [4]
      },
      make {
        $0.network.architecture = .irnn
        $0.network.softmax = .full
      },
    ]
  }()

  /// An index of the text, or of other text.
  private func build(_ corpus: [[String]], _ name: String) throws -> String {
    var options = BuildOptions(inputs: [try folder.write(name + ".txt", Corpora.text(corpus))])
    options.order = 2
    options.memoryBytes = 64 << 20
    options.threads = 1
    try IndexBuilder.build(options, to: folder.path(name))
    return folder.path(name)
  }

  /// An index with a network named `net`.
  private func train(_ training: TrainingOptions, sharesUnknown: Bool = true) throws -> String {
    let index = try build(text, "index")
    var options = TrainOptions(
      texts: [try folder.write("train.txt", Corpora.text(text))],
      validTexts: [try folder.write("valid.txt", Corpora.text(Corpora.random(seed: 6)))],
      name: "net"
    )
    options.training = training
    options.sharesUnknown = sharesUnknown
    options.memoryBytes = 1 << 30
    options.threads = 1
    try IndexTrainer.run(options, in: index)
    return index
  }

  private func importing(
    _ path: String,
    to index: String,
    as name: String?,
    observer: any ProgressObserver = SilentObserver(),
    _ change: (inout NetworkImportOptions) -> Void = { _ in }
  ) throws {
    var options = NetworkImportOptions(input: path)
    options.name = name
    change(&options)
    try NetworkImporter.run(options, to: index, observer: observer)
  }

  /// log10 P of every word of a text, and of all words after its last one.
  private func scores(_ index: String, _ name: String) throws -> [Float] {
    func scores(_ model: some LanguageModel) -> [Float] {
      var state = model.beginSentenceState
      var scores: [Float] = []
      for sentence in Corpora.random(seed: 7, sentences: 12, wordTypes: 17) {
        for word in sentence {
          scores.append(
            model.score(model.lexicon.id(of: word), advancing: &state).log10Probability
          )
        }
        scores.append(model.score(.endOfSentence, advancing: &state).log10Probability)
        model.beginSentence(advancing: &state)
      }
      return scores + model.log10Distribution(after: state)
    }
    return scores(try IndexModel.open(index, model: name))
  }

  private func description(_ index: String, _ name: String) throws -> [UInt8] {
    try NeuralModelFile.open(index, model: name).description()
  }

  @Test(arguments: kinds)
  func `a network that was exported and imported gives the same bits`(
    training: TrainingOptions
  ) throws {
    let index = try train(training, sharesUnknown: training.network.architecture != .gru)
    let (path, second) = (folder.path("net.safetensors"), folder.path("again.safetensors"))
    try NetworkExporter.run(index, model: "net", to: path)
    try importing(path, to: index, as: "again")
    #expect(try IndexVerifier.run(path: index).problems == [])
    let expected = try scores(index, "net").map(\.bitPattern)
    #expect(Set(expected).count > 10, "a network that knows something")
    #expect(try scores(index, "again").map(\.bitPattern) == expected)
    #expect(try description(index, "again") == description(index, "net"))
    try NetworkExporter.run(index, model: "again", to: second)
    let bytes = try [path, second].map { try Data(contentsOf: URL(filePath: $0)) }
    #expect(bytes[0] == bytes[1])
    // In an index of its own, all words of which the network knows.
    let other = try build(text, "other")
    try importing(path, to: other, as: nil)
    let name = training.network.architecture.rawValue
    #expect(try scores(other, name).map(\.bitPattern) == expected)
  }

  @Test(arguments: kinds)
  func `PyTorch's names come back as the same bits, where PyTorch has them`(
    training: TrainingOptions
  ) throws {
    let index = try train(training)
    let path = folder.path("net.safetensors")
    if training.network.softmax == .classes || training.network.ngramOrder > 0 {
      #expect(throws: NetworkInterchange.Failure.self) {
        try NetworkExporter.run(index, model: "net", to: path, names: .pytorch)
      }
      #expect(!FileManager.default.fileExists(atPath: path))
      return
    }
    try NetworkExporter.run(index, model: "net", to: path, names: .pytorch)
    try importing(path, to: index, as: "again")
    #expect(
      try scores(index, "again").map(\.bitPattern) == scores(index, "net").map(\.bitPattern)
    )
    guard let python = InterchangeTests.python else { return }
    // PyTorch reads both files as one network, and what it saves is the same once more.
    try folder.write("gramdex_torch.py", try InterchangeTests.program())
    let script = try folder.write(
      "round_trip.py",
      """
      import sys
      from gramdex_torch import GramdexNetwork

      networks = [GramdexNetwork.load(path) for path in sys.argv[1:3]]
      states = [network.state_dict() for network in networks]
      assert all((states[0][name] == states[1][name]).all() for name in states[1]), "they differ"
      networks[0].save(sys.argv[3])
      """
    )
    let (ours, saved) = (folder.path("ours.safetensors"), folder.path("saved.safetensors"))
    try NetworkExporter.run(index, model: "net", to: ours)
    _ = try Subprocess.output(of: python, [script, ours, path, saved])
    try importing(saved, to: index, as: "saved")
    #expect(
      try scores(index, "saved").map(\.bitPattern) == scores(index, "net").map(\.bitPattern)
    )
  }

  /// Writes the tensors of a file to another one, without its metadata.
  ///
  /// - Returns: the words that it had.
  private func strip(_ path: String, to bare: String) throws -> String {
    let file = try SafetensorsFile(path: path)
    let plans = file.header.entries.map { SafetensorsWriter.Plan($0.name, $0.shape) }
    var writer = try SafetensorsWriter(path: bare, tensors: plans)
    for plan in plans {
      let numbers = try file.floats(plan.name)
      try writer.append(numbers.span)
    }
    try writer.finish()
    return file.header.metadata["vocabulary"] ?? ""
  }

  @Test func `a file without our metadata needs options and words`() throws {
    let index = try train(Self.kinds[0])
    let (path, bare) = (folder.path("net.safetensors"), folder.path("bare.safetensors"))
    try NetworkExporter.run(index, model: "net", to: path)
    // The same tensors, but nothing else.
    let vocabulary = try strip(path, to: bare)
    #expect(throws: NetworkInterchange.Failure.self) { try importing(bare, to: index, as: "bare") }

    let words = try folder.write("words.txt", vocabulary + "\n")
    func give(_ options: String, words: String, _ input: String) throws {
      let options = try folder.write("options.json", options)
      try importing(input, to: index, as: "bare") {
        $0.optionsFile = options
        $0.wordsFile = words
        $0.replace = true
      }
    }
    let good = """
      {"architecture": "lstm", "embedding": 6, "hidden": 6, "layers": 2, "isTied": true, "sentenceState": "reset"}
      """
    try give(good, words: words, bare)
    let expected = try scores(index, "net").map(\.bitPattern)
    #expect(try scores(index, "bare").map(\.bitPattern) == expected)
    let stored = String(decoding: try description(index, "bare"), as: UTF8.self)
    #expect(stored.contains("\"isTrainedElsewhere\":true"))

    #expect(throws: NetworkInterchange.Failure.saysItself(path: path)) {
      try give(good, words: words, path)
    }
    for (options, reason) in [
      ("[]", "is no JSON object"), ("{", "is no JSON object"),
      (#"{"architecture": "lstm", "embedding": 6}"#, "lacks hidden"),
      (#"{"architecture": "elman", "embedding": 6, "hidden": 6}"#, "lacks activation"),
      (
        #"{"architecture": "feed-forward", "embedding": 6, "hidden": 6, "activation": "tanh"}"#,
        "lacks order"
      ),
      (#"{"architecture": "lstm", "embedding": 6, "hidden": 6, "depth": 2}"#, "depth is no option"),
      (#"{"architecture": "mlp", "embedding": 6, "hidden": 6}"#, "architecture"),
      (#"{"architecture": "lstm", "embedding": 6, "hidden": -1}"#, "hidden must be"),
      (#"{"architecture": "lstm", "embedding": 5, "hidden": 6, "isTied": true}"#, "tie needs"),
      (
        #"{"architecture": "lstm", "embedding": 6, "hidden": 6, "sentenceState": "x"}"#,
        "sentenceState"
      ),
      (good.replacing("2", with: "1"), "recurrent.1.input"),
      (good.replacing("lstm", with: "gru"), "recurrent.0.input"),
      (good.replacing("true", with: "false"), "output.weight"),
    ] {
      do {
        try give(options, words: words, bare)
        Issue.record("\(options) was taken")
      } catch {
        #expect("\(error)".contains(reason), "\(options): \(error)")
      }
    }
    let wrong = try folder.write("wrong.txt", "the\n<unk>\n</s>\n")
    #expect(throws: NetworkInterchange.Failure.self) { try give(good, words: wrong, bare) }
    #expect(try scores(index, "bare").map(\.bitPattern) == expected, "the model of before")
  }

  @Test func `names, memory and words are minded, and nothing is left of what failed`() throws {
    let index = try train(Self.kinds[4])
    let path = folder.path("net.safetensors")
    try NetworkExporter.run(index, model: "net", to: path)
    let before = folder.listing("index")
    #expect(throws: NeuralFileError.modelExists(name: "net", path: index)) {
      try importing(path, to: index, as: "net")
    }
    #expect(throws: NeuralFileError.isNGramModel(name: "ngram", path: index)) {
      try importing(path, to: index, as: "ngram") { $0.replace = true }
    }
    #expect(throws: NetworkInterchange.Failure.self) {
      try importing(path, to: index, as: "small") { $0.memoryBytes = 1 << 20 }
    }
    #expect(throws: IndexError.missing(path: folder.path("nowhere"))) {
      try importing(path, to: folder.path("nowhere"), as: "net")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("nowhere")))
    for (name, error) in [
      ("ngram", NeuralFileError.wantsNeuralModel(name: "ngram", path: index, names: ["net"])),
      ("x", NeuralFileError.noModel(name: "x", path: index, names: ["net"])),
    ] {
      #expect(throws: error) {
        try NetworkExporter.run(index, model: name, to: folder.path("x.safetensors"))
      }
    }
    let cut = folder.path("cut.safetensors")
    let bytes = try Data(contentsOf: URL(filePath: path))
    try bytes.prefix(bytes.count / 2).write(to: URL(filePath: cut))
    #expect(throws: SafetensorsError.self) { try importing(cut, to: index, as: "cut") }
    #expect(folder.listing("index") == before)

    let expected = try scores(index, "net").map(\.bitPattern)
    try importing(path, to: index, as: "net") {
      $0.replace = true
      $0.keepPrevious = true
    }
    #expect(try scores(index, "net").map(\.bitPattern) == expected)
    try IndexHistory.rollBack(index)
    #expect(folder.listing("index").count { $0.hasPrefix("net-") } == 2)

    // An index that lacks most of the words says so.
    let other = try build([["w0", "other"], ["words"]], "other")
    let warnings = Warnings()
    try importing(path, to: other, as: nil, observer: warnings)
    #expect(warnings.messages.count == 1)
    #expect(warnings.messages.first?.contains("are not in \(other)") == true)
    #expect(try scores(other, "irnn").allSatisfy { !$0.isNaN })
  }

  @Test func `an n-gram command names what takes a network out`() throws {
    let index = try train(Self.kinds[4])
    var options = ExportOptions(index: index, output: folder.path("x.arpa"))
    options.modelName = "net"
    do {
      try IndexExporter.run(options)
      Issue.record("a network became an ARPA file")
    } catch {
      #expect("\(error)".contains("gramdex export \(index) --model net -o net.safetensors"))
    }
  }
}

/// Keeps the warnings of a job.
private final class Warnings: ProgressObserver {
  private let list = Mutex<[String]>([])
  func progress(_ update: ProgressUpdate) {}
  func warning(_ message: String) { list.withLock { $0.append(message) } }
  var messages: [String] { list.withLock { $0 } }
}
