import GramdexCore
import GramdexIndex

/// How large the file of a model with so many n-grams is.
///
/// Score tables are computed from their geometry, words are as before, and the listing of n-grams is so many bytes an
/// n-gram, which is learned from a file that was written.
struct SizePrediction {
  /// What a listed n-gram takes at first, until a file says more.
  static let usualListedBytes = 1.5
  /// A file of at least this share of the target is near enough.
  static let leastShare = 0.97
  /// How many files are written at most, to come near.
  static let maximumTrials = 6
  /// Meta, branch and header pages, whatever the model.
  private static let fixedBytes = 64.0 * 1024

  private let layout: ScoreLayout
  private let vocabularySize: Int
  private let vocabularyBytes: UInt64
  private var bytesOfListedNGram: Double

  init(
    layout: ScoreLayout,
    vocabularySize: Int,
    vocabularyBytes: UInt64,
    bytesOfListedNGram: Double
  ) {
    self.layout = layout
    self.vocabularySize = vocabularySize
    self.vocabularyBytes = vocabularyBytes
    self.bytesOfListedNGram = bytesOfListedNGram
  }

  /// The bytes of a file with these numbers of n-grams; element 0 is order 2.
  func bytes(_ ngrams: [UInt64]) -> Double {
    Double(tableBytes(ngrams)) + bytesOfListedNGram * Double(ngrams.reduce(0, +))
  }

  /// Takes over what a file with these n-grams turned out to have beside its tables.
  mutating func learn(ngrams: [UInt64], fileBytes: UInt64) {
    let count = ngrams.reduce(0, +)
    if count == 0 { return }
    bytesOfListedNGram = (Double(fileBytes) - tableBytes(ngrams)) / Double(count)
  }

  private func tableBytes(_ ngrams: [UInt64]) -> Double {
    let header = ModelHeader(
      layout: layout,
      vocabularySize: UInt64(vocabularySize),
      ngramCounts: ngrams,
      sideCounts: ngrams.map { _ in 0 }
    )
    let tables = header.geometries.reduce(0.0) {
      $0 + Double($1.chunkCount) * Double($1.bytesPerChunk)
        + (layout == .compact && $1.chunkCount > 0 ? Double(4 * $1.codebookCount) : 0)
    }
    return tables + Double(UnigramTable.entryBytes * vocabularySize) + Double(vocabularyBytes)
      + Self.fixedBytes
  }
}
