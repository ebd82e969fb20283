import Foundation
import Gramdex
import GramdexCore
import GramdexIndex
import GramdexScoring
import GramdexStorage
import TestSupport
import Testing

@Suite("Neural models in an index")
struct NeuralFileTests {
  private let workshop: DerivationWorkshop
  private let path: String
  private let text: [[String]]

  init() throws {
    workshop = try DerivationWorkshop()
    text = Corpora.random(seed: 5)
    try workshop.build(text, "index")
    path = workshop.index("index")
  }

  private static let words = ["<unk>", "</s>", "w0", "w1", "of another text"]
  private static let description = """
    {"architecture": "elman", "hidden": 3, "rate": 0.1, "results": [{"perplexity": 12.5}], "tied": true}
    """

  /// The numbers of a parameter, other ones for other seeds.
  private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  private static let parameters: [(name: String, shape: [Int])] = [
    ("embedding.weight", [5, 3]), ("recurrent.0.bias", [3]), ("empty", [0, 7]),
    ("output.weight", [170, 250]),
  ]

  /// Stores a model, as a training does.
  @discardableResult
  private func publish(
    _ name: String = "rnn",
    seed: UInt64 = 1,
    replaces: Bool = false,
    keepingPrevious: Bool = false,
    spoil: (inout [Float]) -> Void = { _ in }
  ) throws -> Manifest {
    let writer = try IndexWriter(path, mode: .update, command: "a test")
    let model = try NeuralModelWriter(
      writer,
      name: name,
      replaces: replaces,
      words: Self.words.map { Array($0.utf8) },
      parameterBytes: 1 << 20,
      partBytes: 100_000
    )
    for (index, parameter) in Self.parameters.enumerated() {
      let count = parameter.shape.reduce(1, *)
      var numbers = Self.numbers(count, seed: seed + UInt64(index))
      if index == 0 { spoil(&numbers) }
      let buffer = RecordBuffer<Float>(uninitialized: count)
      for place in 0..<count { buffer[place] = numbers[place] }
      try model.add(parameter.name, shape: parameter.shape, values: buffer)
    }
    return try model.publish(
      description: Array(Self.description.utf8),
      keepingPrevious: keepingPrevious
    )
  }

  /// Expects that the model answers as `publish` with this seed stored it.
  private func expectModel(
    _ name: String = "rnn",
    seed: UInt64 = 1,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let model = try NeuralModelFile.open(path, model: name)
    let words = try model.words().map { String(decoding: $0, as: UTF8.self) }
    #expect(words == Self.words, sourceLocation: sourceLocation)
    #expect(try model.description() == Array(Self.description.utf8), sourceLocation: sourceLocation)
    #expect(model.shapes.map(\.name) == Self.parameters.map(\.name), sourceLocation: sourceLocation)
    #expect(model.shapes.map(\.shape) == Self.parameters.map(\.shape))
    for (index, parameter) in Self.parameters.enumerated() {
      let stored = try #require(try model.parameter(parameter.name))
      let expected = Self.numbers(
        parameter.shape.reduce(1, *),
        seed: seed + UInt64(index)
      )
      let found = unsafe stored.withUnsafeFloats { numbers in
        #expect(UInt(bitPattern: numbers.baseAddress) % 64 == 0)
        return unsafe Array(numbers)
      }
      #expect(found == expected, "\(parameter.name)", sourceLocation: sourceLocation)
      let copy = RecordBuffer<Float>(uninitialized: expected.count)
      stored.copy(to: copy)
      let copied = (0..<expected.count).map { copy[$0] }
      #expect(copied == expected, sourceLocation: sourceLocation)
    }
    #expect(try model.parameter("missing") == nil, sourceLocation: sourceLocation)
  }

  private func files() -> [String] {
    workshop.folder.listing("index").filter { $0.hasSuffix(".mdb") }
  }

  private func file(_ name: String = "rnn") throws -> String {
    let entry = try #require(try IndexFolder(path).manifest().neuralModel(name))
    return path + "/" + entry.file
  }

  // MARK: Writing and reading

  @Test func `what was stored is read, and the bytes are the same each time`() throws {
    let before = try workshop.exported("index")
    try publish()
    try expectModel()
    #expect(files() == ["ngrams-000001.mdb", "rnn-000002.mdb"])
    let first = try Data(contentsOf: URL(filePath: try file()))
    try publish(replaces: true)
    #expect(files() == ["ngrams-000001.mdb", "rnn-000003.mdb"])
    #expect(try Data(contentsOf: URL(filePath: try file())) == first)
    #expect(try IndexVerifier.run(path: path).problems == [])
    try workshop.expect("index", equals: before)
  }

  @Test func `an index without neural models says nothing of them`() throws {
    let manifest = try String(contentsOfFile: path + "/MANIFEST", encoding: .utf8)
    #expect(!manifest.contains("neural") && !manifest.contains("network"))
    #expect(try IndexInfo(path: path).neuralModels == nil)
    #expect(try IndexVerifier.run(path: path).parameters == nil)
    #expect(
      throws: NeuralFileError.noModel(name: "rnn", path: path, names: [])
    ) { try NeuralModelFile.open(path, model: "rnn") }
  }

  @Test func `names are unique and usable`() throws {
    try publish("a")
    #expect(throws: NeuralFileError.modelExists(name: "a", path: path)) { try publish("a") }
    #expect(throws: NeuralFileError.isNGramModel(name: "ngram", path: path)) {
      try publish("ngram")
    }
    #expect(throws: NeuralFileError.isNGramModel(name: "ngram", path: path)) {
      try publish("ngram", replaces: true)
    }
    for name in ["", "a b", "a/b", "..\n", String(repeating: "x", count: 65), "ä"] {
      #expect(throws: NeuralFileError.badName(name)) { try publish(name) }
    }
    // Names that look like files of other kinds do no harm.
    for name in ["ngrams", "..", "MANIFEST", "a-000001.mdb"] { try publish(name) }
    for name in ["a", "ngrams", "..", "MANIFEST", "a-000001.mdb"] { try expectModel(name) }
    #expect(try IndexVerifier.run(path: path).problems == [])
    var estimation = EstimateOptions(EstimationOptions(.wittenBell), name: "a")
    #expect(throws: EstimateError.modelExists(name: "a", path: path)) {
      try IndexEstimator.run(estimation, in: path)
    }
    estimation.replace = true
    #expect(throws: EstimateError.isNeuralModel(name: "a", path: path)) {
      try IndexEstimator.run(estimation, in: path)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `values that are no numbers are not stored`(value: Float) throws {
    let before = workshop.folder.listing("index")
    #expect(throws: NeuralFileError.notFinite(model: "rnn", parameter: "embedding.weight")) {
      try publish { $0[7] = value }
    }
    #expect(workshop.folder.listing("index") == before)
    try publish()
  }

  @Test func `a writer that does not publish leaves nothing`() throws {
    let before = workshop.folder.listing("index")
    do {
      let writer = try IndexWriter(path, mode: .update, command: "a test")
      let model = try NeuralModelWriter(
        writer,
        name: "rnn",
        replaces: false,
        words: Self.words.map { Array($0.utf8) },
        parameterBytes: 100
      )
      #expect(files().contains("rnn-000002.mdb"))
      #expect(throws: IndexError.self) { try publish("other") }
      withExtendedLifetime(model) {}
    }
    #expect(workshop.folder.listing("index") == before)
    // What a killed job left goes with the next writer.
    try workshop.folder.write("index/rnn-000007.mdb", "left")
    try publish()
    #expect(files() == ["ngrams-000001.mdb", "rnn-000002.mdb"])
  }

  // MARK: Commands

  @Test func `info lists parameters and what the model says of itself`() throws {
    try publish()
    let info = try IndexInfo(path: path)
    let model = try #require(info.neuralModels?.first)
    #expect(model.name == "rnn" && model.architecture == "elman" && model.words == 5)
    #expect(model.parameterCount == 15 + 3 + 170 * 250)
    #expect(model.parameters.map(\.shape) == [[5, 3], [3], [0, 7], [170, 250]])
    #expect(model.bytes > 170_000 && info.bytes.file > model.bytes)
    guard case .object(let description) = model.description else {
      Issue.record("the description is no object")
      return
    }
    #expect(description["hidden"] == .integer(3) && description["rate"] == .number(0.1))
    #expect(description["tied"] == .boolean(true))
    #expect(description["results"] == .array([.object(["perplexity": .number(12.5)])]))
    #expect(
      info.text.contains("model rnn: neural, elman, 5 words, 42,518 parameters")
        && info.text.contains("170 × 250")
    )
    let decoded = try JSONDecoder().decode(IndexInfo.self, from: JSONEncoder().encode(info))
    #expect(decoded == info)
  }

  @Test func `remove takes neural models out, and keeps the last n-gram model`() throws {
    try publish("a")
    try publish("b", seed: 9)
    try IndexEstimator.remove(model: "a", from: path)
    #expect(files() == ["b-000003.mdb", "ngrams-000001.mdb"])
    try expectModel("b", seed: 9)
    #expect(throws: EstimateError.lastModel(name: "ngram", path: path)) {
      try IndexEstimator.remove(model: "ngram", from: path)
    }
    #expect(throws: EstimateError.noModel(name: "a", path: path, names: ["ngram", "b"])) {
      try IndexEstimator.remove(model: "a", from: path)
    }
  }

  @Test func `roll-back brings the model before back`() throws {
    try publish(seed: 1)
    try publish(seed: 50, replaces: true, keepingPrevious: true)
    try expectModel(seed: 50)
    #expect(files().count == 3)
    try IndexHistory.rollBack(path)
    try expectModel(seed: 1)
    try IndexHistory.rollBack(path)
    try expectModel(seed: 50)
    #expect(try IndexVerifier.run(path: path).problems == [])
  }

  @Test func `update and estimate keep neural models`() throws {
    try publish()
    try IndexEstimator.run(EstimateOptions(EstimationOptions(.wittenBell)), in: path)
    try expectModel()
    let more = try workshop.folder.write("more.txt", "w0 w1 new words\nw0\n")
    var options = UpdateOptions(inputs: [more])
    options.memoryBytes = 64 << 20
    options.threads = 1
    try IndexUpdater.update(options, of: path)
    try expectModel()
    #expect(
      try NGramModel.open(path).score("new", after: NGramModel.open(path).nullState).score.isOOV
        == false
    )
    #expect(try IndexInfo(path: path).models.map(\.name) == ["ngram", "witten-bell"])
    #expect(try IndexVerifier.run(path: path).problems == [])
  }

  /// Remembers warnings.
  private final class Listener: ProgressObserver, @unchecked Sendable {
    // @unchecked: jobs warn on one thread, which the test waits for.
    var warnings: [String] = []

    func progress(_ update: ProgressUpdate) {}
    func warning(_ message: String) { warnings.append(message) }
  }

  @Test func `an index that is replaced as a whole loses its neural models, with a warning`() throws
  {
    try publish("a")
    try publish("b")
    var options = BuildOptions(inputs: [try workshop.folder.write("t.txt", Corpora.text(text))])
    options.order = 2
    options.replace = true
    options.keepPrevious = true
    options.memoryBytes = 64 << 20
    options.threads = 1
    let builder = Listener()
    try IndexBuilder.build(options, to: path, observer: builder)
    #expect(builder.warnings.contains { $0.contains("neural models there go: a, b") })
    #expect(try IndexInfo(path: path).neuralModels == nil)
    try IndexHistory.rollBack(path)
    try expectModel("a")
    var pruning = PruneOptions(index: path, criterion: .threshold(1e-3))
    pruning.output.threads = 1
    pruning.output.memoryBytes = 64 << 20
    pruning.output.replace = true
    let pruner = Listener()
    try IndexPruner.run(pruning, to: path, observer: pruner)
    #expect(pruner.warnings.contains { $0.contains("neural models there go: a, b") })
    #expect(files().count == 1)
    #expect(try IndexVerifier.run(path: path).problems == [])
  }

  @Test func `what works with n-grams says that the model is a neural one`() throws {
    try publish()
    let error = IndexError.neuralModel(name: "rnn", path: path)
    #expect("\(error)".contains("is a neural model, and this works with n-gram models only"))
    #expect(throws: error) { try NGramModel.open(path, model: "rnn") }
    #expect(throws: error) { try NGramCounts(path: path, model: "rnn") }
    #expect(throws: error) { try workshop.exported("index", model: "rnn") }
    #expect(throws: error) {
      try workshop.prune("index", "pruned", .threshold(1e-3)) { $0.modelName = "rnn" }
    }
    #expect(throws: error) { try Explainer(path: path, model: "rnn") }
    // What asks models of any kind opens the network, whose description means nothing here.
    func isOfNetwork(_ error: any Error) -> Bool {
      "\(error)".contains("the neural model rnn is damaged: its description cannot be read")
    }
    #expect(performing: { try IndexModel.open(path, model: "rnn") }, throws: isOfNetwork)
    #expect(performing: { try SentenceGenerator(path: path, model: "rnn") }, throws: isOfNetwork)
  }

  // MARK: Damage

  @Test func `every flipped bit is found, and opening never crashes`() throws {
    try publish()
    let file = try file()
    let whole = try Data(contentsOf: URL(filePath: file))
    var generator = SeededGenerator(seed: 4)
    let pages = whole.count / 4096
    // All pages of keys and small values, and some of the large parameter.
    for page in Array(0..<40) + (0..<20).map({ _ in generator.next(below: pages) }) {
      var damaged = whole
      damaged[page * 4096 + generator.next(below: 4096)] ^=
        UInt8(1) << UInt8(generator.next(below: 8))
      try damaged.write(to: URL(filePath: file))
      #expect(throws: (any Error).self, "page \(page)") {
        try IndexVerifier.checkBytes(path: path)
      }
      #expect(try !IndexVerifier.run(path: path).isSound, "page \(page)")
      _ = try? NeuralModelFile.open(path, model: "rnn").findDamage()
      _ = try? IndexInfo(path: path)
    }
    for bytes in [0, 1, 4096, whole.count / 2, whole.count - 4096, whole.count - 1] {
      try whole.prefix(bytes).write(to: URL(filePath: file))
      #expect(throws: StorageError.self) { try NeuralModelFile.open(path, model: "rnn") }
      #expect(throws: StorageError.self) { try IndexInfo(path: path) }
      #expect(try !IndexVerifier.run(path: path).isSound)
    }
    try FileManager.default.removeItem(atPath: file)
    #expect(try !IndexVerifier.run(path: path).isSound)
    try whole.write(to: URL(filePath: file))
    #expect(try IndexVerifier.run(path: path).problems == [])
    // N-gram models do not care.
    _ = try NGramModel.open(path)
  }

  /// Publishes a file whose checksums are right, and whose contents are these.
  private func publishRaw(
    shapes: String,
    vocabulary: String = "<unk>\n</s>\n",
    description: String = #"{"architecture":"elman"}"#,
    parameters: [String: [Float]],
    count: UInt64
  ) throws {
    let writer = try IndexWriter(path, mode: .update, command: "a test")
    var manifest = try #require(writer.current)
    let name = try writer.nextFile("raw")
    let file = try TableFileWriter(
      path: writer.folder.path(name),
      mapBytes: 1 << 20,
      databases: TableDatabase.ofNetwork
    )
    try file.put(.network, key: Array("shapes".utf8), payload: Array(shapes.utf8))
    try file.put(.network, key: Array("vocabulary".utf8), payload: Array(vocabulary.utf8))
    try file.put(.network, key: Array("description".utf8), payload: Array(description.utf8))
    for (name, numbers) in parameters.sorted(by: { $0.key < $1.key }) {
      let bytes = numbers.flatMap { number in
        (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> ($0 * 8)) }
      }
      try file.put(.parameters, key: Array(name.utf8), payload: bytes)
    }
    manifest.files.append(Manifest.File(name: name, summary: try file.finish()))
    manifest.neuralModels = [
      NeuralModelEntry(name: "raw", file: name, architecture: "elman", words: 2, parameters: count)
    ]
    manifest.dropUnusedFiles()
    try writer.publish(manifest)
  }

  @Test func `verify finds what does not fit together`() throws {
    func problems() throws -> String {
      try IndexVerifier.run(path: path).problems.joined(separator: "\n")
    }
    let good = #"[{"name":"p","shape":[2,1]}]"#
    try publishRaw(shapes: good, parameters: ["p": [1, 2]], count: 2)
    #expect(try problems() == "")
    for (shapes, parameters, count, expected) in [
      (good, ["p": [1, 2, 3]], 2, "has another shape"),
      (good, [:], 2, "is missing"),
      (good, ["p": [1, 2], "q": [1]], 2, "parameters without a shape"),
      (good, ["p": [1, 2]], 3, "another number of parameters"),
      (good, ["p": [1, .nan]], 2, "no numbers"),
      (good, ["p": [-.infinity, 1]], 2, "no numbers"),
      (#"[{"name":"p","shape":[-2,-1]}]"#, ["p": [1, 2]], 2, "is impossible"),
      (#"[{"name":"p","shape":[4611686018427387904,4]}]"#, ["p": []], 0, "is impossible"),
      (#"[{"name":"p","shape":[]}]"#, ["p": [1]], 1, "is impossible"),
      (#"[{"name":"p","shape":[1,1,1]}]"#, ["p": [1]], 1, "is impossible"),
      (#"[{"name":"p","shape":[1]},{"name":"p","shape":[1]}]"#, ["p": [1]], 2, "is impossible"),
      ("{}", ["p": [1]], 1, "cannot be read"),
    ] as [(String, [String: [Float]], UInt64, String)] {
      try publishRaw(shapes: shapes, parameters: parameters, count: count)
      #expect(try problems().contains(expected), "\(shapes) \(parameters)")
    }
    for vocabulary in ["", "<unk>\n", "<unk>\n</s>", "<unk>\n</s>\na\n"] {
      try publishRaw(shapes: good, vocabulary: vocabulary, parameters: ["p": [1, 2]], count: 2)
      #expect(try problems().contains("words that the manifest states"), "\(vocabulary)")
    }
    for description in ["", "[]", "{}", #"{"architecture":"gru"}"#, #"{"architecture":1}"#] {
      try publishRaw(shapes: good, description: description, parameters: ["p": [1, 2]], count: 2)
      #expect(try problems().contains("description"), "\(description)")
    }
  }
}
