import GramdexCore

extension EstimateOptions {
  /// The keys of an element of `estimate` in a job file.
  static let jobKeys =
    ["smoothing", "name", "order", "prune", "tune", "layout"] + EstimationOptions.jobKeys

  /// Reads an element of `estimate`; memory, threads and layout are those of the build.
  init(
    _ mapping: JobFileMapping,
    build: BuildOptions,
    resolve: (String) -> String
  ) throws {
    var estimation = try EstimationOptions(mapping, method: "smoothing")
    estimation.order = try mapping.integer("order")
    estimation.pruning = PruningThresholds(
      try mapping.counts("prune") ?? (estimation.isSRILMCompatible ? [0, 0, 1] : [])
    )
    estimation.base = build.smoothing
    self.init(estimation, name: try mapping.string("name"))
    layout = try mapping.choice("layout", ScoreLayout.self) ?? build.layout
    tuningTexts =
      try mapping.strings("tune", expected: "a text, or a list of them")?.map(resolve) ?? []
    memoryBytes = build.memoryBytes
    threads = build.threads
    replace = true
  }
}

extension EstimationOptions {
  /// The keys that say how a smoothing works, in `smoothing` and in elements of `estimate`.
  static let jobKeys = [
    "form", "discounts", "added", "backoff-weight", "good-turing-maximum", "closed-vocabulary",
    "srilm-compatible",
  ]

  /// Reads the smoothing named at the key `method`, and its numbers.
  init(_ mapping: JobFileMapping, method: String) throws {
    self.init(try mapping.choice(method, Smoothing.self) ?? .modifiedKneserNey)
    form = try mapping.choice("form", SmoothingForm.self) ?? form
    isSRILMCompatible = try mapping.boolean("srilm-compatible") ?? false
    isVocabularyClosed = try mapping.boolean("closed-vocabulary") ?? isSRILMCompatible
    discounts = try mapping.numbers("discounts").map { [$0] }
    addedCount = try mapping.numbers("added")?.first ?? addedCount
    backoffWeight = try mapping.numbers("backoff-weight")?.first ?? backoffWeight
    goodTuringMaximum =
      try mapping.counts("good-turing-maximum")?.map { Int(clamping: $0) } ?? goodTuringMaximum
  }
}
