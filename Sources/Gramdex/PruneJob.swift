import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// One pruning under way.
struct PruneJob {
  let options: PruneOptions
  let model: ListedModel
  let writing: ModelWriting
  let warn: (String) -> Void

  private var cancellation: Cancellation { writing.cancellation }
  private var folder: String { writing.workspace.path }

  /// Chooses n-grams and writes the new model.
  func run() throws -> DerivationJob.Result {
    var parameters: [String: String] = [:]
    if let order = options.order { parameters["order"] = "\(order)" }
    let reading: ListedReading
    switch options.criterion {
    case .threshold(let threshold):
      return try prune(&parameters, threshold: Float(threshold))
    case .targetBytes(let bytes):
      return try prune(&parameters, targetBytes: bytes)
    case .cutoffs(let cutoffs):
      guard model.hasRawCounts else {
        throw DerivationError.noRawCounts(index: model.path, model: model.entry.name)
      }
      parameters["cutoffs"] = cutoffs.values.map(\.description).joined(separator: ",")
      let scored = try self.reading().read(renormalizes: true) { context in
        let cutoff = cutoffs.threshold(ofOrder: context.words.count + 1)
        return context.ngrams.map { cutoff > 0 && $0.rawCount <= cutoff ? nil : 0 }
      }
      return try finish(scored, parameters)
    case .vocabulary(let path):
      parameters["vocabulary"] = path
      reading = self.reading(keptWords: try model.words(inFile: path, warn: warn))
    case .none:
      reading = self.reading()
    }
    // Without words left out, all sums stay as they are.
    let scored = try reading.read(renormalizes: reading.keptWords != nil) { context in
      context.ngrams.map { _ in 0 }
    }
    return try finish(scored, parameters)
  }

  private func reading(keptWords: [UInt32]? = nil) -> ListedReading {
    ListedReading(
      model: model,
      keptWords: keptWords,
      order: options.order,
      temporaryFolder: folder,
      cancellation: cancellation,
      stage: stage(1, "read")
    )
  }

  private func stage(_ number: Int, _ name: String) -> JobStage {
    JobStage(
      observer: writing.observer,
      number: number,
      stages: writing.stages,
      name: name,
      unit: "n-grams"
    )
  }

  private func finish(
    _ scored: ScoredModel,
    _ parameters: [String: String]
  ) throws -> DerivationJob.Result {
    let bytes = scored.given.map(\.temporaryBytes).reduce(0, +)
    return DerivationJob.Result(
      written: try writing.write(scored),
      smoothing: model.entry.smoothing,
      parameters: parameters,
      temporaryBytes: bytes
    )
  }

  // MARK: By entropy

  private func prune(
    _ parameters: inout [String: String],
    threshold: Float? = nil,
    targetBytes: UInt64? = nil
  ) throws -> DerivationJob.Result {
    let history =
      options.history
      ?? (options.isSRILMCompatible || !model.hasRawCounts ? .model : .counts)
    if history == .counts && !model.hasRawCounts {
      throw DerivationError.noRawCounts(index: model.path, model: model.entry.name)
    }
    parameters["history"] = history.rawValue
    if options.isSRILMCompatible { parameters["srilm-compatible"] = "true" }
    let loss = EntropyLoss(model: model, history: history)
    var scored = try reading().read(renormalizes: true) { try loss.losses($0) }
    let readBytes = scored.given.map(\.temporaryBytes).reduce(0, +)
    let protection = NGramProtection(
      keepsSuffixes: !options.isSRILMCompatible,
      vocabularySize: scored.vocabulary.count,
      memoryBudgetBytes: max(
        writing.memory(beside: scored) - 12 * scored.vocabulary.count - 4 << 20,
        1 << 20
      ),
      temporaryFolder: folder
    )
    let given = scored.given
    scored.given = []
    let choosing = stage(2, "choose")
    let total = given.map(\.count).reduce(0, +)
    choosing.report(0, of: total)
    let standing = try protection.run(
      given,
      minimum: threshold ?? 0,
      check: cancellation.check
    )
    choosing.report(total, of: total)
    let bytes = readBytes + standing.map(\.temporaryBytes).reduce(0, +)
    var result: DerivationJob.Result
    if let targetBytes {
      result = try fit(scored, standing, protection, targetBytes, &parameters)
    } else {
      parameters["threshold"] = "\(threshold ?? 0)"
      result = try finish(scored.with(standing), parameters)
    }
    result.temporaryBytes = max(result.temporaryBytes, bytes)
    return result
  }

  /// Writes the largest model whose file has at most `targetBytes`, within a few percent.
  ///
  /// The size of tables follows from the numbers of n-grams; what a listed n-gram takes beside is learned from the file
  /// that was written last, which is written again while it is too large, or smaller than need be.
  private func fit(
    _ scored: ScoredModel,
    _ standing: [TupleStore],
    _ protection: NGramProtection,
    _ targetBytes: UInt64,
    _ parameters: inout [String: String]
  ) throws -> DerivationJob.Result {
    let histogram = try StandingHistogram(standing, check: cancellation.check)
    var size = SizePrediction(
      layout: writing.output.layout,
      vocabularySize: scored.vocabulary.count,
      vocabularyBytes: model.bytes.vocabulary,
      bytesOfListedNGram: writing.output.keepsListing ? SizePrediction.usualListedBytes : 0
    )
    var best: DerivationJob.Result?
    parameters["target-size"] = ByteSize.format(targetBytes)
    for _ in 0..<SizePrediction.maximumTrials {
      guard let threshold = histogram.leastThreshold({ size.bytes($0) <= Double(targetBytes) })
      else { break }
      let kept = try protection.select(standing, minimum: threshold, check: cancellation.check)
      parameters["threshold"] = "\(threshold)"
      let result = try finish(scored.with(kept), parameters)
      let written = result.written
      let bytes = written.file.layout.bytes
      size.learn(ngrams: written.ngrams, fileBytes: bytes)
      let isEnough = Double(bytes) >= SizePrediction.leastShare * Double(targetBytes)
      if bytes <= targetBytes, isEnough || threshold == 0 { return result }
      // Only the last file written can be published, as names are given in order.
      try writing.discard(written)
      best = bytes <= targetBytes ? result : best
    }
    guard let threshold = best?.parameters["threshold"].flatMap({ Float($0) }) else {
      throw DerivationError.targetTooSmall(
        index: model.path,
        targetBytes: targetBytes,
        leastBytes: UInt64(size.bytes(standing.map { _ in 0 }))
      )
    }
    parameters["threshold"] = "\(threshold)"
    let kept = try protection.select(standing, minimum: threshold, check: cancellation.check)
    return try finish(scored.with(kept), parameters)
  }
}

extension ScoredModel {
  /// The same words with these n-grams.
  fileprivate func with(_ given: [TupleStore]) -> Self {
    var model = self
    model.given = given
    model.summary = ArpaSummary(ngrams: [UInt64(vocabulary.count)] + given.map(\.count))
    return model
  }
}
