import Gramdex
import GramdexClasses
import GramdexCore
import GramdexIndex
import TestSupport

/// The bigrams of a small corpus, counted by a build, with what clustering says of its words.
struct ClusteredCorpus {
  private let vocabulary: Vocabulary
  private let store: CountStore

  init(_ corpus: Corpora.Corpus) throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("text", Corpora.text(corpus))
    var options = BuildOptions(inputs: [text])
    options.order = 2
    options.memoryBytes = 64 << 20
    options.threads = 1
    try IndexBuilder.build(options, to: folder.path("index"))
    let index = IndexFolder(folder.path("index"))
    let file = try index.open(try index.manifest().files[0])
    vocabulary = try Vocabulary(file: file)
    guard let counts = try CountStore(file) else { throw Missing() }
    store = counts
  }

  struct Missing: Error {}

  /// Clustering of the corpus before the first round.
  func clustering(_ classes: Int, initial: [String: Int]? = nil) throws -> ExchangeClustering {
    let bigrams = try BigramTable(
      source: store,
      shards: store.directory.shards,
      vocabularySize: store.directory.vocabularySize,
      cancellation: Cancellation()
    ) { _ in
    }
    let vocabulary = vocabulary
    return ExchangeClustering(
      bigrams,
      classCount: classes,
      initial: initial.map { numbers in
        { numbers[vocabulary.word(WordID(rawValue: $0)) ?? ""] ?? 0 }
      }
    )
  }

  /// The class of every word of `clustering`.
  func classes(_ clustering: borrowing ExchangeClustering) -> [String: Int] {
    var classes: [String: Int] = [:]
    clustering.forEachWord { word, number, _ in
      classes[vocabulary.word(WordID(rawValue: word)) ?? ""] = number
    }
    return classes
  }

  /// How often each word of `clustering` occurs.
  func counts(_ clustering: borrowing ExchangeClustering) -> [String: UInt64] {
    var counts: [String: UInt64] = [:]
    clustering.forEachWord { word, _, count in
      counts[vocabulary.word(WordID(rawValue: word)) ?? ""] = count
    }
    return counts
  }
}
