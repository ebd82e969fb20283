import Foundation
import Gramdex
import GramdexCore
import Synchronization
import TestSupport
import Testing

@Suite("A build with another smoothing")
struct BuildSmoothingTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func options(_ corpus: Corpora.Corpus) throws -> BuildOptions {
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = 3
    options.memoryBytes = 64 << 20
    options.threads = 2
    options.replace = true
    return options
  }

  private func arpa(_ index: String, model: String = "ngram") throws -> String {
    var export = ExportOptions(index: index, output: folder.path("arpa"))
    export.modelName = model
    try IndexExporter.run(export)
    return try String(contentsOfFile: folder.path("arpa"), encoding: .utf8)
  }

  @Test(arguments: SmoothingMethod.all, [false, true])
  func `has the numbers of build and estimate`(method: SmoothingMethod, isSRILM: Bool) throws {
    var build = try options(Corpora.random(seed: 11, sentences: 80))
    try IndexBuilder.build(build, to: folder.path("both"))
    var estimation = method.estimation
    estimation.isSRILMCompatible = isSRILM
    estimation.isVocabularyClosed = isSRILM
    build.estimation = estimation
    build.pruning = PruningThresholds(isSRILM ? [0, 0, 1] : [])
    estimation.pruning = build.pruning
    var estimate = EstimateOptions(estimation, name: "other")
    estimate.memoryBytes = 64 << 20
    let estimated = try IndexEstimator.run(estimate, in: folder.path("both"))
    let summary = try IndexBuilder.build(build, to: folder.path("one"))
    #expect(try arpa(folder.path("one")) == arpa(folder.path("both"), model: "other"))
    #expect(summary.orders.map(\.ngrams) == estimated.orders.map(\.ngrams))
    #expect(summary.orders.map(\.discounts) == estimated.orders.map(\.discounts))
    #expect(summary.smoothing == estimation.smoothing && summary.form == estimation.form)
    #expect(summary.bytes.counts > 0 && summary.bytes.vocabulary > 0 && summary.bytes.scores > 0)
    let info = try IndexInfo(path: folder.path("one"))
    #expect(info.models.map(\.name) == ["ngram"])
    #expect(try IndexVerifier.run(path: folder.path("one")).problems == [])
  }

  @Test func `takes more text as a build of all does`() throws {
    let corpus = Corpora.random(seed: 12, sentences: 60)
    let more = Corpora.random(seed: 13, sentences: 20)
    var build = try options(corpus)
    build.estimation = EstimationOptions(.wittenBell)
    build.estimation?.form = .backoff
    try IndexBuilder.build(build, to: folder.path("updated"))
    var update = UpdateOptions(inputs: [try folder.write("more", Corpora.text(more))])
    update.memoryBytes = 64 << 20
    try IndexUpdater.update(update, of: folder.path("updated"))
    build.inputs = [try folder.write("all", Corpora.text(corpus + more))]
    try IndexBuilder.build(build, to: folder.path("built"))
    let updated = ArpaText(Data(try arpa(folder.path("updated")).utf8))
    let built = ArpaText(Data(try arpa(folder.path("built")).utf8))
    for (one, other) in zip(updated.entries, built.entries) {
      #expect(Set(one.keys) == Set(other.keys))
      for (ngram, entry) in one {
        // Words have other ids, so sums were added in another order.
        let expected = try #require(other[ngram])
        #expect(abs(entry.log10Probability - expected.log10Probability) < 1e-5, "\(ngram)")
        #expect(abs(entry.log10Backoff - expected.log10Backoff) < 1e-4, "\(ngram)")
      }
    }
    #expect(updated.entries.count == 3 && built.entries.count == 3)
  }

  @Test func `gives the same bytes for any number of threads, and when it is killed and resumed`()
    throws
  {
    var build = try options(Corpora.random(seed: 14, sentences: 200))
    build.estimation = EstimationOptions(.goodTuring)
    func files(_ name: String) throws -> [Data] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path(name))
        .filter { $0.hasSuffix(".mdb") }.sorted()
        .map { try Data(contentsOf: URL(filePath: folder.path("\(name)/\($0)"))) }
    }
    try IndexBuilder.build(build, to: folder.path("two"))
    build.threads = 1
    build.resume = .ifSame
    try IndexBuilder.build(build, to: folder.path("one"))
    #expect(try files("one").count == 2 && files("one") == files("two"))
    // Stopped after so many reports of progress, then run again.
    for reports in [3, 9, 15] {
      let name = "stopped\(reports)"
      let cancellation = Cancellation()
      let observer = StoppingObserver(after: reports, cancellation)
      _ = try? IndexBuilder.build(
        build,
        to: folder.path(name),
        observer: observer,
        cancellation: cancellation
      )
      try IndexBuilder.build(build, to: folder.path(name))
      #expect(try files(name) == files("two"), "stopped after \(reports)")
    }
  }

  @Test func `is refused where it cannot be`() throws {
    var build = try options(Corpora.random(seed: 15))
    build.estimation = EstimationOptions(.goodTuring)
    build.keepCounts = false
    #expect(throws: OptionsError.smoothingWithoutCounts) { try build.validated() }
    build.keepCounts = true
    build.convention = .lmplz
    #expect(throws: OptionsError.smoothingAsLmplz) { try build.validated() }
    build.convention = .gramdex
    build.estimation?.form = .interpolated
    #expect(
      throws: OptionsError.form("interpolated", smoothing: "good-turing")
    ) { try build.validated() }
    build.estimation?.form = .backoff
    #expect(throws: Never.self) { try build.validated() }
  }

  @Test func `makes class models, too`() throws {
    var build = try options(Corpora.random(seed: 16))
    build.classes = try folder.write("classes", "ODD 0.5 w1\nODD 0.5 w3\nEVEN 1 w2\n")
    try IndexBuilder.build(build, to: folder.path("both"))
    let estimation = EstimationOptions(.wittenBell)
    try IndexEstimator.run(EstimateOptions(estimation, name: "wb"), in: folder.path("both"))
    build.estimation = estimation
    try IndexBuilder.build(build, to: folder.path("one"))
    let one = try IndexModel.open(folder.path("one"))
    let both = try IndexModel.open(folder.path("both"), model: "wb")
    for line in ["w1 w2 w3", "w4 w3 w1", "zebra w2"] {
      #expect(
        one.scoreSentence(line).words.map(\.log10Probability)
          == both.scoreSentence(line).words.map(\.log10Probability)
      )
    }
  }
}

/// Stops a job after so many reports of progress.
private final class StoppingObserver: ProgressObserver {
  private let limit: Int
  private let cancellation: Cancellation
  private let seen = Mutex(0)

  init(after limit: Int, _ cancellation: Cancellation) {
    self.limit = limit
    self.cancellation = cancellation
  }

  func progress(_ update: ProgressUpdate) {
    let count = seen.withLock { seen in
      seen += 1
      return seen
    }
    if count == limit { cancellation.cancel() }
  }

  func warning(_ message: String) {}
}
