import GramdexNeural

extension TrainingOptions {
  /// Bytes of anonymous memory that a training process needs, those of its texts left out.
  ///
  /// An upper estimate: what the matrices of `NetworkTraining` take when all of them are in use, and what the program and
  /// the code that oneDNN makes take (measured). Never overflows, whatever the sizes.
  ///
  /// - Parameters:
  ///   - vocabularySize: words of the network, V.
  ///   - threads: threads that work.
  /// - Returns: the bytes.
  package func memoryBytes(vocabularySize: Int, threads: Int) -> UInt64 {
    let sizes = NetworkSizes(self, vocabularySize: vocabularySize)
    let program = Double(28 << 20) + Double(threads) * Double(2 << 20)
    let bytes =
      program + sizes.parameterBytes + sizes.gradientBytes + sizes.learningBytes
      + sizes.readingBytes + sizes.outputBytes + Double(threads) * sizes.threadBytes
    return UInt64(exactly: bytes.rounded(.up)) ?? .max
  }
}

/// Bytes of the parts of a network that learns.
///
/// Doubles, because sizes that nobody can have must not overflow.
private struct NetworkSizes {
  private let options: NetworkOptions
  private let rows: Double
  private let vocabulary: Double
  private let embedding: Double
  private let hidden: Double
  private let layers: Double
  private let gates: Double
  /// Words that a row reads.
  private let context: Double
  /// What the soft-max reads of a row, F.
  private let features: Double
  private let samples: Double
  /// Bytes of a number that products read, those of its rounded twin included; and of the one that they read.
  private let number: Double
  private let operand: Double
  private let moments: Double

  init(_ training: TrainingOptions, vocabularySize: Int) {
    options = training.network
    rows = Double(training.steps) * Double(training.lanes)
    vocabulary = Double(vocabularySize)
    embedding = Double(options.embedding)
    hidden = Double(options.hidden)
    layers = Double(options.architecture == .feedForward ? 1 : options.layers)
    gates = Double(options.cell?.gates ?? 1)
    context = options.architecture == .feedForward ? Double(options.order - 1) : 1
    features = hidden + (options.directConnections ? context * embedding : 0)
    samples = Double(options.noiseSamples)
    let isRounded = training.precision == .bfloat16
    number = isRounded ? 6 : 4
    operand = isRounded ? 2 : 4
    switch training.optimizer.method {
    case .sgd: moments = 0
    case .adagrad: moments = 4
    case .adam: moments = 8
    }
  }

  private var isNoise: Bool { options.softmax == .noise }
  private var wordVectors: Double { vocabulary * embedding }

  /// Weights and biases of the soft-max; those of words, where they are the vectors of words too, left out.
  private var outputWeights: Double {
    switch options.softmax {
    case .full, .noise: options.isTied ? vocabulary : vocabulary * (features + 1)
    case .classes: (vocabulary + classes) * (features + 1) + vocabulary
    case .adaptive: adaptiveWeights
    }
  }

  private var classes: Double { min(Double(options.classes), vocabulary) }

  private var adaptiveWeights: Double {
    let cutoffs = options.clusterStarts(vocabularySize: Int(vocabulary)).map { Double($0) }
    let first = cutoffs.first ?? vocabulary
    var weights = (first + Double(cutoffs.count)) * (features + 1)
    var inner = features
    for (start, end) in zip(cutoffs, cutoffs.dropFirst() + [vocabulary]) {
      inner = max(1, inner / 4)
      weights += inner * features + (end - start) * (inner + 1)
    }
    return weights
  }

  private var hiddenWeights: Double {
    if options.architecture == .feedForward { return hidden * (context * embedding + 1) }
    return gates * hidden * (embedding + hidden + 2)
      + (layers - 1) * gates * hidden * (2 * hidden + 2)
  }

  /// Weights of the n-gram features of one length of history.
  private var ngramTable: Double {
    Double(sign: .plus, exponent: options.ngramBits, significand: 1)
  }

  /// How many logits of a row n-gram features keep the gradients of, at most.
  private var ngramWidth: Double {
    options.ngramOrder == 0 || options.softmax == .adaptive ? 0 : isNoise ? samples + 1 : vocabulary
  }

  /// What is learned, rounded too, and what the optimiser remembers of it.
  var parameterBytes: Double {
    (wordVectors + outputWeights + hiddenWeights) * (number + moments)
      + Double(options.ngramOrder) * ngramTable * (4 + moments)
  }

  /// Gradients: of word vectors, noise-contrastive weights and n-gram features those of what a window touches.
  var gradientBytes: Double {
    let touched = (min(rows * context, vocabulary) * 1.25 + 16) * embedding
    let sampled = (min(rows + samples, vocabulary) * 1.25 + 16) * (features + 1)
    let outputs =
      switch options.softmax {
      case .noise: options.isTied ? 2 * sampled : sampled
      case .full: options.isTied ? wordVectors : outputWeights
      case .classes: 1.25 * outputWeights
      case .adaptive: outputWeights
      }
    // Weights are touched in blocks of 16.
    let ngrams = 1.25 * min(rows * ngramWidth * 16, ngramTable) * Double(options.ngramOrder)
    return 4 * (touched + outputs + hiddenWeights + ngrams)
  }

  /// Recurrent and hidden layers of a window.
  private var activationBytes: Double {
    let inputs = rows * (context * embedding + layers * hidden) * number
    let isGated = options.architecture == .gru
    let cells = options.architecture == .lstm ? 8.0 : 0
    let layer = 4 + (gates + (isGated ? 3 : 0) + 1) * number + cells
    return inputs + rows * layers * hidden * layer
  }

  /// A window that is learned: activations, their gradients and masks, packed recurrent weights.
  var learningBytes: Double {
    let gradients = rows * (context * embedding + layers * hidden) * 8
    return activationBytes + gradients + rows * hidden * 4
      + 2 * layers * gates * hidden * hidden * operand + rows * 64
  }

  /// A window of the development text.
  var readingBytes: Double {
    activationBytes + layers * gates * hidden * hidden * operand
  }

  /// The soft-max of a window, and tables of a few numbers a word.
  var outputBytes: Double {
    let tables = vocabulary * 48 + rows * ngramWidth * 4
    switch options.softmax {
    case .noise:
      return tables + samples * features * (number + 4) + rows * samples * number
        + (rows + samples) * (features + 1) * 4 + (rows / 64 + 1) * samples * 4
    case .full, .adaptive:
      return tables + rows * vocabulary * operand + (rows / 32 + 1) * vocabulary * 4
        + 16 * vocabulary * 4 + rows * features * number
    case .classes:
      // Classes are about equally frequent, but a window may have three times its share of the largest.
      return tables + rows * (classes * operand + 4 * vocabulary / classes * number)
        + (rows / 32 + 1) * classes * 4 + rows * features * number
    }
  }

  /// A tile of logits of a thread.
  var threadBytes: Double { 32 * vocabulary * 4 }
}
