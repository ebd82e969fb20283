import GramdexCore
import GramdexIndex

/// The unigrams in parts, likeliest parts first: the likeliest words are found without looking at all.
///
/// A build hands out ids by descending frequency, so likely words stand together; where they do not, more parts are
/// looked at. Memory: 8 bytes for every 256 words. Cost: one pass over the unigrams.
struct UnigramPeaks: Sendable {
  private static let partSize = 256
  private let tables: ScoreTables
  private let wordCount: Int
  /// Parts by descending probability of their likeliest word.
  private let parts: [(peak: Float, number: UInt32)]

  /// Looks at all unigrams of `tables`.
  init(_ tables: ScoreTables) {
    self.tables = tables
    wordCount = Int(clamping: tables.header.vocabularySize)
    var parts: [(peak: Float, number: UInt32)] = []
    for first in stride(from: 0, to: wordCount, by: Self.partSize) {
      var peak = -Float.infinity
      for word in first..<min(first + Self.partSize, wordCount) {
        let probability = tables.unigram(WordID(rawValue: UInt32(word)))?.probability ?? peak
        if probability > peak { peak = probability }
      }
      parts.append((peak, UInt32(first / Self.partSize)))
    }
    parts.sort { $0.peak != $1.peak ? $0.peak > $1.peak : $0.number < $1.number }
    self.parts = parts
  }

  /// Calls `body` with every word of parts that may hold one of `least` and more, and its log10 probability.
  ///
  /// `weigh` gives the probability after the context, and must not fall where its argument rises; `least` is asked
  /// before each part.
  func forEachWord(
    weigh: (Float) -> Float,
    least: () -> Float,
    _ body: (UInt32, Float) -> Void
  ) {
    for part in parts {
      if weigh(part.peak) < least() { return }
      let first = Int(part.number) * Self.partSize
      for word in first..<min(first + Self.partSize, wordCount) {
        guard let unigram = tables.unigram(WordID(rawValue: UInt32(word))) else { continue }
        body(UInt32(word), weigh(unigram.probability))
      }
    }
  }
}
