public import GramdexNeural
public import GramdexNeuralModels

/// The recurrent networks that studies compare.
public enum StudyCell: String, Sendable, CaseIterable {
  /// An Elman network of σ (Elman 1990; Mikolov 2010).
  case sigmoid
  /// An Elman network of tanh.
  case tanh
  /// An Elman network of ReLUs with random weights.
  case relu
  /// An Elman network of ReLUs whose recurrent weights begin as the identity (Le 2015).
  case irnn
  /// Gated recurrent units (Cho 2014).
  case gru
  /// Long short-term memory (Hochreiter & Schmidhuber 1997).
  case lstm

  /// What a step computes.
  public var cell: Cell {
    switch self {
    case .sigmoid: .elman(.sigmoid)
    case .tanh: .elman(.tanh)
    case .relu, .irnn: .elman(.relu)
    case .gru: .gru
    case .lstm: .lstm
    }
  }

  /// A network of words of this cell.
  public func options(hidden: Int, layers: Int = 1, identityScale: Float = 1) -> NetworkOptions {
    var options = NetworkOptions()
    switch self {
    case .sigmoid, .tanh, .relu: options.architecture = .elman
    case .irnn: options.architecture = .irnn
    case .gru: options.architecture = .gru
    case .lstm: options.architecture = .lstm
    }
    if case .elman(let activation) = cell { options.activation = activation }
    options.hidden = hidden
    options.embedding = hidden
    options.layers = layers
    options.identityScale = identityScale
    options.dropout = 0
    options.softmax = .full
    return options
  }
}

/// A study that cannot be made as it was asked for.
public enum StudyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A text has fewer words than the distance needs.
  case textTooShort(path: String, words: Int, needed: Int)
  /// A model is no recurrent network.
  case notRecurrent(model: String)
  /// There is no such layer.
  case noLayer(Int, of: Int)

  /// Whether the data is to blame, and not what was asked.
  public var isBadData: Bool {
    if case .textTooShort = self { true } else { false }
  }

  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .textTooShort(let path, let words, let needed):
      """
      \(path) begins with \(words) words and ends of sentences, and the distance needs \(needed); \
      give a longer text, or a smaller --distance
      """
    case .notRecurrent(let model):
      "\(model) is no recurrent network, so it has no state to go back through; name an elman, irnn, gru or lstm model"
    case .noLayer(let layer, let layers):
      "there is no layer \(layer) in a network of \(layers); give --layer from 1 to \(layers)"
    }
  }
}
