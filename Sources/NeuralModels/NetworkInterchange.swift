import Foundation
import GramdexCore
public import GramdexNeural
import GramdexStorage

/// Networks of words in safetensors files, with what is needed to use them elsewhere: see docs/INTERCHANGE.md.
public enum NetworkInterchange {
  private static let format = "gramdex-neural-1"

  /// What is wrong with a file that is a good safetensors file.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The metadata do not say what the network is made of.
    case noNetwork(path: String, reason: String)
    /// A number is infinite or undefined.
    case notFinite(path: String, tensor: String)

    /// What happened, where, and what to do.
    public var description: String {
      switch self {
      case .noNetwork(let path, let reason):
        """
        \(path) does not say what network it holds: \(reason); \
        write it with gramdex, or name its architecture and sizes (docs/INTERCHANGE.md)
        """
      case .notFinite(let path, let tensor):
        "\(path), tensor \(tensor): a number is not finite; train the network again, with a smaller rate"
      }
    }
  }

  /// Writes a network with its words; the file appears when it is complete.
  ///
  /// - Parameters:
  ///   - network: its parameters are written under their names here, as F32.
  ///   - words: the word of each number; none has a line end in it.
  ///   - path: where the file goes, in place of what is there.
  /// - Throws: `SafetensorsError`, or `CompressionError` when it cannot be written.
  public static func write(_ network: WordNetwork, words: [String], to path: String) throws {
    precondition(words.count == network.vocabularySize, "not one word for each number")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let options = try encoder.encode(network.options)
    let parameters = network.parameters
    var writer = try SafetensorsWriter(
      path: path,
      tensors: parameters.map { .init($0.name, InterchangeNames.shape(of: $0)) },
      metadata: [
        "format": format, "options": String(decoding: options, as: UTF8.self),
        "vocabulary": words.joined(separator: "\n"),
      ]
    )
    for parameter in parameters {
      let values = parameter.values
      // SAFETY: the matrix has `count` numbers, and nobody changes them during the call.
      let numbers = unsafe UnsafeBufferPointer(start: values.pointer, count: values.count)
      try unsafe writer.append(numbers.span)
    }
    try writer.finish()
  }

  /// The network and the words of a file that `write` wrote, or that has its metadata.
  ///
  /// - Throws: `Failure`, `SafetensorsError` or `StorageError`.
  public static func read(
    _ path: String,
    precision: Precision
  ) throws -> (network: WordNetwork, words: [String]) {
    let file = try SafetensorsFile(path: path)
    let metadata = file.header.metadata
    guard let found = metadata["format"] else {
      throw Failure.noNetwork(path: path, reason: "its metadata lack format")
    }
    guard found == format else {
      throw Failure.noNetwork(path: path, reason: "its format is \(found), not \(format)")
    }
    guard let options = metadata["options"].map({ Data($0.utf8) }),
      let options = try? JSONDecoder().decode(NetworkOptions.self, from: options)
    else { throw Failure.noNetwork(path: path, reason: "its options cannot be read") }
    guard
      let words = metadata["vocabulary"]?.split(separator: "\n", omittingEmptySubsequences: false),
      words.count >= 2, words[0] == "<unk>", words[1] == "</s>"
    else {
      throw Failure.noNetwork(path: path, reason: "its vocabulary does not begin with <unk>, </s>")
    }
    // Sizes come from the file: a network larger than its tensors is refused before it takes memory.
    let largest = file.header.entries.map(\.count).max() ?? 0
    guard isWithin(options, words: words.count, largest, file.header.entries.count) else {
      throw Failure.noNetwork(path: path, reason: "its options are those of another network")
    }
    let network = WordNetwork(
      options,
      vocabularySize: words.count,
      learns: false,
      precision: precision
    )
    try readParameters(of: network, from: file)
    return (network, words.map(String.init))
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
    return fits(words, options.embedding) && fits(words, options.hidden)
      && fits(gates, options.hidden, options.cell == nil ? 1 : options.hidden)
      && (options.cell != nil || fits(max(options.order, 2) - 1, options.embedding, options.hidden))
      && (options.ngramOrder == 0
        || (0..<62).contains(options.ngramBits) && fits(1 << options.ngramBits))
      && (0...tensors).contains(options.layers) && (0...tensors).contains(options.ngramOrder)
      && (options.softmax != .classes || fits(options.classes))
      && (0..<1).contains(options.dropout)
  }

  /// Gives a network the numbers of a file, under our names or PyTorch's.
  ///
  /// - Throws: `SafetensorsError` for a tensor that is missing or of another shape, `Failure.notFinite`, `StorageError`.
  public static func readParameters(of network: WordNetwork, from path: String) throws {
    try readParameters(of: network, from: SafetensorsFile(path: path))
  }

  private static func readParameters(
    of network: WordNetwork,
    from file: borrowing SafetensorsFile
  ) throws {
    let isGRU = network.options.cell == .gru
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
      parameter.tensor.round()
    }
  }
}
