import GramdexCore

extension NetworkInterchange {
  /// What is wrong with a file that is a good safetensors file, or with what stands beside it.
  public enum Failure: Error, Equatable, Sendable {
    /// The metadata do not say what the network is made of.
    case noNetwork(path: String, reason: String)
    /// A number is infinite or undefined.
    case notFinite(path: String, tensor: String)
    /// Tensors that the network has no use for, so that it must be another one.
    case unusedTensors(path: String, tensors: [String])
    /// The file says itself what other files were named for.
    case saysItself(path: String)
    /// A file of options cannot be used.
    case badOptions(path: String, reason: String)
    /// A file of words cannot be used.
    case badWords(path: String, reason: String)
    /// A word of a model cannot be written to a file of Unicode text.
    case notUnicode(model: String, word: Int)
    /// A parameter has no name in PyTorch.
    case noPyTorchName(model: String, parameter: String)
    /// The network needs more memory than it may take.
    case memory(path: String, needed: UInt64, allowed: UInt64)

    /// Whether the data is to blame, and not the command.
    public var isBadData: Bool {
      switch self {
      case .saysItself, .noPyTorchName, .memory: false
      default: true
      }
    }
  }
}

extension NetworkInterchange.Failure: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .noNetwork(let path, let reason):
      """
      \(path) does not say what network it holds: \(reason); \
      write it with gramdex, or give --options and --words (docs/INTERCHANGE.md)
      """
    case .notFinite(let path, let tensor):
      "\(path), tensor \(tensor): a number is not finite; train the network again, with a smaller rate"
    case .unusedTensors(let path, let tensors):
      """
      \(path) has tensors that the network which its options describe does not have: \
      \(tensors.prefix(4).joined(separator: ", "))\(tensors.count > 4 ? " and \(tensors.count - 4) more" : ""); \
      correct the options, or leave the tensors out of the file
      """
    case .saysItself(let path):
      "\(path) says itself what network it holds; leave out --options and --words"
    case .badOptions(let path, let reason):
      "\(path) does not describe a network: \(reason); docs/INTERCHANGE.md lists what belongs there"
    case .badWords(let path, let reason):
      """
      \(path) cannot be the words of a network: \(reason); \
      it has a word a line, in the order of the rows, <unk> first and then </s>
      """
    case .notUnicode(let model, let word):
      """
      word \(word) of the neural model \(model) is no UTF-8, which safetensors files are made of; \
      train it on a text in UTF-8
      """
    case .noPyTorchName(let model, let parameter):
      """
      the neural model \(model) has the parameter \(parameter), which no module of PyTorch has; \
      leave out --names pytorch
      """
    case .memory(let path, let needed, let allowed):
      """
      the network of \(path) needs \(ByteSize.format(needed)) of memory, \
      and --memory allows \(ByteSize.format(allowed)); allow more
      """
    }
  }
}
