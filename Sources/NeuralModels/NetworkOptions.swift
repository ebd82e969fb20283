public import GramdexNeural

/// What a network is made of.
///
/// Stored with the model; nothing here changes while it learns.
public struct NetworkOptions: Hashable, Sendable, Codable {
  /// The sort of network between the words and the soft-max.
  public enum Architecture: String, Sendable, Codable, CaseIterable {
    /// The n − 1 words before, side by side, through one hidden layer (Bengio 2003).
    case feedForward = "feed-forward"
    /// h_t = f(W x_t + U h_{t−1} + b) (Mikolov 2010).
    case elman
    /// An Elman network of ReLUs whose U begins as the identity (Le 2015).
    case irnn
    /// Gated recurrent units (Cho 2014).
    case gru
    /// Long short-term memory (Hochreiter & Schmidhuber 1997).
    case lstm
  }

  /// How the probabilities of words come about, and how they are trained.
  public enum Softmax: String, Sendable, Codable, CaseIterable {
    /// The soft-max over all words.
    case full
    /// P(class) · P(word | class) (Goodman 2001).
    case classes
    /// The soft-max over all words, trained by noise-contrastive estimation (Mnih & Teh 2012).
    case noise
    /// Frequent words at once, rarer ones in clusters with smaller projections (Grave 2017).
    case adaptive
  }

  /// The sort of network.
  public var architecture: Architecture = .lstm
  /// The function of hidden units; Elman and feed-forward networks only.
  public var activation: Activation = .sigmoid
  /// The length of word vectors.
  public var embedding = 200
  /// Hidden units a layer.
  public var hidden = 200
  /// Recurrent layers, one above the other.
  public var layers = 1
  /// The order n of a feed-forward network.
  public var order = 5
  /// Whether the words of a feed-forward network also reach the soft-max past the hidden layer.
  public var directConnections = false
  /// The share of values that dropout makes 0, between layers.
  public var dropout: Float = 0.2
  /// Whether the vectors of words are also the weights of the soft-max.
  public var isTied = false
  /// What the identity that U begins as is multiplied by; identity networks only.
  public var identityScale: Float = 1
  /// The longest n-grams of hashed maximum-entropy features (RNNLM's -direct-order); 0 for no features.
  public var ngramOrder = 0
  /// log2 of the number of weights of each length of history.
  public var ngramBits = 22
  /// How the probabilities come about.
  public var softmax: Softmax = .noise
  /// Classes of the class soft-max; the usual number is √V.
  public var classes = 100
  /// Noise words a window.
  public var noiseSamples = 512
  /// Where the clusters of the adaptive soft-max begin.
  public var cutoffs: [Int] = [2000]

  /// The usual network.
  public init() {}

  /// What recurrent layers compute; nil for a feed-forward network.
  public var cell: Cell? {
    switch architecture {
    case .feedForward: nil
    case .elman: .elman(activation)
    case .irnn: .elman(.relu)
    case .gru: .gru
    case .lstm: .lstm
    }
  }

  /// Checks the sizes of a stored network before memory is taken for them.
  ///
  /// - Throws: `NeuralModelError.damaged`.
  func check(vocabularySize: Int, model: String) throws(NeuralModelError) {
    if let flaw = flaw(vocabularySize: vocabularySize) {
      throw .damaged(model: model, rule: "its description is that of no network: \(flaw)")
    }
  }

  /// Why there can be no such network of so many words; nil when there can.
  package func flaw(vocabularySize: Int) -> String? {
    (1...1 << 26).contains(vocabularySize) ? problem : "a network has no \(vocabularySize) words"
  }

  /// Where the clusters of an adaptive soft-max begin: cutoffs beyond the vocabulary are left out.
  func clusterStarts(vocabularySize: Int) -> [Int] {
    cutoffs.filter { $0 < vocabularySize }
  }

  /// What is wrong with the options, naming them as the command line does; nil when nothing is.
  var problem: String? {
    let ranges = [
      ("hidden", hidden, 1...1 << 16), ("embedding", embedding, 1...1 << 16),
      ("layers", layers, 1...64), ("order", order, 2...64), ("classes", classes, 1...1 << 26),
      ("noise-samples", noiseSamples, 1...1 << 20), ("maxent-order", ngramOrder, 0...64),
      ("maxent-bits", ngramBits, 10...30),
    ]
    for (name, value, range) in ranges where !range.contains(value) {
      return "\(name) must be in \(range.lowerBound) … \(range.upperBound)"
    }
    if !identityScale.isFinite { return "identity-scale must be a number" }
    if !(0..<1).contains(dropout) { return "dropout must be in 0 … 1, without 1" }
    if isTied && (directConnections || softmax == .classes || softmax == .adaptive) {
      return "tie works with softmax full or noise, and without direct-connections"
    }
    if isTied && embedding != hidden {
      return "tie needs word vectors as long as the hidden layer"
    }
    if ngramOrder > 0 && softmax == .adaptive {
      return "maxent-order does not work with softmax adaptive"
    }
    if directConnections && architecture != .feedForward {
      return "direct-connections belong to the architecture feed-forward"
    }
    let isAscending = zip(cutoffs, cutoffs.dropFirst()).allSatisfy { $0 < $1 }
    if cutoffs.isEmpty || cutoffs[0] < 1 || !isAscending {
      return "cutoffs are ascending numbers from 1, such as 2000,6000"
    }
    return nil
  }

  /// The learning rate that suits a rule and this network.
  public func usualRate(_ method: Optimizer.Method) -> Float {
    switch method {
    case .sgd: 0.5
    case .adagrad: architecture == .irnn ? 0.05 : 0.1
    case .adam: 0.002
    }
  }
}
