import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

/// Builds, derives and exports indexes in a folder of its own, for tests.
struct DerivationWorkshop {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// The path of an index.
  func index(_ name: String) -> String { folder.path(name) }

  /// Builds index `name` from sentences.
  func build(
    _ corpus: Corpora.Corpus,
    _ name: String,
    order: Int = 3,
    _ change: (inout BuildOptions) -> Void = { _ in }
  ) throws {
    var options = BuildOptions(
      inputs: [try folder.write(name + ".txt", Corpora.text(corpus))]
    )
    options.order = order
    options.memoryBytes = 64 << 20
    options.threads = 1
    change(&options)
    try IndexBuilder.build(options, to: index(name))
  }

  /// Imports an ARPA text as index `name`.
  func importing(_ text: Data, _ name: String) throws {
    try IndexImporter.run(
      ImportOptions(input: try folder.write(name + ".arpa", text)),
      to: index(name)
    )
  }

  /// The n-grams of an index, as `export` writes them.
  func exported(_ name: String, model: String = BuildOptions.defaultModelName) throws
    -> NaiveBackoff
  {
    let path = folder.path(name + ".out.arpa")
    var options = ExportOptions(index: index(name), output: path)
    options.modelName = model
    try IndexExporter.run(options)
    return NaiveBackoff(ArpaText(try Data(contentsOf: URL(filePath: path))))
  }

  /// Prunes index `source` into `name`.
  @discardableResult
  func prune(
    _ source: String,
    _ name: String,
    _ criterion: PruneOptions.Criterion,
    _ change: (inout PruneOptions) -> Void = { _ in }
  ) throws -> DerivationSummary {
    var options = PruneOptions(index: index(source), criterion: criterion)
    options.output.threads = 1
    options.output.memoryBytes = 64 << 20
    change(&options)
    return try IndexPruner.run(options, to: index(name))
  }

  /// Expects that `index` has the n-grams of `expected` with its probabilities and backoffs.
  func expect(
    _ name: String,
    model modelName: String = BuildOptions.defaultModelName,
    equals expected: NaiveBackoff,
    tolerance: Double = 1e-4,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let model = try exported(name, model: modelName)
    try #require(model.order == expected.order, sourceLocation: sourceLocation)
    for (order, (found, wanted)) in zip(model.entries, expected.entries).enumerated() {
      #expect(
        Set(found.keys) == Set(wanted.keys),
        "order \(order + 1)",
        sourceLocation: sourceLocation
      )
      for (ngram, entry) in found {
        guard let other = wanted[ngram] else { continue }
        #expect(
          abs(entry.log10Probability - other.log10Probability) < tolerance
            && abs(entry.log10Backoff - other.log10Backoff) < tolerance,
          "\(ngram): \(entry) instead of \(other)",
          sourceLocation: sourceLocation
        )
      }
    }
  }

  /// Expects that the probabilities of all words sum to one after contexts of up to two words, seen or not.
  func expectSums(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let model = try NGramModel.open(index(name))
    let size = UInt32(model.ngramCounts[0])
    let events = (0..<size).filter { $0 != WordID.beginOfSentence.rawValue }.map(WordID.init)
    var states = [model.nullState, model.beginSentenceState]
    for state in states { states += events.map { model.score($0, after: state).state } }
    for state in states.dropFirst(2) {
      states += events.map { model.score($0, after: state).state }
    }
    for state in states {
      let sum = events.reduce(0.0) { sum, word in
        sum + pow(10, Double(model.score(word, after: state).score.log10Probability))
      }
      // About 12 single-precision logarithms, and backoffs that are kept where less than 1e-6 is left.
      #expect(
        abs(sum - 1) < 2e-5,
        "after \(state.words.map(\.rawValue))",
        sourceLocation: sourceLocation
      )
    }
  }
}
