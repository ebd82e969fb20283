import Foundation
import Gramdex
import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage
import TestSupport
import Testing

/// What an index says, in words and not in ids: two indexes of one text mean the same however they came about.
struct IndexMeaning {
  /// What is stored of an n-gram in the database `counts`.
  struct Counts: Equatable {
    var raw: UInt64
    var adjusted: UInt64
    var isPruned: Bool
  }

  /// Raw counts of all words.
  var words: [String: UInt64] = [:]
  /// Counts of all n-grams of order 2 and more.
  var counts: [String: Counts] = [:]
  /// log10 probability and backoff of all n-grams in the exported ARPA file.
  var scores: [String: (probability: Double, backoff: Double?)] = [:]
  /// What the manifest says of the model.
  let entry: ModelEntry
  let manifest: Manifest

  init(_ path: String, model: String = BuildOptions.defaultModelName) throws {
    let folder = IndexFolder(path)
    let manifest = try folder.manifest()
    self.manifest = manifest
    let entry = try #require(manifest.models.first { $0.name == model })
    self.entry = entry
    let file = try OpenedModel(folder, entry, manifest: manifest).words
    let vocabulary = try Vocabulary(file: file)
    let store = try #require(try CountStore(file))
    func word(_ id: UInt32) -> String { vocabulary.word(WordID(rawValue: id)) ?? "?" }
    for id in 0..<UInt32(vocabulary.count) { words[word(id)] = try store.rawCount(of: [id]) }
    for order in 2..<max(store.directory.order + 1, 2) {
      try store.forEachNGram(order: order) { ngram, entry in
        counts[ngram.map(word).joined(separator: " ")] = Counts(
          raw: entry.rawCount,
          adjusted: entry.adjustedCount,
          isPruned: entry.isPruned
        )
      }
    }
    let output = path + ".arpa"
    var options = ExportOptions(index: path, output: output)
    options.modelName = model
    try IndexExporter.run(options)
    defer { try? FileManager.default.removeItem(atPath: output) }
    for line in try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n") {
      let fields = line.split(separator: "\t")
      guard fields.count >= 2, let probability = Double(fields[0]) else { continue }
      scores[String(fields[1])] = (probability, fields.count > 2 ? Double(fields[2]) : nil)
    }
  }

  /// Expects `other` to mean the same; `note` says what was tried.
  ///
  /// Scores may differ in the last place: sums over the words after a context have another order.
  func expectEqual(_ other: Self, _ note: String) {
    #expect(words == other.words, "\(note)")
    #expect(counts == other.counts, "\(note)")
    #expect(entry.ngrams == other.entry.ngrams, "\(note)")
    #expect(entry.countsOfCounts == other.entry.countsOfCounts, "\(note)")
    #expect(entry.discounts == other.entry.discounts, "\(note)")
    #expect(entry.tokens == other.entry.tokens, "\(note)")
    #expect(entry.sentences == other.entry.sentences, "\(note)")
    #expect(entry.vocabularySize == other.entry.vocabularySize, "\(note)")
    #expect(Set(scores.keys) == Set(other.scores.keys), "\(note)")
    for (ngram, score) in scores {
      guard let expected = other.scores[ngram] else { continue }
      let isEqual =
        abs(score.probability - expected.probability) < 2e-6
        && (score.backoff == nil) == (expected.backoff == nil)
        && abs((score.backoff ?? 0) - (expected.backoff ?? 0)) < 2e-6
      #expect(isEqual, "\(note): \(ngram) \(score) and not \(expected)")
    }
  }
}
