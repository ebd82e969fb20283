public import GramdexNeural

/// What is remembered from one sentence to the next.
public enum SentenceState: String, Sendable, Codable, CaseIterable {
  /// Everything: the text is one sequence (Mikolov 2010).
  case carry
  /// Nothing: each sentence begins alike.
  case reset
}

/// How a network is trained. Stored with the model.
public struct TrainingOptions: Hashable, Sendable, Codable {
  /// What the network is made of.
  public var network = NetworkOptions()
  /// The most words of the network, `<unk>` and `</s>` included.
  public var vocabulary = 10_000
  /// How parameters follow their gradients.
  public var optimizer = Optimizer(.adagrad, rate: 0.1)
  /// Steps of a window: how far errors go back.
  public var steps = 35
  /// Lanes: pieces of text that are learned side by side.
  public var lanes = 20
  /// The greatest norm of a gradient.
  public var clip = 5.0
  /// The most passes over the text.
  public var epochs = 10
  /// How much better the development text must become in an epoch, as a share of its cross-entropy; with less, the
  /// rate is halved, and the second time training ends.
  public var threshold = 0.003
  /// What is remembered between sentences.
  public var sentenceState = SentenceState.carry
  /// What products round to.
  public var precision = Precision.fastest
  /// Decides first weights, dropout and noise.
  public var seed: UInt64 = 1

  /// The usual training.
  public init() {}

  /// How many words before the target a row has.
  package var history: Int {
    let context = network.architecture == .feedForward ? network.order - 1 : 1
    return max(context, network.ngramOrder - 1, 1)
  }

  /// Bytes of memory that training needs, texts not counted: parameters with what is kept beside each number, and a
  /// window.
  package func memoryBytes(vocabularySize: Int) -> UInt64 {
    let network = WordNetworkSizes(self.network, vocabularySize: vocabularySize)
    let moments = optimizer.method == .adam ? 2 : optimizer.method == .adagrad ? 1 : 0
    let rounded = precision == .bfloat16 ? 2 : 0
    let rows = steps * lanes
    let perParameter = 4 + rounded + 4 + 4 * moments
    return UInt64(network.parameters * perParameter + rows * network.rowBytes(rounded: rounded))
  }
}

/// How large the parts of a network are.
struct WordNetworkSizes {
  private let options: NetworkOptions
  private let vocabularySize: Int

  init(_ options: NetworkOptions, vocabularySize: Int) {
    self.options = options
    self.vocabularySize = vocabularySize
  }

  /// Numbers that are learned.
  var parameters: Int {
    let gates = options.cell?.gates ?? 1
    let (hidden, embedding) = (options.hidden, options.embedding)
    let first = gates * hidden * (embedding + hidden + 2)
    let further = (options.layers - 1) * gates * hidden * (2 * hidden + 2)
    let context = options.architecture == .feedForward ? (options.order - 1) * embedding : 0
    let features = hidden + (options.directConnections ? context : 0)
    return vocabularySize * (embedding + features + 1) + first + further + hidden * context
      + options.ngramOrder << options.ngramBits
  }

  /// Bytes that a row of a window needs.
  func rowBytes(rounded: Int) -> Int {
    let gates = options.cell?.gates ?? 1
    let layer = options.hidden * ((gates + 8) * (4 + rounded) + 16)
    let outcomes = options.softmax == .noise ? options.noiseSamples : vocabularySize
    return layer * options.layers + options.embedding * (12 + rounded)
      + outcomes * (rounded > 0 ? 2 + rounded : 4)
  }
}
