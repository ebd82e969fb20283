import Foundation
import Gramdex
import GramdexCore
import GramdexStorage
import TestSupport
import Testing

@Suite("An index and the oracle")
struct PropertyOracleTests {
  @Test(arguments: 1...4)
  func `agree on all corpora of up to four words over two types`(order: Int) throws {
    for corpus in Corpora.small {
      let options = NaiveKneserNey.Options(order: order)
      let oracle = NaiveKneserNey(corpus, options: options)
      try StoredModel(corpus, options).expectEqual(oracle, "\(corpus)")
    }
  }

  @Test(arguments: UInt64(1)...3, 1...5)
  func `agree on random corpora with every option`(seed: UInt64, order: Int) throws {
    let corpus = Corpora.random(seed: seed)
    for (name, options) in Self.variants(order: order) {
      let oracle = NaiveKneserNey(corpus, options: options)
      try StoredModel(corpus, options).expectEqual(oracle, "seed \(seed), \(name)")
    }
  }

  private static func variants(order: Int) -> [(String, NaiveKneserNey.Options)] {
    var variants: [(String, NaiveKneserNey.Options)] = []
    func add(_ name: String, _ change: (inout NaiveKneserNey.Options) -> Void) {
      var options = NaiveKneserNey.Options(order: order)
      change(&options)
      variants.append((name, options))
    }
    add("plain") { _ in }
    add("lmplz") { $0.countsLastNGramsRaw = true }
    add("pruned") { $0.pruningThresholds = Array([0, 1, 2].prefix(order)) }
    add("pruned at the top") { $0.pruningThresholds = Array([0, 0, 0, 0, 4].prefix(order)) }
    add("uninterpolated") { $0.interpolateUnigrams = false }
    add("padded") { $0.vocabularyPadding = 1000 }
    add("limited") { $0.limitVocabulary = ["w0", "w2", "w5", "elsewhere"] }
    add("given") { $0.vocabulary = ["w1", "w3", "never", "w4"] }
    add("fallback") { $0.discountFallback = [0.3, 0.7, 1.1] }
    add("limited, pruned, lmplz, uninterpolated") {
      $0.limitVocabulary = ["w0", "w1", "w2", "w3", "w7"]
      $0.pruningThresholds = Array([0, 0, 1].prefix(order))
      $0.countsLastNGramsRaw = true
      $0.interpolateUnigrams = false
    }
    return variants
  }

  @Test func `agree beyond 128 bits a window`() throws {
    let corpus = Corpora.random(seed: 31, sentences: 20, wordTypes: 40, longest: 24)
    for order in [17, 45] {
      let options = NaiveKneserNey.Options(order: order)
      let oracle = NaiveKneserNey(corpus, options: options)
      try StoredModel(corpus, options).expectEqual(oracle, "order \(order)")
    }
  }

  @Test func `agree where the unknown word is an event`() throws {
    let corpus = Corpora.random(seed: 5).map { $0.map { $0 == "w1" ? "<unk>" : $0 } }
    for order in 1...4 {
      for interpolates in [true, false] {
        var options = NaiveKneserNey.Options(order: order)
        options.interpolateUnigrams = interpolates
        let oracle = NaiveKneserNey(corpus, options: options)
        try StoredModel(corpus, options).expectEqual(oracle, "order \(order)")
      }
    }
  }

  @Test func `do not depend on threads, memory, files or kept counts`() throws {
    let corpus = Corpora.random(seed: 77, sentences: 3000, wordTypes: 300, longest: 20)
    for layout in ScoreLayout.allCases {
      let options = NaiveKneserNey.Options(order: 4)
      let reference = try StoredModel(corpus, options) { $0.layout = layout }
      let threaded = try StoredModel(corpus, options) {
        $0.layout = layout
        $0.threads = 3
        $0.memoryBytes = 1 << 30
      }
      #expect(threaded.payloads == reference.payloads)
      let countless = try StoredModel(corpus, options) {
        $0.layout = layout
        $0.threads = 2
        $0.keepCounts = false
      }
      #expect(countless.payloads[.scores] == reference.payloads[.scores])
      #expect(countless.payloads[.vocabulary] == reference.payloads[.vocabulary])
      #expect(countless.payloads[.counts] == nil)
    }
  }
}

@Suite("An index and lmplz", .enabled(if: SharedData.hasGolden, "\(SharedData.absent)"))
struct GoldenModelTests {
  private func check(_ model: GoldenModel) throws {
    let index = try StoredModel(text: model.text.path, model.options, try TemporaryFolder())
    let golden = try model.arpa()
    #expect(golden.announced == golden.entries.map(\.count))
    index.expectEntries(golden.entries, tolerance: 1e-5, model.name)
  }

  @Test(arguments: GoldenModel.toy + GoldenModel.micro + GoldenModel.wikitext)
  func `agree with --lmplz-compatible`(model: GoldenModel) throws {
    try check(model)
  }

  @Test(arguments: GoldenModel.wikitext.filter { !$0.showsQuirk })
  func `agree without it where lmplz's quirk does not show`(model: GoldenModel) throws {
    var model = model
    model.options.countsLastNGramsRaw = false
    try check(model)
  }
}
