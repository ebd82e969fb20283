import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

@Suite("A smoothing over stored counts")
struct SmoothingTests {
  /// Builds an index of `corpus`; its n-grams go one order higher than models need.
  private func build(_ corpus: Corpora.Corpus, order: Int, _ folder: TemporaryFolder) throws {
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = order
    options.memoryBytes = 64 << 20
    options.replace = true
    try IndexBuilder.build(options, to: folder.path("index"))
  }

  private func estimated(
    _ estimation: EstimationOptions,
    _ folder: TemporaryFolder,
    threads: Int = 2
  ) throws -> ArpaText {
    var options = EstimateOptions(estimation, name: "other")
    options.replace = true
    options.memoryBytes = 64 << 20
    options.threads = threads
    try IndexEstimator.run(options, in: folder.path("index"))
    let file = folder.path("model.arpa")
    var export = ExportOptions(index: folder.path("index"), output: file)
    export.modelName = "other"
    try IndexExporter.run(export)
    return ArpaText(try Data(contentsOf: URL(filePath: file)))
  }

  /// Compares all n-grams, probabilities and backoffs.
  private func expectEqual(_ arpa: ArpaText, _ naive: NaiveSmoothing, _ name: String) {
    var listed: [[String]: NaiveKneserNey.Entry] = [:]
    for entries in arpa.entries { listed.merge(entries) { $1 } }
    let expected = Set(naive.probabilities.keys).union([["<s>"], ["<unk>"]])
    #expect(Set(listed.keys) == expected, "\(name)")
    for (ngram, entry) in listed where ngram != ["<s>"] {
      let p = naive.probabilities[ngram] ?? 0
      let logarithm = p > 0 ? log10(p) : -99
      #expect(abs(entry.log10Probability - logarithm) < 1e-5, "\(name): p of \(ngram)")
    }
    for (ngram, entry) in listed where ngram.count < arpa.entries.count {
      let weight = naive.backoffs[ngram] ?? 1
      // Where next to nothing is left in the shorter context, the weight is a quotient of rounding errors.
      if weight > 100 || weight < 1e-4 && entry.log10Backoff < -3 { continue }
      #expect(abs(entry.log10Backoff - log10(weight)) < 1e-4, "\(name): backoff of \(ngram)")
    }
  }

  @Test(arguments: SmoothingMethod.all, 1...2 as ClosedRange<UInt64>)
  func `is what the papers say`(method: SmoothingMethod, seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let corpus = Corpora.random(seed: seed, sentences: 30, wordTypes: 8)
    try build(corpus, order: 4, folder)
    for order in 1...4 {
      for thresholds in [[], [0, 1, 2]] as [[Int]] where order > 2 || thresholds.isEmpty {
        for isOpen in [true, false] {
          for isSRILMCompatible in [false, true] {
            var options = NaiveSmoothing.Options(method.naive, order: order)
            options.isInterpolated = method.estimation.form == .interpolated
            options.pruningThresholds = thresholds
            options.isOpen = isOpen
            options.isSRILMCompatible = isSRILMCompatible
            var estimation = method.estimation
            estimation.order = order
            estimation.pruning = PruningThresholds(thresholds.map { UInt64($0) })
            estimation.isVocabularyClosed = !isOpen
            estimation.isSRILMCompatible = isSRILMCompatible
            expectEqual(
              try estimated(estimation, folder),
              NaiveSmoothing(corpus, options: options),
              "order \(order), \(thresholds), open \(isOpen), SRILM \(isSRILMCompatible)"
            )
          }
        }
      }
    }
  }

  @Test(arguments: SmoothingMethod.all)
  func `holds on all corpora of up to four words over two types`(method: SmoothingMethod) throws {
    let folder = try TemporaryFolder()
    for corpus in Corpora.small where corpus.joined().count == 3 {
      try build(corpus, order: 3, folder)
      var options = NaiveSmoothing.Options(method.naive, order: 3)
      options.isInterpolated = method.estimation.form == .interpolated
      expectEqual(
        try estimated(method.estimation, folder),
        NaiveSmoothing(corpus, options: options),
        "\(corpus)"
      )
    }
  }

  @Test(arguments: SmoothingMethod.all.filter { $0.estimation.smoothing.isDistribution })
  func `sums to one after every context`(method: SmoothingMethod) throws {
    let folder = try TemporaryFolder()
    let corpus = Corpora.random(seed: 9, sentences: 80, wordTypes: 9)
    try build(corpus, order: 3, folder)
    for thresholds in [[], [0, 0, 1]] as [[UInt64]] {
      var estimation = method.estimation
      estimation.pruning = PruningThresholds(thresholds)
      // Relative frequencies of left-out n-grams are lost.
      if !estimation.sumsToOne { continue }
      _ = try estimated(estimation, folder)
      let model = try NGramModel.open(folder.path("index"), model: "other")
      let events = (0..<UInt32(model.ngramCounts[0])).filter { $0 != 1 }.map(WordID.init)
      var states = [model.nullState, model.beginSentenceState]
      for _ in 0..<2 {
        states += states.flatMap { s in events.map { model.score($0, after: s).state } }
      }
      for state in Set(states) {
        let sum = events.reduce(0.0) { sum, word in
          sum + pow(10, Double(model.score(word, after: state).score.log10Probability))
        }
        #expect(abs(sum - 1) < 2e-5, "after \(state.words.map(\.rawValue)): \(sum)")
      }
    }
  }

  @Test func `of the same kind as the build's gives the same values`() throws {
    let folder = try TemporaryFolder()
    let corpus = Corpora.random(seed: 3, sentences: 200, wordTypes: 30)
    try build(corpus, order: 4, folder)
    let index = folder.path("index")
    let other = try estimated(EstimationOptions(), folder)
    try IndexExporter.run(ExportOptions(index: index, output: folder.path("first.arpa")))
    let first = ArpaText(try Data(contentsOf: URL(filePath: folder.path("first.arpa"))))
    #expect(first.entries == other.entries)
  }

  @Test func `gives the same bytes for any number of threads`() throws {
    let folder = try TemporaryFolder()
    try build(Corpora.random(seed: 4, sentences: 300, wordTypes: 60), order: 4, folder)
    var bytes: [Data] = []
    for threads in [1, 3] {
      _ = try estimated(EstimationOptions(.wittenBell), folder, threads: threads)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("index"))
        .filter { $0.hasSuffix(".mdb") }.sorted()
      bytes.append(
        try Data(contentsOf: URL(filePath: folder.path("index/\(try #require(names.last))")))
      )
    }
    #expect(bytes[0] == bytes[1])
  }

  @Test func `stands beside the others until it is removed`() throws {
    let folder = try TemporaryFolder()
    try build(Corpora.random(seed: 5), order: 3, folder)
    let index = folder.path("index")
    for smoothing in [Smoothing.wittenBell, .absolute] {
      try IndexEstimator.run(EstimateOptions(EstimationOptions(smoothing)), in: index)
    }
    #expect(
      try IndexInfo(path: index).models.map(\.name) == ["absolute", "ngram", "witten-bell"]
    )
    #expect(try IndexVerifier.run(path: index).problems == [])
    #expect(throws: EstimateError.modelExists(name: "absolute", path: index)) {
      try IndexEstimator.run(EstimateOptions(EstimationOptions(.absolute)), in: index)
    }
    // The model that was built goes, its counts stay.
    try IndexEstimator.remove(model: "ngram", from: index)
    try IndexEstimator.run(EstimateOptions(EstimationOptions(.goodTuring)), in: index)
    try IndexEstimator.remove(model: "absolute", from: index)
    try IndexEstimator.remove(model: "good-turing", from: index)
    #expect(try IndexVerifier.run(path: index).problems == [])
    #expect(throws: EstimateError.lastModel(name: "witten-bell", path: index)) {
      try IndexEstimator.remove(model: "witten-bell", from: index)
    }
    #expect(try NGramCounts(path: index, model: "witten-bell").count(of: "<s> w0") > 0)
  }

  @Test func `needs counts`() throws {
    let folder = try TemporaryFolder()
    var options = BuildOptions(
      inputs: [try folder.write("text", Corpora.text(Corpora.random(seed: 1)))]
    )
    options.keepCounts = false
    options.order = 2
    try IndexBuilder.build(options, to: folder.path("index"))
    #expect(throws: EstimateError.noCounts) {
      try IndexEstimator.run(EstimateOptions(), in: folder.path("index"))
    }
    options.keepCounts = true
    options.replace = true
    try IndexBuilder.build(options, to: folder.path("index"))
    var higher = EstimationOptions(.wittenBell)
    higher.order = 3
    #expect(throws: EstimateError.orderNotCounted(3, counted: 2)) {
      try IndexEstimator.run(EstimateOptions(higher), in: folder.path("index"))
    }
  }
}
