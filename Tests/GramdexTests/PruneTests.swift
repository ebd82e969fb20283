import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

@Suite("Entropy pruning")
struct PruneTests {
  private let workshop: DerivationWorkshop

  init() throws {
    workshop = try DerivationWorkshop()
  }

  /// A threshold near the middle of the losses that none of them comes close to.
  private static func threshold(_ losses: some Collection<Double>, share: Double) throws -> Double {
    let sorted = losses.filter { $0 > 1e-12 }.sorted()
    let start = Int(Double(sorted.count) * share)
    let place = (start..<(sorted.count - 1)).first { sorted[$0 + 1] > 1.02 * sorted[$0] }
    let index = try #require(place)
    return (sorted[index] * sorted[index + 1]).squareRoot()
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>, [0.3, 0.7])
  func `keeps the n-grams that the formula keeps, with backoffs that sum to one`(
    seed: UInt64,
    share: Double
  ) throws {
    let corpus = Corpora.random(seed: seed, sentences: 60)
    try workshop.build(corpus, "whole", order: 2 + Int(seed % 3))
    let model = try workshop.exported("whole")
    for history in PruneOptions.History.allCases {
      let losses = model.losses { context in
        history == .model
          ? model.ownProbability(context) : Self.share(of: context, in: corpus)
      }
      let threshold = try Self.threshold(losses.values, share: share)
      for isSRILM in [false, true] {
        let name = "pruned-\(history)-\(isSRILM)"
        try workshop.prune("whole", name, .threshold(threshold)) {
          $0.history = history
          $0.isSRILMCompatible = isSRILM
        }
        try workshop.expect(
          name,
          equals: model.pruned(losses, threshold: threshold, keepsSuffixes: !isSRILM)
        )
        try workshop.expectSums(name)
        #expect(try IndexVerifier.run(path: workshop.index(name)).problems == [])
      }
    }
  }

  /// How often a context is followed by something, as a share of all words and ends of sentences.
  private static func share(of context: [String], in corpus: Corpora.Corpus) -> Double {
    var (occurrences, total) = (0, 0)
    for sentence in corpus {
      let words = ["<s>"] + sentence + ["</s>"]
      for place in 1..<words.count {
        total += 1
        if words[..<place].suffix(context.count) == context[...] { occurrences += 1 }
      }
    }
    return Double(occurrences) / Double(total)
  }

  @Test(
    .enabled(if: SharedData.exists("golden/srilm"), Comment(rawValue: SharedData.absent)),
    arguments: [3, 5]
  )
  func `keeps exactly what SRILM keeps when asked to`(order: Int) throws {
    let name = "golden/srilm/wt2_60k.o\(order)"
    try workshop.importing(
      SharedData.contents("\(name).kndiscount.interp.min1.arpa.gz"),
      "whole"
    )
    try workshop.prune("whole", "pruned", .threshold(1e-5)) { $0.isSRILMCompatible = true }
    let golden = try ArpaText(
      SharedData.contents("\(name).kn.interp.min1.prune1e-5.arpa.gz")
    )
    var expected = NaiveBackoff(golden)
    // Words that only Gramdex adds, and what `<s>` would get as an event.
    expected.entries[0][["<unk>"]] = NaiveKneserNey.Entry(log10Probability: -100, log10Backoff: 0)
    expected.entries[0][["<s>"]]?.log10Probability = -99
    try workshop.expect("pruned", equals: expected, tolerance: 1e-5)
  }

  @Test func `keeps everything at threshold 0`() throws {
    try workshop.build(Corpora.random(seed: 9), "whole", order: 4)
    let summary = try workshop.prune("whole", "same", .threshold(0))
    #expect(summary.orders.allSatisfy { [$0.after] == $0.before })
    try workshop.expect("same", equals: workshop.exported("whole"))
  }

  @Test func `weighs contexts by their counts unless there are none`() throws {
    try workshop.build(Corpora.random(seed: 9), "whole")
    #expect(try workshop.prune("whole", "a", .threshold(1e-4)).parameters["history"] == "counts")
    #expect(try workshop.prune("a", "b", .threshold(1e-3)).parameters["history"] == "model")
    #expect(
      throws: DerivationError.noRawCounts(index: workshop.index("a"), model: "ngram")
    ) {
      try workshop.prune("a", "c", .threshold(1e-3)) { $0.history = .counts }
    }
    #expect(throws: DerivationError.noRawCounts(index: workshop.index("a"), model: "ngram")) {
      try workshop.prune("a", "c", .cutoffs(PruningThresholds([0, 1])))
    }
    #expect(!FileManager.default.fileExists(atPath: workshop.index("c")))
  }

  @Test func `takes any model of an index whose values are probabilities`() throws {
    let corpus = Corpora.random(seed: 12, sentences: 80)
    try workshop.build(corpus, "whole")
    for smoothing in [Smoothing.wittenBell, .goodTuring, .additive, .stupidBackoff] {
      try IndexEstimator.run(
        EstimateOptions(EstimationOptions(smoothing)),
        in: workshop.index("whole")
      )
    }
    for smoothing in [Smoothing.wittenBell, .goodTuring, .additive] {
      let model = try workshop.exported("whole", model: smoothing.rawValue)
      let losses = model.losses { Self.share(of: $0, in: corpus) }
      let threshold = try Self.threshold(losses.values, share: 0.5)
      try workshop.prune("whole", smoothing.rawValue, .threshold(threshold)) {
        $0.modelName = smoothing.rawValue
      }
      try workshop.expect(
        smoothing.rawValue,
        model: smoothing.rawValue,
        equals: model.pruned(losses, threshold: threshold, keepsSuffixes: true)
      )
    }
    #expect(
      throws: DerivationError.noDistribution(
        index: workshop.index("whole"),
        model: "stupid-backoff"
      )
    ) {
      try workshop.prune("whole", "scores", .threshold(1e-6)) { $0.modelName = "stupid-backoff" }
    }
  }

  @Test func `can put the smaller model in the place of the whole one`() throws {
    try workshop.build(Corpora.random(seed: 2, sentences: 80), "whole")
    let text = try workshop.folder.write("text.txt", "w1 w2 w3\nw0 w1\n")
    let summary = try workshop.prune("whole", "whole", .threshold(1e-3)) {
      $0.output.replace = true
      $0.output.texts = [text]
    }
    let evaluation = try #require(summary.evaluation)
    #expect(evaluation.before[0].perplexity != evaluation.after.perplexity)
    let model = try NGramModel.open(workshop.index("whole"))
    #expect(model.ngramCounts == summary.orders.map(\.after))
    #expect(model.perplexity(of: "w1 w2 w3\nw0 w1\n") == evaluation.after)
  }

  @Test(arguments: [ScoreLayout.exact, .compact], [true, false])
  func `makes the largest model that fits a size`(
    layout: ScoreLayout,
    keepsListing: Bool
  ) throws {
    let corpus = Corpora.random(seed: 3, sentences: 6000, wordTypes: 2000, longest: 15)
    try workshop.build(corpus, "whole")
    for target in [700_000, 1_000_000] as [UInt64] {
      let summary = try workshop.prune("whole", "small\(target)", .targetBytes(target)) {
        $0.output.layout = layout
        $0.output.keepsListing = keepsListing
      }
      #expect(summary.bytes.file <= target)
      #expect(
        summary.bytes.file >= target * 94 / 100
          || summary.orders.allSatisfy { [$0.after] == $0.before }
      )
      #expect(try IndexVerifier.run(path: workshop.index("small\(target)")).problems == [])
    }
    let text = try #require(throws: DerivationError.self) {
      try workshop.prune("whole", "none", .targetBytes(20_000))
    }
    #expect("\(text)".contains("--target-size"))
    #expect(!FileManager.default.fileExists(atPath: workshop.index("none")))
  }
}
