import ArgumentParser
import GramdexNeural
import GramdexNeuralModels
import GramdexScoring

/// What a network is made of.
struct NetworkFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The sort of network: feed-forward, elman, irnn, gru or lstm.",
      valueName: "architecture"
    )
  )
  var architecture = NetworkOptions.Architecture.lstm

  @Option(
    help: ArgumentHelp(
      "The function of hidden units of elman (default: sigmoid) and feed-forward (default: tanh): sigmoid, tanh or relu.",
      valueName: "function"
    )
  )
  var activation: Activation?

  @Option(help: ArgumentHelp("Hidden units a layer.", valueName: "number"))
  var hidden = 200

  @Option(
    help: ArgumentHelp(
      "The length of word vectors (default: that of --hidden).",
      valueName: "number"
    )
  )
  var embedding: Int?

  @Option(help: ArgumentHelp("Recurrent layers, one above the other.", valueName: "number"))
  var layers = 1

  @Option(
    help: ArgumentHelp(
      "The order of a feed-forward network: it sees one word less.",
      valueName: "number"
    )
  )
  var order = 5

  @Flag(
    help: "Let the words of a feed-forward network reach the soft-max past the hidden layer too."
  )
  var directConnections = false

  @Option(
    help: ArgumentHelp(
      "The share of values that dropout hides, between layers.",
      valueName: "share"
    )
  )
  var dropout: Float = 0.2

  @Flag(help: "Use the word vectors as the weights of the soft-max, too.")
  var tie = false

  @Option(
    help: ArgumentHelp(
      "What the first recurrent weights of irnn are: this times the identity.",
      valueName: "scale"
    )
  )
  var identityScale: Float = 1

  @Option(
    help: ArgumentHelp(
      "Add hashed maximum-entropy features of n-grams up to this order (0: none).",
      valueName: "number"
    )
  )
  var maxentOrder = 0

  @Option(
    help: ArgumentHelp("log2 of the weights of each length of history.", valueName: "bits")
  )
  var maxentBits = 22

  @Option(
    help: ArgumentHelp(
      "How probabilities come about: full, classes, noise (full, trained by noise contrast) or adaptive.",
      valueName: "softmax"
    )
  )
  var softmax = NetworkOptions.Softmax.noise

  @Option(help: ArgumentHelp("Classes of the class soft-max.", valueName: "number"))
  var classes = 100

  @Option(
    help: ArgumentHelp(
      "The classes of words for --softmax classes, as cluster writes them (default: classes of equal frequency).",
      valueName: "file"
    )
  )
  var classFile: String?

  @Option(
    help: ArgumentHelp("Noise words of a window, shared by all its words.", valueName: "number")
  )
  var noiseSamples = 512

  @Option(
    help: ArgumentHelp(
      "Where the clusters of the adaptive soft-max begin, such as 2000,6000.",
      valueName: "numbers"
    )
  )
  var cutoffs = "2000"

  func validate() throws {
    let numbers = cutoffs.split(separator: ",").map { Int($0) }
    if numbers.contains(nil) {
      throw ValidationError("--cutoffs takes ascending numbers from 1, such as 2000,6000")
    }
    try refuseUnused()
  }

  /// Refuses what the architecture has no use for, and would leave out without a word.
  private func refuseUnused() throws {
    let isFeedForward = architecture == .feedForward
    let unused = [
      (
        activation != nil && !isFeedForward && architecture != .elman, "activation",
        "elman or feed-forward"
      ),
      (layers != 1 && isFeedForward, "layers", "elman, irnn, gru or lstm"),
      (order != 5 && !isFeedForward, "order", "feed-forward"),
      (identityScale != 1 && architecture != .irnn, "identity-scale", "irnn"),
    ]
    for (isUnused, name, users) in unused where isUnused {
      throw ValidationError("--\(name) is for the architecture \(users) only")
    }
  }

  /// The network that the flags ask for.
  var options: NetworkOptions {
    var options = NetworkOptions()
    options.architecture = architecture
    options.activation = activation ?? (architecture == .feedForward ? .tanh : .sigmoid)
    options.hidden = hidden
    options.embedding = embedding ?? hidden
    options.layers = layers
    options.order = order
    options.directConnections = directConnections
    options.dropout = dropout
    options.isTied = tie
    options.identityScale = identityScale
    options.ngramOrder = maxentOrder
    options.ngramBits = maxentBits
    options.softmax = softmax
    options.classes = classes
    options.noiseSamples = noiseSamples
    options.cutoffs = cutoffs.split(separator: ",").compactMap { Int($0) }
    return options
  }
}

/// How a network is trained.
struct TrainingFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The most words of the network; others are <unk> to it.",
      valueName: "number"
    )
  )
  var shortList = 10_000

  @Option(
    help: ArgumentHelp(
      "How parameters follow their gradients: sgd, adagrad or adam.",
      valueName: "method"
    )
  )
  var optimizer = Optimizer.Method.adagrad

  @Option(
    help: ArgumentHelp(
      "The learning rate (default: 0.1 for adagrad, 0.05 with irnn, 0.5 for sgd, 0.002 for adam).",
      valueName: "rate"
    )
  )
  var rate: Float?

  @Option(
    help: ArgumentHelp(
      "Steps that errors go back: truncated back-propagation through time.",
      valueName: "steps"
    )
  )
  var bptt = 35

  @Option(
    help: ArgumentHelp("Pieces of text that are learned side by side.", valueName: "number")
  )
  var lanes = 20

  @Option(help: ArgumentHelp("The greatest norm of a gradient.", valueName: "norm"))
  var clip = 5.0

  @Option(help: ArgumentHelp("The most passes over the text.", valueName: "number"))
  var epochs = 10

  @Option(
    help: ArgumentHelp(
      """
      The least share of its cross-entropy that the development text must gain in an epoch: with less, the rate is \
      halved from then on, and training ends when it happens again.
      """,
      valueName: "share"
    )
  )
  var threshold = 0.003

  @Option(
    help: ArgumentHelp(
      "Whether sentences remember the ones before: carry or reset.",
      valueName: "what"
    )
  )
  var sentenceState = SentenceState.carry

  @Option(
    help: ArgumentHelp(
      "What products of matrices round to: float32, or bfloat16 (the default where the processor has it).",
      valueName: "precision"
    )
  )
  var precision: Precision?

  @Option(help: ArgumentHelp("Decides first weights, dropout and noise.", valueName: "number"))
  var seed: UInt64 = 1

  /// The training that the flags ask for.
  func options(_ network: NetworkFlags) -> TrainingOptions {
    var options = TrainingOptions()
    options.network = network.options
    options.vocabulary = shortList
    options.optimizer = Optimizer(
      optimizer,
      rate: rate ?? options.network.usualRate(optimizer)
    )
    options.steps = bptt
    options.lanes = lanes
    options.clip = clip
    options.epochs = epochs
    options.threshold = threshold
    options.sentenceState = sentenceState
    options.precision = precision ?? .fastest
    options.seed = seed
    return options
  }
}
