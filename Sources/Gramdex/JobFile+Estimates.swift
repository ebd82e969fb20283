import GramdexCore

extension EstimateOptions {
  /// The keys of an element of `estimate` in a job file.
  static let jobKeys = [
    "smoothing", "form", "name", "order", "prune", "discounts", "added", "backoff-weight",
    "good-turing-maximum", "closed-vocabulary", "srilm-compatible", "tune", "layout",
  ]

  /// Reads an element of `estimate`; memory, threads and layout are those of the build.
  init(
    _ mapping: JobFileMapping,
    build: BuildOptions,
    resolve: (String) -> String
  ) throws {
    var estimation = EstimationOptions(
      try mapping.choice("smoothing", Smoothing.self) ?? .modifiedKneserNey
    )
    estimation.form = try mapping.choice("form", SmoothingForm.self) ?? estimation.form
    estimation.order = try mapping.integer("order")
    estimation.isSRILMCompatible = try mapping.boolean("srilm-compatible") ?? false
    estimation.isVocabularyClosed =
      try mapping.boolean("closed-vocabulary") ?? estimation.isSRILMCompatible
    estimation.pruning = PruningThresholds(
      try mapping.counts("prune") ?? (estimation.isSRILMCompatible ? [0, 0, 1] : [])
    )
    estimation.discounts = try mapping.numbers("discounts").map { [$0] }
    estimation.addedCount = try mapping.numbers("added")?.first ?? estimation.addedCount
    estimation.backoffWeight =
      try mapping.numbers("backoff-weight")?.first ?? estimation.backoffWeight
    estimation.goodTuringMaximum =
      try mapping.counts("good-turing-maximum")?.map { Int(clamping: $0) }
      ?? estimation.goodTuringMaximum
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
