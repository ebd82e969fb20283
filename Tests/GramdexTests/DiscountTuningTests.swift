import Foundation
import Gramdex
import GramdexCore
import GramdexText
import TestSupport
import Testing

@Suite("Discounts tuned on a text")
struct DiscountTuningTests {
  private static let smoothings: [Smoothing] = [.absolute, .kneserNey, .modifiedKneserNey]

  /// An index of order 3 and a text to tune on, with unknown words.
  private func prepare(_ folder: TemporaryFolder) throws -> (index: String, text: String) {
    let corpus = Corpora.random(seed: 21, sentences: 300, wordTypes: 60)
    let held = Corpora.random(seed: 22, sentences: 60, wordTypes: 70)
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = 3
    options.memoryBytes = 64 << 20
    try IndexBuilder.build(options, to: folder.path("index"))
    return (folder.path("index"), try folder.write("held", Corpora.text(held)))
  }

  private func perplexity(_ index: String, _ text: String) throws -> Double {
    try NGramModel.open(index, model: "x").perplexity(
      of: TextInputs(InputOptions(paths: [text]))
    ).perplexity
  }

  private func estimate(
    _ index: String,
    _ estimation: EstimationOptions,
    tune: [String] = []
  ) throws -> EstimateSummary {
    var options = EstimateOptions(estimation, name: "x")
    options.replace = true
    options.tuningTexts = tune
    return try IndexEstimator.run(options, in: index)
  }

  @Test(arguments: smoothings, [[], [0, 0, 1]] as [[UInt64]])
  func `predict it as the summary says, and no neighbors predict it better`(
    smoothing: Smoothing,
    thresholds: [UInt64]
  ) throws {
    let folder = try TemporaryFolder()
    let (index, text) = try prepare(folder)
    var estimation = EstimationOptions(smoothing)
    estimation.pruning = PruningThresholds(thresholds)
    _ = try estimate(index, estimation)
    let before = try perplexity(index, text)
    let summary = try estimate(index, estimation, tune: [text])
    let after = try perplexity(index, text)
    let tuning = try #require(summary.tuning)
    #expect(abs(tuning.perplexityBefore / before - 1) < 1e-4)
    #expect(abs(tuning.perplexity / after - 1) < 1e-4)
    #expect(after < before)

    let tuned = summary.orders.map(\.discounts)
    for order in 0..<3 {
      for change in [-0.04, 0.04] {
        let discounts = smoothing == .modifiedKneserNey ? tuned : tuned.map { [$0[0]] }
        for place in discounts[order].indices {
          var neighbor = discounts
          neighbor[order][place] += change
          let limit = Double(place + 1)
          if !(0...limit).contains(neighbor[order][place]) { continue }
          estimation.discounts = neighbor
          _ = try estimate(index, estimation)
          #expect(try perplexity(index, text) >= after * (1 - 1e-5), "order \(order + 1)")
        }
      }
    }
  }

  @Test(arguments: smoothings)
  func `stay when text is added or taken away`(smoothing: Smoothing) throws {
    let folder = try TemporaryFolder()
    let (index, text) = try prepare(folder)
    let tuned = try estimate(index, EstimationOptions(smoothing), tune: [text])
      .orders.map(\.discounts)
    let more = try folder.write("more", Corpora.text(Corpora.random(seed: 23, sentences: 20)))
    for removes in [false, true] {
      var options = UpdateOptions(inputs: [more])
      options.removes = removes
      try IndexUpdater.update(options, of: index)
      let model = try #require(
        try IndexInfo(path: index).models.first { $0.name == "x" }
      )
      #expect(model.discounts == tuned)
      #expect(try IndexVerifier.run(path: index).problems == [])
    }
  }

  @Test func `go into a file and come back`() throws {
    let folder = try TemporaryFolder()
    let (index, text) = try prepare(folder)
    let summary = try estimate(index, EstimationOptions(), tune: [text])
    let after = try perplexity(index, text)
    let written = DiscountFile(
      smoothing: .modifiedKneserNey,
      discounts: summary.orders.map(\.discounts)
    )
    try written.write(to: folder.path("discounts"))
    let read = try DiscountFile(path: folder.path("discounts"))
    #expect(read == written)
    var estimation = EstimationOptions()
    estimation.discounts = read.discounts
    _ = try estimate(index, estimation)
    #expect(try perplexity(index, text) == after)
    let other = try folder.write("other", "no discounts")
    #expect(throws: EstimateError.discountFile(path: other)) { try DiscountFile(path: other) }
  }

  @Test func `need a smoothing that has them, and words`() throws {
    let folder = try TemporaryFolder()
    let (index, text) = try prepare(folder)
    #expect(throws: OptionsError.tuning("witten-bell")) {
      try estimate(index, EstimationOptions(.wittenBell), tune: [text])
    }
    let empty = try folder.write("empty", "\n\n")
    #expect(throws: EstimateError.emptyDevelopmentText) {
      try estimate(index, EstimationOptions(), tune: [empty])
    }
  }
}
