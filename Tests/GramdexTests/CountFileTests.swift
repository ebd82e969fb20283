import Foundation
import Gramdex
import GramdexCore
import GramdexCounting
import GramdexIndex
import TestSupport
import Testing

@Suite("An index of count files")
struct CountFileTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Builds an index of the lines of a count file.
  private func model(
    _ lines: String,
    order: Int,
    _ change: (inout BuildOptions) -> Void = { _ in }
  ) throws -> StoredModel {
    let path = try folder.write("counts-\(UUID().uuidString)", lines)
    return try StoredModel(text: path, NaiveKneserNey.Options(order: order), TemporaryFolder()) {
      $0.inputsAreCounts = true
      change(&$0)
    }
  }

  private func lines(_ corpus: Corpora.Corpus, order: Int, seed: UInt64) -> String {
    NaiveCounts.lines(NaiveCounts.srilm(corpus, order: order), seed: seed)
  }

  // MARK: Complete counts

  @Test(arguments: UInt64(1)...3, 1...5)
  func `has the bytes of one of the text`(seed: UInt64, order: Int) throws {
    let corpus = Corpora.random(seed: seed)
    let reference = try StoredModel(corpus, NaiveKneserNey.Options(order: order))
    let counted = try model(lines(corpus, order: order, seed: seed), order: order)
    #expect(counted.payloads == reference.payloads)
    #expect(counted.entry.tokens == reference.entry.tokens)
    #expect(counted.entry.sentences == reference.entry.sentences)
    #expect(counted.entry.source == .counts)
    #expect(counted.summary.oddities.isEmpty)
  }

  @Test(arguments: 1...4)
  func `has the bytes of one of the text for all small corpora`(order: Int) throws {
    for corpus in Corpora.small {
      let reference = try StoredModel(corpus, NaiveKneserNey.Options(order: order))
      let counted = try model(lines(corpus, order: order, seed: 1), order: order)
      #expect(counted.payloads == reference.payloads, "\(corpus)")
    }
  }

  @Test func `has the same bytes with options, threads, memory and many shards`() throws {
    // More windows than one shard has.
    let corpus = Corpora.random(seed: 8, sentences: 32_000, wordTypes: 300, longest: 20)
    let words = try folder.write("words", (0..<250).map { "w\($0)\n" }.joined())
    let text = try folder.write("text", Corpora.text(corpus))
    var build = BuildOptions(inputs: [text])
    build.order = 3
    try IndexBuilder.build(build, to: folder.path("dumped"))
    let path = folder.path("lines")
    try CountDumper.run(CountDumpOptions(index: folder.path("dumped"), output: path))
    let changes: [(inout BuildOptions) -> Void] = [
      { $0.pruning = PruningThresholds([0, 1, 2]) }, { $0.limitVocabulary = words },
      { $0.vocabulary = words }, { $0.keepCounts = false },
    ]
    for (number, change) in changes.enumerated() {
      let options = NaiveKneserNey.Options(order: 3)
      let reference = try StoredModel(text: text, options, TemporaryFolder()) { change(&$0) }
      for (threads, memory) in [(1, 1 << 30), (3, 24 << 20)] as [(Int, UInt64)] {
        let counted = try StoredModel(text: path, options, TemporaryFolder()) {
          change(&$0)
          $0.inputsAreCounts = true
          $0.threads = threads
          $0.memoryBytes = memory
        }
        #expect(counted.payloads == reference.payloads, "\(number), \(threads) threads")
      }
    }
  }

  @Test func `has the bytes of one of the text beyond 128 bits a window`() throws {
    let corpus = Corpora.random(seed: 31, sentences: 20, wordTypes: 40, longest: 24)
    let reference = try StoredModel(corpus, NaiveKneserNey.Options(order: 17))
    let counted = try model(lines(corpus, order: 17, seed: 3), order: 17)
    #expect(counted.payloads == reference.payloads)
  }

  @Test func `follows from the highest order and sentence beginnings alone`() throws {
    let corpus = Corpora.random(seed: 9).map { ["a", "b"] + $0 }
    let all = NaiveCounts.srilm(corpus, order: 3)
    let needed = all.filter { $0.key.count == 3 }
    let reference = try model(NaiveCounts.lines(all, seed: 1), order: 3)
    let counted = try model(NaiveCounts.lines(needed, seed: 1), order: 3)
    // Every sentence is as long as the order, so nothing is lost.
    #expect(counted.payloads == reference.payloads)
    #expect(counted.summary.oddities.map(\.what).count == 1)
  }

  @Test func `adds repeated n-grams up, over lines and files`() throws {
    let corpus = Corpora.random(seed: 10)
    let parts = [Array(corpus.prefix(20)), Array(corpus.dropFirst(20))]
    let reference = try StoredModel(corpus, NaiveKneserNey.Options(order: 3))
    let both = parts.map { lines($0, order: 3, seed: 4) }.joined()
    #expect(try model(both, order: 3).payloads == reference.payloads)
    let paths = try parts.enumerated().map {
      try folder.write("part-\($0.offset)", lines($0.element, order: 3, seed: 4))
    }
    let counted = try StoredModel(
      text: paths[0],
      NaiveKneserNey.Options(order: 3),
      TemporaryFolder()
    ) {
      $0.inputs = paths
      $0.inputsAreCounts = true
    }
    #expect(counted.payloads == reference.payloads)
  }

  // MARK: Incomplete counts

  /// Counts that were cut off, thinned out at random, or made wrong.
  private static func damaged(_ counts: NaiveCounts.Counts, order: Int, seed: UInt64)
    -> [(name: String, counts: NaiveCounts.Counts)]
  {
    var generator = SeededGenerator(seed: seed)
    let thinned = counts.keys.sorted { $0.joined(separator: " ") < $1.joined(separator: " ") }
      .filter { _ in generator.next(below: 3) > 0 }
    var wrong = counts
    for ngram in thinned.prefix(40) { wrong[ngram] = UInt64(1 + generator.next(below: 9)) }
    return [
      ("cut off at 2", counts.filter { $0.value >= 2 }),
      ("cut off by order", counts.filter { $0.value >= UInt64($0.key.count) }),
      ("thinned", counts.filter { thinned.contains($0.key) }),
      ("wrong", wrong),
      ("without sentences", counts.filter { !$0.key.contains("<s>") && !$0.key.contains("</s>") }),
      ("highest order only", counts.filter { $0.key.count == order }),
    ].filter { $0.1.contains { $0.key.count == order } }
  }

  @Test(arguments: UInt64(1)...4, 2...4)
  func `has counts that fit together, those of the definition`(seed: UInt64, order: Int) throws {
    let counts = NaiveCounts.srilm(Corpora.random(seed: seed), order: order)
    for (name, given) in Self.damaged(counts, order: order, seed: seed) {
      let stored = try model(NaiveCounts.lines(given, seed: seed), order: order)
      let expected = NaiveCounts.closed(given, order: order)
      for (ngram, count) in expected.counts where ngram != ["<s>"] {
        #expect(try stored.rawCount(ngram) == count, "\(name): \(ngram)")
      }
      for length in 1...order {
        let adjusted = expected.adjusted.filter { $0.key.count == length && $0.key != ["<s>"] }
        #expect(
          stored.summary.orders[length - 1].countsOfCounts
            == (1...4).map { count in UInt64(adjusted.values.count { $0 == UInt64(count) }) },
          "\(name), order \(length)"
        )
        if length > 1 {
          #expect(stored.summary.orders[length - 1].ngrams == UInt64(adjusted.count), "\(name)")
        }
      }
    }
  }

  @Test(arguments: UInt64(1)...2)
  func `gives probabilities that sum to one after every context, whatever is missing`(
    seed: UInt64
  ) throws {
    let corpus = Corpora.random(seed: seed, sentences: 60, wordTypes: 8)
    let counts = NaiveCounts.srilm(corpus, order: 3)
    for (name, given) in Self.damaged(counts, order: 3, seed: seed) {
      let inside = try TemporaryFolder()
      var options = BuildOptions(
        inputs: [try inside.write("counts", NaiveCounts.lines(given, seed: seed))]
      )
      options.inputsAreCounts = true
      options.order = 3
      options.memoryBytes = 64 << 20
      try IndexBuilder.build(options, to: inside.path("index"))
      let model = try NGramModel.open(inside.path("index"))
      let events = (0..<UInt32(model.ngramCounts[0])).map(WordID.init).filter {
        $0 != .beginOfSentence
      }
      var states = [model.nullState, model.beginSentenceState]
      for state in states { states += events.map { model.score($0, after: state).state } }
      for state in states.dropFirst(2) {
        states += events.map { model.score($0, after: state).state }
      }
      for state in states {
        let sum = events.reduce(0.0) { sum, word in
          sum + pow(10, Double(model.score(word, after: state).score.log10Probability))
        }
        // About 12 single-precision logarithms.
        #expect(abs(sum - 1) < 1e-5, "\(name), after \(state.words.map(\.rawValue))")
      }
      // Looks up every counted n-gram in the scores.
      #expect(try IndexVerifier.run(path: inside.path("index")).problems.isEmpty, "\(name)")
    }
  }

  @Test(arguments: UInt64(1)...3)
  func `comes back from its own dump, cut off or not`(seed: UInt64) throws {
    let counts = NaiveCounts.srilm(Corpora.random(seed: seed), order: 3)
    for (name, given) in Self.damaged(counts, order: 3, seed: seed) {
      let inside = try TemporaryFolder()
      var options = BuildOptions(
        inputs: [try inside.write("counts", NaiveCounts.lines(given, seed: seed))]
      )
      options.inputsAreCounts = true
      options.order = 3
      try IndexBuilder.build(options, to: inside.path("first"))
      try CountDumper.run(
        CountDumpOptions(index: inside.path("first"), output: inside.path("dump"))
      )
      options.inputs = [inside.path("dump")]
      try IndexBuilder.build(options, to: inside.path("second"))
      let bytes = try ["first", "second"].map {
        try Data(contentsOf: URL(filePath: inside.path("\($0)/ngrams-000001.mdb")))
      }
      #expect(bytes[0] == bytes[1], "\(name)")
    }
  }

  @Test func `can be estimated again, to the same probabilities`() throws {
    let counts = NaiveCounts.srilm(Corpora.random(seed: 2), order: 3)
    for (name, given) in Self.damaged(counts, order: 3, seed: 2) {
      let inside = try TemporaryFolder()
      var options = BuildOptions(
        inputs: [try inside.write("counts", NaiveCounts.lines(given, seed: 2))]
      )
      options.inputsAreCounts = true
      options.order = 3
      try IndexBuilder.build(options, to: inside.path("index"))
      try IndexEstimator.run(EstimateOptions(name: "again"), in: inside.path("index"))
      let files = try [BuildOptions.defaultModelName, "again"].map { model in
        var export = ExportOptions(index: inside.path("index"), output: inside.path(model))
        export.modelName = model
        try IndexExporter.run(export)
        return try Data(contentsOf: URL(filePath: inside.path(model)))
      }
      #expect(files[0] == files[1], "\(name)")
    }
  }

  // MARK: Forms

  @Test func `reads Google's layout and spellings, tongrams' first line, and spaces for tabs`()
    throws
  {
    let corpus = Corpora.random(seed: 12)
    let reference = try StoredModel(corpus, NaiveKneserNey.Options(order: 2))
    let counts = NaiveCounts.srilm(corpus, order: 2)
    for (order, names) in [(1, ["vocab", "vocab_cs"]), (2, ["2gm-0000"])] {
      let part = counts.filter { $0.key.count == order }
      let text = NaiveCounts.lines(part, seed: 1).replacing("</s>", with: "</S>")
        .replacing("<s>", with: "<S>").replacing("\t", with: order == 1 ? "\t" : "  ")
      for name in names {
        try folder.write("google/\(order)gms/\(name)", "\(part.count)\n" + text)
      }
    }
    try folder.write("google/2gms/2gm.idx", "2gm-0000.gz\ta b\n")
    try folder.write("google/doc/readme.txt", "no counts here\n")
    let counted = try StoredModel(
      text: folder.path("google"),
      NaiveKneserNey.Options(order: 2),
      TemporaryFolder()
    ) { $0.inputsAreCounts = true }
    #expect(counted.payloads == reference.payloads)
  }

  @Test func `leaves aside longer n-grams, impossible ones and zeros, and says so`() throws {
    let corpus = Corpora.random(seed: 13)
    let reference = try StoredModel(corpus, NaiveKneserNey.Options(order: 2))
    let more = "a <s> 3\nb </s> b 2\n</s> a 1\nnever seen\t0\n"
    let counted = try model(lines(corpus, order: 4, seed: 5) + more, order: 2)
    #expect(counted.payloads == reference.payloads)
    let odd = Dictionary(uniqueKeysWithValues: counted.summary.oddities.map { ($0.what, $0.count) })
    #expect(odd["n-grams with <s> or </s> inside skipped"] == 2)
    #expect(odd["n-grams with count 0 skipped"] == 1)
    #expect(odd["n-grams longer than the order left aside"] != nil)
  }

  @Test(arguments: [
    ("a b\n", "\"b\" is no count"), ("a b\t1.5\n", "\"1.5\" is no count"),
    ("a\t1\n7\n", "there is a count and no word"), ("a b\t-1\n", "\"-1\" is no count"),
    ("a b\t99999999999999999999\n", "is no count"), ("a\t1\n", "so give --order 1"),
    ("\n", "have no n-gram"),
  ])
  func `is refused where a line is none`(text: String, message: String) throws {
    do {
      _ = try model(text, order: 2)
      Issue.record("accepted")
    } catch let error as CountingError {
      #expect("\(error)".contains(message), "\(error)")
    }
  }

  @Test func `needs n-grams of its order, whatever longer ones there are`() {
    for other in ["a b c d\t2\n", "a <s> b\t2\n", "a b c\t0\n"] {
      #expect(throws: CountingError.noTopCounts(order: 3, longest: 2)) {
        try model("a\t3\nb\t3\na b\t3\n" + other, order: 3)
      }
    }
  }

  @Test func `has no part in what is about text`() {
    for change: (inout BuildOptions) -> Void in [
      { $0.weightsInLines = true }, { $0.inputWeights = ["counts": 2] }, { $0.jsonField = "text" },
      { $0.removeDuplicates = true }, { $0.convention = .lmplz },
    ] {
      var options = BuildOptions(inputs: ["counts"])
      options.inputsAreCounts = true
      change(&options)
      #expect(throws: OptionsError.self) { try options.validated() }
    }
  }
}
