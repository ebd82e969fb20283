import Foundation
import Gramdex
import GramdexCore
import GramdexIndex
import Synchronization
import TestSupport
import Testing

/// The likeliest words by looking at all of them.
struct BruteForce {
  let model: any LanguageModel

  /// Every word but `<s>` with its score after `state`, likeliest first, equally likely ones by id.
  func words(after state: AnyModelState, where isWanted: (WordID) -> Bool = { _ in true }) -> [(
    id: WordID, score: WordScore
  )] {
    (0..<UInt32(model.lexicon.count)).map { WordID(rawValue: $0) }
      .filter { $0 != .beginOfSentence && isWanted($0) }
      .map { (id: $0, score: score($0, after: state).score) }
      .sorted {
        $0.score.log10Probability != $1.score.log10Probability
          ? $0.score.log10Probability > $1.score.log10Probability : $0.id < $1.id
      }
  }

  /// States after all sequences of up to `length` words, and after random longer ones.
  func states(length: Int = 2, seed: UInt64 = 1) -> [AnyModelState] {
    let words = (0..<UInt32(model.lexicon.count)).map { WordID(rawValue: $0) }
      .filter { $0 != .beginOfSentence }
    var level = [model.anyNullState, model.anyBeginSentenceState]
    var states = level
    for _ in 0..<length {
      level = level.flatMap { state in words.map { score($0, after: state).state } }
      states += level
    }
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      var state = model.anyBeginSentenceState
      for _ in 0..<(model.maximumOrder ?? 3) + 1 {
        state = score(words[generator.next(below: words.count)], after: state).state
        states.append(state)
      }
    }
    return Array(Set(states)).sorted()
  }

  /// The score of a word and the state after it.
  private func score(
    _ word: WordID,
    after state: AnyModelState
  ) -> (score: WordScore, state: AnyModelState) {
    var after = state
    return (model.score(word, advancing: &after), after)
  }
}

@Suite("The likeliest next words")
struct NextWordsTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func build(
    _ corpus: Corpora.Corpus,
    order: Int,
    _ change: (inout BuildOptions) throws -> Void = { _ in }
  ) throws -> NextWords {
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = order
    options.memoryBytes = 64 << 20
    options.threads = 1
    options.replace = true
    try change(&options)
    try IndexBuilder.build(options, to: folder.path("index"))
    return try NextWords(path: folder.path("index"))
  }

  /// Checks answers of several lengths after every state against all words sorted.
  private func expectExact(_ next: NextWords, states: [AnyModelState]? = nil, _ comment: String)
    throws
  {
    let force = BruteForce(model: next.model)
    for (number, state) in (states ?? force.states()).enumerated() {
      for includesUnknown in [true, false] {
        let expected = force.words(after: state) { includesUnknown || $0 != .unknown }
          .filter { $0.score.log10Probability > -99 }
        for limit in [1, 3, expected.count + 5] {
          let answer = try next.words(
            after: state,
            limit: limit,
            includesUnknown: includesUnknown
          )
          let place = "\(comment), state \(number), \(limit)"
          let wanted = expected.prefix(limit)
          #expect(answer.words.map(\.id) == wanted.map(\.id), "\(place)")
          #expect(
            answer.words.map(\.log10Probability) == wanted.map(\.score.log10Probability),
            "\(place)"
          )
          #expect(answer.words.map(\.order) == wanted.map(\.score.order), "\(place)")
        }
      }
    }
  }

  /// Ways to make a model.
  enum Variant: String, CaseIterable, CustomTestStringConvertible {
    case plain, pruned, limited, closed, countless, padded, lmplz

    var testDescription: String { rawValue }

    func apply(to options: inout BuildOptions, words: String) {
      switch self {
      case .plain: break
      case .pruned: options.pruning = PruningThresholds(Array([0, 1, 2].prefix(options.order)))
      case .limited: options.limitVocabulary = words
      case .closed: options.vocabulary = words
      case .countless: options.keepCounts = false
      case .padded: options.smoothing.vocabularyPadding = 500
      case .lmplz:
        options.smoothing.lmplzCompatible = true
        options.convention = .lmplz
      }
    }
  }

  @Test(arguments: Variant.allCases, 1...4)
  func `are those of scoring and sorting all words`(variant: Variant, order: Int) throws {
    let words = try folder.write("words", "w0\nw1\nw2\nw4\n")
    let corpus = Corpora.random(seed: UInt64(order), sentences: 60, wordTypes: 9)
    let next = try build(corpus, order: order) { variant.apply(to: &$0, words: words) }
    try expectExact(next, "\(variant), order \(order)")
  }

  @Test(arguments: Smoothing.allCases)
  func `are exact for every smoothing of the counts`(smoothing: Smoothing) throws {
    let corpus = Corpora.random(seed: 91, sentences: 60, wordTypes: 9)
    _ = try build(corpus, order: 4)
    for form in smoothing.forms {
      for (order, thresholds) in [(4, []), (4, [0, 0, 1]), (2, [])] as [(Int, [UInt64])] {
        var estimation = EstimationOptions(smoothing)
        estimation.form = form
        estimation.order = order
        estimation.pruning = PruningThresholds(thresholds)
        var options = EstimateOptions(estimation, name: "other")
        options.replace = true
        options.memoryBytes = 64 << 20
        options.threads = 1
        try IndexEstimator.run(options, in: folder.path("index"))
        let next = try NextWords(path: folder.path("index"), model: "other")
        let states = BruteForce(model: next.model).states(length: 1)
        try expectExact(next, states: states, "\(smoothing), \(form), \(order)")
        let answer = try next.words(after: states[3])
        #expect((answer.leftover != nil) == smoothing.isDistribution)
      }
    }
  }

  @Test func `are those of scoring and sorting all words of a larger text`() throws {
    let corpus = Corpora.random(seed: 9, sentences: 3000, wordTypes: 1500, longest: 20)
    let next = try build(corpus, order: 4) { $0.threads = 2 }
    let states = BruteForce(model: next.model).states(length: 0)
    try expectExact(next, states: Array(states.prefix(40)), "large")
  }

  @Test func `are exact beyond the words that a state holds inline`() throws {
    let corpus = Corpora.random(seed: 3, sentences: 60, wordTypes: 4, longest: 24)
    let next = try build(corpus, order: 12)
    try expectExact(next, states: BruteForce(model: next.model).states(length: 0), "order 12")
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `are exact in imported models with holes`(seed: UInt64) throws {
    let text = ImportedAnswerTests.holed(seed: seed, order: 2 + Int(seed % 4))
    for withoutMarks in [false, true] {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        .filter { !withoutMarks || !$0.contains("s>") }
      let arpa = try folder.write("model.arpa", lines.joined(separator: "\n"))
      var options = ImportOptions(input: arpa)
      options.replace = true
      try IndexImporter.run(options, to: folder.path("index"))
      try expectExact(NextWords(path: folder.path("index")), "seed \(seed)")
    }
  }

  @Test(arguments: [ScoreLayout.exact, .compact], 2...4)
  func `are those that the exported model gives by its definition`(
    layout: ScoreLayout,
    order: Int
  ) throws {
    let corpus = Corpora.random(seed: 40 + UInt64(order), sentences: 200, wordTypes: 30)
    let next = try build(corpus, order: order) { $0.layout = layout }
    let exported = folder.path("model.arpa")
    try IndexExporter.run(ExportOptions(index: folder.path("index"), output: exported))
    let arpa = ArpaText(try Data(contentsOf: URL(filePath: exported)))
    let words = arpa.entries[0].keys.filter { $0 != ["<s>"] && $0 != ["<unk>"] }.map { $0[0] }
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<100 {
      let sentence = corpus[generator.next(below: corpus.count)]
      let context = ["<s>"] + sentence.prefix(generator.next(below: sentence.count + 1))
      let history = Array(context.suffix(order - 1))
      let expected = words.map { ImportedAnswerTests.naive(arpa, $0, history) }.sorted(by: >)
      let answer = try next.words(after: context.joined(separator: " "), limit: 10)
      #expect(answer.words.count == min(10, words.count))
      for (word, probability) in zip(answer.words, expected) {
        // Sums of at most four floats below 8.
        let own = ImportedAnswerTests.naive(arpa, word.text, history)
        #expect(abs(Double(word.log10Probability) - own) < 1e-5, "\(context) \(word.text)")
        #expect(abs(Double(word.log10Probability) - probability) < 1e-5, "\(context)")
      }
    }
  }

  @Test func `and what is left add up to one`() throws {
    let corpus = Corpora.random(seed: 21, sentences: 60, wordTypes: 9)
    let next = try build(corpus, order: 3)
    let force = BruteForce(model: next.model)
    for state in force.states(length: 1) {
      let answer = try next.words(after: state, limit: 4)
      let others = force.words(after: state) { id in !answer.words.contains { $0.id == id } }
      let sum = others.reduce(0) { $0 + pow(10, Double($1.score.log10Probability)) }
      // About 12 single-precision logarithms.
      #expect(abs((answer.leftover ?? -1) - sum) < 1e-5)
      #expect(abs(try next.sum(after: state) - 1) < 1e-5)
    }
  }

  @Test func `never list <s>, and <unk> only when asked to`() throws {
    let next = try build([["a", "<unk>", "b"], ["<unk>", "a"]], order: 2)
    let all = try next.words(after: "a", limit: 100, includesUnknown: true).words.map(\.text)
    #expect(Set(all) == ["a", "b", "<unk>", "</s>"])
    #expect(Set(try next.words(after: "a", limit: 100).words.map(\.text)) == ["a", "b", "</s>"])
  }

  @Test(arguments: ["", "w", "w1", "w12", "x", "<"], [true, false])
  func `that begin with a prefix are exact too`(prefix: String, keepsCounts: Bool) throws {
    let corpus = Corpora.random(seed: 8, sentences: 300, wordTypes: 140)
    let next = try build(corpus, order: 3) { $0.keepCounts = keepsCounts }
    let force = BruteForce(model: next.model)
    for state in force.states(length: 0).prefix(100) {
      let expected = force.words(after: state) { id in
        id != .unknown && next.model.lexicon.word(id)?.hasPrefix(prefix) == true
      }
      for limit in [1, 4, 1000] {
        let answer = try next.completions(of: Array(prefix.utf8), after: state, limit: limit)
        #expect(answer.words.map(\.id) == expected.prefix(limit).map(\.id))
        #expect(
          answer.words.map(\.log10Probability)
            == expected.prefix(limit).map(\.score.log10Probability)
        )
      }
    }
  }

  @Test func `complete the last word of a text, and any word after a space`() throws {
    let next = try build(
      [["the", "quick", "fox"], ["the", "quiet", "quick", "one"], ["the", "quick", "dog"]],
      order: 2
    ) { $0.tokenizer.lowercase = true }
    #expect(try next.completions(of: "The QUI").words.map(\.text) == ["quick", "quiet"])
    #expect(try next.completions(of: "the quiet").words.map(\.text) == ["quiet"])
    #expect(
      try next.completions(of: "the ", limit: 4) == next.words(after: "the", limit: 4)
    )
    #expect(try next.completions(of: "", limit: 9) == next.words(after: "", limit: 9))
    #expect(try next.completions(of: "zebra qui").words.map(\.text) == ["quick", "quiet"])
  }

  @Test func `are the same from many threads at once`() throws {
    let corpus = Corpora.random(seed: 77, sentences: 500, wordTypes: 100)
    let next = try build(corpus, order: 3)
    let states = Array(BruteForce(model: next.model).states(length: 0).prefix(64))
    let expected = try states.map { try next.words(after: $0) }
    let differing = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 256) { turn in
      let place = turn % states.count
      if (try? next.words(after: states[place])) != expected[place] {
        differing.withLock { $0 += 1 }
      }
    }
    #expect(differing.withLock { $0 } == 0)
  }

  @Test(
    .enabled(if: SharedData.hasGolden, "\(SharedData.absent)"),
    arguments: GoldenModel.wikitextSelection
  )
  func `are those of the models that lmplz wrote`(golden: GoldenModel) throws {
    let file = try folder.write(
      "golden.arpa",
      try SharedData.contentsMaybePacked("golden/arpa/\(golden.name).arpa")
    )
    try IndexImporter.run(ImportOptions(input: file), to: folder.path("index"))
    let next = try NextWords(path: folder.path("index"))
    let arpa = try golden.arpa()
    let words = arpa.entries[0].keys.filter { $0 != ["<s>"] && $0 != ["<unk>"] }.map { $0[0] }
    for sentence in try golden.sentences().filter({ $0.count > 5 }).prefix(6) {
      let context = ["<s>"] + sentence.prefix(4)
      let history = context.suffix(golden.options.order - 1)
        .map { arpa.entries[0][[$0]] == nil ? "<unk>" : $0 }
      let expected = words.map { ImportedAnswerTests.naive(arpa, $0, history) }.sorted(by: >)
      let answer = try next.words(after: context.joined(separator: " "), limit: 25)
      for (word, probability) in zip(answer.words, expected) {
        let own = ImportedAnswerTests.naive(arpa, word.text, history)
        // Sums of at most four floats below 8.
        #expect(abs(own - probability) < 1e-5, "\(context) \(word.text)")
        #expect(abs(Double(word.log10Probability) - own) < 1e-5, "\(context) \(word.text)")
      }
      #expect(answer.words.count == 25)
    }
  }
}
