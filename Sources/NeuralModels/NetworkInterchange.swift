import Foundation
package import GramdexCore
package import GramdexIndex
public import GramdexNeural
import GramdexStorage

/// Networks of words in safetensors files, with what is needed to use them elsewhere: see docs/INTERCHANGE.md.
public enum NetworkInterchange {
  /// Which names parameters have in a file.
  public enum Names: String, CaseIterable, Sendable {
    /// Those of docs/decisions/018.
    case gramdex
    /// Those of the modules of docs/INTERCHANGE.md.
    case pytorch
  }

  /// What was written.
  package struct Written: Hashable, Sendable {
    /// The number of tensors.
    package var tensors: Int
    /// The number of their numbers.
    package var numbers: UInt64
  }

  private static let format = "gramdex-neural-1"

  // MARK: Writing

  /// Writes a network with its words; the file appears when it is complete.
  ///
  /// - Parameters:
  ///   - network: its parameters are written under their names here, as F32.
  ///   - words: the word of each number; none has a line end in it.
  ///   - path: where the file goes, in place of what is there.
  /// - Throws: `SafetensorsError`, or `CompressionError` when it cannot be written.
  public static func write(_ network: WordNetwork, words: [String], to path: String) throws {
    precondition(words.count == network.vocabularySize, "not one word for each number")
    let parameters = network.parameters
    var writer = try SafetensorsWriter(
      path: path,
      tensors: parameters.map { .init($0.name, InterchangeNames.shape(of: $0)) },
      metadata: metadata(network.options, description: nil, words: words)
    )
    for parameter in parameters {
      let values = parameter.values
      // SAFETY: the matrix has `count` numbers, and nobody changes them during the call.
      let numbers = unsafe UnsafeBufferPointer(start: values.pointer, count: values.count)
      try unsafe writer.append(numbers.span)
    }
    try writer.finish()
  }

  /// Writes a stored model, with all that opening it needs; the file appears when it is complete.
  ///
  /// Numbers go from the mapped file straight to the new one: memory is that of the words.
  ///
  /// - Parameters:
  ///   - file: the model.
  ///   - path: where the file goes, in place of what is there.
  ///   - names: what its tensors are called.
  ///   - cancellation: stops writing when it is set; nothing is left behind.
  /// - Returns: what was written.
  /// - Throws: `Failure`, `NeuralModelError.damaged`, `SafetensorsError`, `CompressionError` or `StorageError`.
  package static func write(
    _ file: NeuralModelFile,
    to path: String,
    names: Names,
    cancellation: Cancellation
  ) throws -> Written {
    let model = file.entry.name
    let description = try NeuralDescription(of: file)
    let options = description.training.network
    let words = try file.words().enumerated().map { place, word in
      guard let text = String(validating: word, as: UTF8.self) else {
        throw Failure.notUnicode(model: model, word: place)
      }
      return text
    }
    let tensors = try tensors(of: file, options, names)
    var writer = try SafetensorsWriter(
      path: path,
      tensors: tensors.map(\.plan),
      metadata: metadata(options, description: description, words: words)
    )
    for tensor in tensors {
      try cancellation.check()
      guard let parameter = tensor.parameter else {
        let zeros = [Float](repeating: 0, count: tensor.plan.shape.reduce(1, *))
        try writer.append(zeros.span)
        continue
      }
      guard let stored = try file.parameter(parameter) else { continue }
      try append(stored, to: &writer)
    }
    try writer.finish()
    return Written(
      tensors: tensors.count,
      numbers: tensors.reduce(0) { $0 + UInt64($1.plan.shape.reduce(1, *)) }
    )
  }

  private static func append(
    _ stored: StoredParameter,
    to writer: inout SafetensorsWriter
  ) throws {
    try unsafe stored.withUnsafeFloats { numbers in try unsafe writer.append(numbers.span) }
  }

  /// A tensor to be written: the numbers of a parameter, or zeros.
  private struct PlannedTensor {
    var plan: SafetensorsWriter.Plan
    var parameter: String?
  }

  private static func tensors(
    of file: NeuralModelFile,
    _ options: NetworkOptions,
    _ names: Names
  ) throws -> [PlannedTensor] {
    var tensors: [PlannedTensor] = []
    for stored in file.shapes {
      let shape = InterchangeNames.shape(stored.name, stored.shape)
      guard names == .pytorch else {
        tensors.append(PlannedTensor(plan: .init(stored.name, shape), parameter: stored.name))
        continue
      }
      let theirs = InterchangeNames.pyTorch(stored.name, isGRU: options.cell == .gru)
      guard options.softmax != .classes, let first = theirs.first else {
        throw Failure.noPyTorchName(model: file.entry.name, parameter: stored.name)
      }
      tensors.append(PlannedTensor(plan: .init(first, shape), parameter: stored.name))
      // Where PyTorch has a sum, all but the first are zero.
      for name in theirs.dropFirst() { tensors.append(PlannedTensor(plan: .init(name, shape))) }
      // A module has tied weights under both names.
      if options.isTied && stored.name == "embedding.weight" {
        tensors.append(
          PlannedTensor(plan: .init("output.weight", shape), parameter: stored.name)
        )
      }
    }
    return tensors
  }

  private static func metadata(
    _ options: NetworkOptions,
    description: NeuralDescription?,
    words: [String]
  ) throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var metadata = [
      "format": format,
      "options": String(decoding: try encoder.encode(options), as: UTF8.self),
      "vocabulary": words.joined(separator: "\n"),
    ]
    if let description {
      metadata["description"] = String(decoding: try description.encoded(), as: UTF8.self)
    }
    return metadata
  }

  // MARK: Reading

  /// What a file holds.
  package struct Contents: Sendable {
    /// The network.
    package var network: WordNetwork
    /// The words in the order of their rows.
    package var words: [[UInt8]]
    /// How it was trained and is to be asked.
    package var description: NeuralDescription
  }

  /// The network and the words of a file that `write` wrote, or that has its metadata.
  ///
  /// - Throws: `Failure`, `SafetensorsError` or `StorageError`.
  public static func read(
    _ path: String,
    precision: Precision
  ) throws -> (network: WordNetwork, words: [String]) {
    let contents = try read(path, given: nil, precision: precision)
    return (contents.network, contents.words.map { String(decoding: $0, as: UTF8.self) })
  }

  /// What a file holds.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - given: what its network is, where it has none of our metadata.
  ///   - precision: what products of the network round to.
  ///   - memoryBytes: the memory that the network may take.
  /// - Returns: its network; the description of one from elsewhere says so.
  /// - Throws: `Failure`, `SafetensorsError` or `StorageError`.
  package static func read(
    _ path: String,
    given: GivenNetwork?,
    precision: Precision = .float32,
    memoryBytes: UInt64 = .max
  ) throws -> Contents {
    let file = try SafetensorsFile(path: path)
    let (description, words) = try description(of: file, given: given)
    let options = description.training.network
    if let flaw = options.flaw(vocabularySize: words.count) {
      throw Failure.noNetwork(path: path, reason: flaw)
    }
    // Sizes come from outside: a network larger than its tensors is refused before it takes memory.
    let largest = file.header.entries.map(\.count).max() ?? 0
    guard isWithin(options, words: words.count, largest, file.header.entries.count) else {
      throw Failure.noNetwork(path: path, reason: "its options are those of another network")
    }
    let numbers = file.header.entries.reduce(UInt64(0)) { $0 + UInt64($1.count) }
    let needed = numbers * 4 + 32 << 20
    guard needed <= memoryBytes else {
      throw Failure.memory(path: path, needed: needed, allowed: memoryBytes)
    }
    let network = WordNetwork(
      options,
      vocabularySize: words.count,
      classes: options.softmax == .classes ? try classes(in: file, words: words.count) : nil,
      learns: false,
      precision: precision
    )
    try readParameters(of: network, from: file)
    return Contents(network: network, words: words, description: description)
  }

  /// What the metadata of a file say, or what was given in their stead.
  private static func description(
    of file: borrowing SafetensorsFile,
    given: GivenNetwork?
  ) throws -> (NeuralDescription, words: [[UInt8]]) {
    let path = file.path
    let metadata = file.header.metadata
    func failure(_ reason: String) -> Failure { .noNetwork(path: path, reason: reason) }
    func elsewhere(_ training: TrainingOptions, sharesUnknown: Bool) -> NeuralDescription {
      var description = NeuralDescription(
        training: training,
        sharesUnknown: sharesUnknown,
        unigramModel: "",
        tokens: 0,
        developmentPerplexities: [],
        bestEpoch: 0,
        processors: ["unknown"]
      )
      description.isTrainedElsewhere = true
      return description
    }
    if let given {
      guard metadata["format"] == nil else { throw Failure.saysItself(path: path) }
      return (elsewhere(given.training, sharesUnknown: given.sharesUnknown), given.words)
    }
    guard let found = metadata["format"] else { throw failure("its metadata lack format") }
    guard found == format else { throw failure("its format is \(found), not \(format)") }
    guard let text = metadata["options"],
      let options = try? JSONDecoder().decode(NetworkOptions.self, from: Data(text.utf8))
    else { throw failure("its options cannot be read") }
    guard let vocabulary = metadata["vocabulary"] else {
      throw failure("its metadata lack vocabulary")
    }
    let words = Array(vocabulary.utf8).split(separator: 0x0A, omittingEmptySubsequences: false)
      .map { Array($0) }
    if let flaw = ShortList.flaw(in: words) { throw failure("its vocabulary is none: \(flaw)") }
    guard let trained = metadata["description"] else {
      var training = TrainingOptions()
      training.network = options
      return (elsewhere(training, sharesUnknown: true), words)
    }
    guard
      let description = try? JSONDecoder().decode(NeuralDescription.self, from: Data(trained.utf8))
    else { throw failure("its description cannot be read") }
    guard description.training.network == options else {
      throw failure("its description and its options disagree")
    }
    if let flaw = description.flaw { throw failure("its description is none: \(flaw)") }
    return (description, words)
  }

  /// The class of each word, as a network of classes keeps it.
  private static func classes(in file: borrowing SafetensorsFile, words: Int) throws -> [Int32] {
    let numbers = try file.floats("classes.of", shape: [words])
    guard numbers.allSatisfy({ $0 >= 0 && $0 < Float(words) && $0 == $0.rounded() }) else {
      throw Failure.noNetwork(path: file.path, reason: "its tensor classes.of has no classes")
    }
    return numbers.map { Int32($0) }
  }

  /// Whether no parameter of such a network has more numbers than the largest tensor of a file.
  private static func isWithin(
    _ options: NetworkOptions,
    words: Int,
    _ largest: Int,
    _ tensors: Int
  ) -> Bool {
    func fits(_ factors: Int...) -> Bool {
      var product = 1
      for factor in factors {
        let (next, overflow) = product.multipliedReportingOverflow(by: factor)
        guard factor > 0, !overflow, next <= largest else { return false }
        product = next
      }
      return true
    }
    let gates = options.cell?.gates ?? 1
    // The soft-max's largest part: of all words, or the head of an adaptive one, whose clusters are smaller.
    let starts = options.clusterStarts(vocabularySize: words)
    let decisions = options.softmax == .adaptive ? (starts.first ?? words) : words
    return fits(words, options.embedding) && fits(decisions, options.hidden)
      && fits(gates, options.hidden, options.cell == nil ? 1 : options.hidden)
      && (options.cell != nil || fits(max(options.order, 2) - 1, options.embedding, options.hidden))
      && (options.ngramOrder == 0 || fits(1 << options.ngramBits))
      && (0...tensors).contains(options.layers) && (0...tensors).contains(options.ngramOrder)
  }

  /// Gives a network the numbers of a file, under our names or PyTorch's.
  ///
  /// - Throws: `SafetensorsError` for a tensor that is missing or of another shape, `Failure.notFinite`,
  ///   `Failure.unusedTensors`, `StorageError`.
  public static func readParameters(of network: WordNetwork, from path: String) throws {
    try readParameters(of: network, from: SafetensorsFile(path: path))
  }

  private static func readParameters(
    of network: WordNetwork,
    from file: borrowing SafetensorsFile
  ) throws {
    let isGRU = network.options.cell == .gru
    // A module has tied weights under both names; `checkTied` looks at them.
    var used: Set<String> = network.options.isTied ? ["output.weight", "decoder.weight"] : []
    for parameter in network.parameters {
      let entries = try InterchangeNames.entries(of: parameter, in: file, isGRU: isGRU)
      let values = parameter.values
      // SAFETY: the matrix has `count` numbers, as many as each of the tensors.
      let numbers = unsafe UnsafeMutableBufferPointer(start: values.pointer, count: values.count)
      try unsafe file.read(entries[0], into: numbers)
      for entry in entries.dropFirst() {
        for (place, number) in try file.floats(entry.name).enumerated() { values[place] += number }
      }
      guard (0..<values.count).allSatisfy({ values[$0].isFinite }) else {
        throw Failure.notFinite(path: file.path, tensor: entries[0].name)
      }
      used.formUnion(entries.map(\.name))
      parameter.tensor.round()
    }
    if network.options.isTied { try checkTied(network, in: file) }
    let unused = file.header.entries.map(\.name).filter { !used.contains($0) }
    guard unused.isEmpty else { throw Failure.unusedTensors(path: file.path, tensors: unused) }
  }
}

extension NetworkInterchange {
  /// Refuses a file whose weights of the soft-max are not the word vectors, as its options say.
  private static func checkTied(
    _ network: WordNetwork,
    in file: borrowing SafetensorsFile
  ) throws {
    let vectors = network.body.vectors
    for name in ["output.weight", "decoder.weight"] where file.entry(name) != nil {
      let values = vectors.values
      let numbers = try file.floats(name, shape: [values.rows, values.columns])
      guard numbers.indices.allSatisfy({ numbers[$0] == values[$0] }) else {
        throw Failure.noNetwork(
          path: file.path,
          reason: "its weights are to be tied, but \(name) is not the vectors of words"
        )
      }
    }
  }
}

extension NeuralDescription {
  /// What is impossible in it; nil when nothing is.
  var flaw: String? {
    if let problem = training.problem { return problem }
    return architecture == training.network.architecture.rawValue
      ? nil : "it names another architecture than its network has"
  }

  /// What a stored model says of itself.
  ///
  /// - Throws: `NeuralModelError.damaged`.
  package init(of file: NeuralModelFile) throws {
    guard
      let description = try? JSONDecoder().decode(Self.self, from: Data(file.description()))
    else {
      throw NeuralModelError.damaged(
        model: file.entry.name,
        rule: "its description cannot be read"
      )
    }
    if let flaw = description.flaw {
      throw NeuralModelError.damaged(
        model: file.entry.name,
        rule: "its description is that of no network: \(flaw)"
      )
    }
    self = description
  }
}

extension NeuralModelWriter {
  /// Stores all parameters of a network.
  ///
  /// - Throws: `NeuralFileError.notFinite`, and `StorageError` when the disk is full.
  package func add(_ network: WordNetwork) throws {
    for parameter in network.parameters {
      let values = parameter.values
      // SAFETY: the matrix has as many elements, and lives on.
      try unsafe add(
        parameter.name,
        shape: values.rows == 1 ? [values.columns] : [values.rows, values.columns],
        values: UnsafeBufferPointer(start: values.pointer, count: values.count)
      )
    }
  }
}
