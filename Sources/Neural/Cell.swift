import CNeuralKernels

/// The function of a hidden unit.
public enum Activation: String, Sendable, Codable, CaseIterable {
  /// σ(z) = 1 / (1 + e⁻ᶻ); its derivative is at most 1/4.
  case sigmoid
  /// tanh(z); its derivative is at most 1.
  case tanh
  /// max(0, z); its derivative is at most 1.
  case relu

  var kernel: gramdex_neural_activation {
    switch self {
    case .sigmoid: GRAMDEX_NEURAL_SIGMOID
    case .tanh: GRAMDEX_NEURAL_TANH
    case .relu: GRAMDEX_NEURAL_RELU
    }
  }

  /// The greatest value of the derivative, the β_h of the bound on vanishing gradients.
  public var greatestSlope: Double { self == .sigmoid ? 0.25 : 1 }
}

/// What a recurrent layer computes in one step.
public enum Cell: Hashable, Sendable, Codable {
  /// h_t = f(W x_t + U h_{t−1} + b) (Elman 1990).
  case elman(Activation)
  /// Long short-term memory with forget gates (Hochreiter & Schmidhuber 1997; Gers 2000).
  case lstm
  /// Gated recurrent unit (Cho 2014), in the form in which r multiplies U h + b.
  case gru

  /// How many vectors of the hidden size W x is made of.
  public var gates: Int {
    switch self {
    case .elman: 1
    case .gru: 3
    case .lstm: 4
    }
  }
}
