import GramdexCore
import GramdexNeural
import GramdexNeuralModels

extension TrainOptions {
  /// The keys of an element of `train` in a job file.
  static let jobKeys = [
    "architecture", "name", "texts", "valid", "activation", "hidden", "embedding", "layers",
    "order",
    "direct-connections", "dropout", "tie", "identity-scale", "maxent-order", "maxent-bits",
    "softmax",
    "classes", "noise-samples", "cutoffs", "short-list", "optimizer", "rate", "bptt", "lanes",
    "clip",
    "epochs", "class-file", "sentence-state", "precision", "seed", "seeds", "unknown-share",
    "curves",
  ]

  /// Reads an element of `train`; the texts, memory and threads are those of the build unless it says otherwise.
  init(
    _ mapping: JobFileMapping,
    build: BuildOptions,
    resolve: (String) -> String
  ) throws {
    let texts = "a file, folder or glob pattern, or a list of them"
    var training = TrainingOptions()
    training.network = try NetworkOptions(mapping)
    training.vocabulary = try mapping.integer("short-list") ?? training.vocabulary
    let method = try mapping.choice("optimizer", Optimizer.Method.self) ?? .adagrad
    training.optimizer = Optimizer(
      method,
      rate: try mapping.numbers("rate")?.first.map { Float($0) }
        ?? training.network.usualRate(method)
    )
    training.steps = try mapping.integer("bptt") ?? training.steps
    training.lanes = try mapping.integer("lanes") ?? training.lanes
    training.clip = try mapping.numbers("clip")?.first ?? training.clip
    training.epochs = try mapping.integer("epochs") ?? training.epochs
    training.sentenceState =
      try mapping.choice("sentence-state", SentenceState.self) ?? training.sentenceState
    training.precision = try mapping.choice("precision", Precision.self) ?? training.precision
    training.seed = try mapping.count("seed") ?? training.seed
    let named = try mapping.strings("texts", expected: texts)?.map(resolve)
    self.init(
      texts: named ?? build.inputs,
      validTexts: try mapping.strings("valid", expected: texts)?.map(resolve) ?? [],
      name: try mapping.string("name") ?? training.network.architecture.rawValue
    )
    self.training = training
    seeds = try mapping.integer("seeds") ?? seeds
    if named == nil { filesFrom = build.filesFrom }
    jsonField = build.jsonField
    sharesUnknown = try mapping.boolean("unknown-share") ?? true
    curves = try mapping.string("curves").map(resolve)
    classFile = try mapping.string("class-file").map(resolve)
    memoryBytes = build.memoryBytes
    threads = build.threads
    temporary = build.temporary
    replace = true
    resume = true
  }
}

extension NetworkOptions {
  /// Reads what a network is made of.
  init(_ mapping: JobFileMapping) throws {
    self.init()
    architecture = try mapping.choice("architecture", Architecture.self) ?? architecture
    activation =
      try mapping.choice("activation", Activation.self)
      ?? (architecture == .feedForward ? .tanh : .sigmoid)
    hidden = try mapping.integer("hidden") ?? hidden
    embedding = try mapping.integer("embedding") ?? hidden
    layers = try mapping.integer("layers") ?? layers
    order = try mapping.integer("order") ?? order
    directConnections = try mapping.boolean("direct-connections") ?? directConnections
    dropout = try mapping.numbers("dropout")?.first.map { Float($0) } ?? dropout
    isTied = try mapping.boolean("tie") ?? isTied
    identityScale =
      try mapping.numbers("identity-scale")?.first.map { Float($0) } ?? identityScale
    ngramOrder = try mapping.integer("maxent-order") ?? ngramOrder
    ngramBits = try mapping.integer("maxent-bits") ?? ngramBits
    softmax = try mapping.choice("softmax", Softmax.self) ?? softmax
    classes = try mapping.integer("classes") ?? classes
    noiseSamples = try mapping.integer("noise-samples") ?? noiseSamples
    cutoffs = try mapping.counts("cutoffs")?.map { Int(clamping: $0) } ?? cutoffs
  }
}
