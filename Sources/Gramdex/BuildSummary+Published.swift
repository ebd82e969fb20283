import GramdexCore
import GramdexIndex
import GramdexStorage

extension BuildSummary {
  /// What a manifest tells of a build: everything but oddities, times and memory.
  init(published manifest: Manifest, model: ModelEntry, output: String) {
    self.init(output: output, model: model.name, layout: model.layout)
    if case .smoothed(let method) = model.smoothing { smoothing = method }
    form = model.form ?? form
    tokens = model.tokens
    sentences = model.sentences
    vocabularySize = model.vocabularySize
    orders = model.ngrams.enumerated().map { index, ngrams in
      let discounts = index < model.discounts.count ? model.discounts[index] : []
      return Order(
        order: index + 1,
        ngrams: ngrams,
        countsOfCounts: index < model.countsOfCounts.count ? model.countsOfCounts[index] : [],
        discounts: discounts,
        usedFallback: discounts == model.smoothingOptions?.discountFallback
      )
    }
    guard let file = manifest.file(of: model) else { return }
    bytes = Bytes(fileBytes: file.layout.bytes, file.databases)
  }
}

extension BuildSummary.Bytes {
  /// The sizes of a file whose databases take so much.
  init(fileBytes: UInt64, _ databases: [TableDatabase: TableFileSummary.Usage]) {
    self.init(
      file: fileBytes,
      scores: databases[.scores]?.pageBytes ?? 0,
      counts: databases[.counts]?.pageBytes ?? 0,
      vocabulary: databases[.vocabulary]?.pageBytes ?? 0
    )
  }

  /// The sizes of a finished file.
  init(_ file: TableFileSummary) {
    self.init(fileBytes: file.layout.bytes, file.databases)
  }
}
