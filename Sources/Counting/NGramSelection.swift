import GramdexStorage

/// Which of the n-grams in level blocks a model keeps.
package enum NGramSelection: Sendable, Hashable {
  /// Those without a pruned mark: what the build, or the import, kept.
  case unmarked
  /// Those seen more often than a threshold whose words are all below `keptVocabularySize`.
  ///
  /// Element k − 1 of `thresholds` is the raw count at or below which an n-gram of order k is left out.
  case counted(thresholds: [UInt64], keptVocabularySize: UInt32)

  /// Whether an n-gram of `order` whose words before the last one are `context` is kept.
  package func keeps(_ entry: DecodedEntry, order: Int, context: some Sequence<UInt32>) -> Bool {
    switch self {
    case .unmarked:
      !entry.isPruned
    case .counted(let thresholds, let keptVocabularySize):
      entry.rawCount > thresholds[order - 1] && entry.word < keptVocabularySize
        && context.allSatisfy { $0 < keptVocabularySize }
    }
  }
}

/// A selection as a walk over contexts asks for it: the words of a context one by one, then each entry.
package struct SelectionFilter: ~Copyable, Sendable {
  private let usesMarks: Bool
  private let keptVocabularySize: UInt32
  /// Element d: the raw count at or below which an n-gram of order d + 1 is left out.
  private let thresholds: RecordBuffer<UInt64>

  /// Makes the filter of contexts of up to `depths` words.
  package init(_ selection: NGramSelection, depths: Int) {
    thresholds = RecordBuffer(repeating: 0, count: depths + 1)
    switch selection {
    case .unmarked:
      usesMarks = true
      keptVocabularySize = .max
    case .counted(let values, let size):
      usesMarks = false
      keptVocabularySize = size
      for depth in 0...depths { thresholds[depth] = values[depth] }
    }
  }

  /// Whether contexts with this word can have kept continuations.
  @inline(__always)
  package func keeps(contextWord word: UInt32) -> Bool { word < keptVocabularySize }

  /// Whether an entry of a context of `depth` words, all of which are kept, is kept.
  @inline(__always)
  package func keeps(_ entry: DecodedEntry, depth: Int) -> Bool {
    usesMarks
      ? !entry.isPruned
      : entry.rawCount > thresholds[depth] && entry.word < keptVocabularySize
  }
}
