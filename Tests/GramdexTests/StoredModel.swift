import Foundation
import Gramdex
import GramdexCore
import GramdexIndex
import GramdexStorage
import TestSupport

/// A built index, read table by table without the scorer: which n-grams are stored, with which values.
struct StoredModel {
  /// What the manifest says.
  let entry: ModelEntry
  /// Words in id order.
  let words: [String]
  /// What the build said.
  let summary: BuildSummary
  /// Payloads of every database by key.
  let payloads: [TableDatabase: [[UInt8]: [UInt8]]]

  private let ids: [String: UInt32]
  private let tables: ScoreTables
  private let file: TableFile
  private let folder: TemporaryFolder

  /// Builds an index of `corpus` in a folder of its own and opens it.
  init(
    _ corpus: Corpora.Corpus,
    _ oracle: NaiveKneserNey.Options,
    _ change: (inout BuildOptions) -> Void = { _ in }
  ) throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("text.txt", Corpora.text(corpus))
    try self.init(text: text, oracle, folder, change)
  }

  /// Builds an index of the file `text` and opens it.
  init(
    text: String,
    _ oracle: NaiveKneserNey.Options,
    _ folder: TemporaryFolder,
    _ change: (inout BuildOptions) -> Void = { _ in }
  ) throws {
    var options = BuildOptions(inputs: [text])
    options.order = oracle.order
    options.memoryBytes = 64 << 20
    options.threads = 1
    options.pruning = PruningThresholds(oracle.pruningThresholds.map { UInt64($0) })
    options.smoothing.interpolateUnigrams = oracle.interpolateUnigrams
    options.smoothing.vocabularyPadding = UInt64(oracle.vocabularyPadding)
    options.smoothing.discountFallback = oracle.discountFallback
    if oracle.countsLastNGramsRaw {
      options.smoothing.lmplzCompatible = true
      options.convention = .lmplz
    }
    if let limit = oracle.limitVocabulary {
      options.limitVocabulary = try folder.write("limit", limit.sorted().joined(separator: "\n"))
    }
    if let vocabulary = oracle.vocabulary {
      options.vocabulary = try folder.write("vocabulary", vocabulary.joined(separator: "\n") + "\n")
    }
    change(&options)
    let path = folder.path("index")
    summary = try IndexBuilder.build(options, to: path)
    self.folder = folder

    let index = IndexFolder(path)
    let manifest = try index.manifest()
    entry = manifest.models[0]
    file = try index.open(manifest.files[0])
    words = try Self.words(of: file)
    ids = Dictionary(uniqueKeysWithValues: zip(words, UInt32(0)...))
    let file = file
    tables = try ScoreTables(model: entry.name) { key in
      try file.value(.scores, key: key).map { TableRegion(copying: $0.copy()) }
    }
    var payloads: [TableDatabase: [[UInt8]: [UInt8]]] = [:]
    for database in TableDatabase.ofNGrams {
      for key in try file.keys(database) {
        payloads[database, default: [:]][key] = try file.value(database, key: key)?.copy()
      }
    }
    self.payloads = payloads
  }

  private static func words(of file: TableFile) throws -> [String] {
    guard let offsets = try file.value(.vocabulary, key: Array("offsets".utf8)),
      let bytes = try file.value(.vocabulary, key: Array("bytes".utf8))?.copy()
    else { return [] }
    let places = (0..<(offsets.count / 8)).compactMap {
      offsets.load(at: 8 * $0, as: UInt64.self).map { Int(UInt64(littleEndian: $0)) }
    }
    return zip(places, places.dropFirst()).map {
      String(decoding: bytes[$0..<$1], as: UTF8.self)
    }
  }

  /// The stored log10 probability and backoff of an n-gram, nil when it is not stored.
  func stored(_ ngram: [String]) -> (probability: Float, backoff: Float)? {
    let ngram = ngram.compactMap { ids[$0] }
    guard let last = ngram.last else { return nil }
    if ngram.count == 1 {
      // SAFETY: the table has eight bytes a word.
      let entry = unsafe tables.unigrams + 8 * Int(last)
      return unsafe (entry.load(as: Float.self), entry.load(fromByteOffset: 4, as: Float.self))
    }
    var sum: UInt64 = 0
    for (distance, id) in ngram.reversed().enumerated() {
      sum &+= UInt64(id) &* NGramHash.multiplier(distance)
    }
    // SAFETY: the tables live during the call.
    return unsafe tables.view(order: ngram.count, before: ngram[ngram.count - 2]).find(
      NGramHash.finish(sum, seed: tables.header.seed)
    )
  }

  /// The raw count of an n-gram, nil when the index has none.
  func rawCount(_ ngram: [String]) throws -> UInt64? {
    try CountStore(file)?.rawCount(of: ngram.map { ids[$0] ?? 0 })
  }
}
