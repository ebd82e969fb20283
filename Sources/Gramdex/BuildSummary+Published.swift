import GramdexCore
import GramdexIndex
import GramdexStorage

extension BuildSummary {
  /// What a manifest tells of a build: everything but oddities, times and memory.
  init(published manifest: Manifest, model: ModelEntry, output: String) {
    self.init(output: output, model: model.name, layout: model.layout)
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
    bytes = Bytes(
      file: file.layout.bytes,
      scores: file.databases[.scores]?.pageBytes ?? 0,
      counts: file.databases[.counts]?.pageBytes ?? 0,
      vocabulary: file.databases[.vocabulary]?.pageBytes ?? 0
    )
  }
}
