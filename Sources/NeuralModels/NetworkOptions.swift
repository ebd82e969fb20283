public import GramdexNeural

/// What a network is made of. Stored with the model; nothing here changes while it learns.
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
    let sizes = [embedding, hidden, layers, order, classes, noiseSamples, vocabularySize]
    guard sizes.allSatisfy({ (1...1 << 26).contains($0) }), layers <= 64, order <= 64,
      (0...64).contains(ngramOrder), (10...30).contains(ngramBits), (0..<1).contains(dropout)
    else { throw .damaged(model: model, rule: "its description has impossible sizes") }
  }

  /// Where the clusters of an adaptive soft-max begin: cutoffs beyond the vocabulary are left out.
  func clusterStarts(vocabularySize: Int) -> [Int] {
    cutoffs.filter { $0 < vocabularySize }
  }
}
