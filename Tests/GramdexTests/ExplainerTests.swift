import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

@Suite("Explanations")
struct ExplainerTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func build(
    _ corpus: Corpora.Corpus,
    _ oracle: NaiveKneserNey.Options,
    layout: ScoreLayout = .exact
  ) throws -> String {
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = oracle.order
    options.layout = layout
    options.memoryBytes = 64 << 20
    options.threads = 1
    options.replace = true
    options.pruning = PruningThresholds(oracle.pruningThresholds.map { UInt64($0) })
    options.smoothing.interpolateUnigrams = oracle.interpolateUnigrams
    options.smoothing.vocabularyPadding = UInt64(oracle.vocabularyPadding)
    if let limit = oracle.limitVocabulary {
      options.limitVocabulary = try folder.write("limit", limit.sorted().joined(separator: "\n"))
    }
    if let vocabulary = oracle.vocabulary {
      options.vocabulary = try folder.write("words", vocabulary.joined(separator: "\n") + "\n")
    }
    try IndexBuilder.build(options, to: folder.path("index"))
    return folder.path("index")
  }

  private static func variants(order: Int) -> [NaiveKneserNey.Options] {
    func options(_ change: (inout NaiveKneserNey.Options) -> Void) -> NaiveKneserNey.Options {
      var options = NaiveKneserNey.Options(order: order)
      change(&options)
      return options
    }
    return [
      options { _ in },
      options { $0.pruningThresholds = Array([0, 1, 2].prefix(order)) },
      options { $0.interpolateUnigrams = false },
      options { $0.vocabularyPadding = 500 },
      options { $0.limitVocabulary = ["w0", "w2", "w5"] },
      options { $0.vocabulary = ["w1", "w3", "never", "w4"] },
      options {
        $0.limitVocabulary = ["w0", "w1", "w2"]
        $0.pruningThresholds = Array([0, 0, 1].prefix(order))
        $0.interpolateUnigrams = false
      },
    ]
  }

  /// Sentences of the corpus, and others with unseen n-grams and unknown words.
  private static func questions(_ corpus: Corpora.Corpus, seed: UInt64) -> [String] {
    var generator = SeededGenerator(seed: seed)
    let random = (0..<30).map { _ in
      (0..<6).map { _ in "w\(generator.next(below: 14))" }.joined(separator: " ")
    }
    return corpus.prefix(20).map { $0.joined(separator: " ") } + random + [""]
  }

  @Test(arguments: 1...4)
  func `add up to the probability that the model gives`(order: Int) throws {
    let corpus = Corpora.random(seed: 50 + UInt64(order), sentences: 60)
    for (number, options) in Self.variants(order: order).enumerated() {
      let path = try build(corpus, options)
      let model = try NGramModel.open(path)
      let explainer = try Explainer(path: path)
      for question in Self.questions(corpus, seed: UInt64(number)) {
        let explanations = try explainer.explain(question)
        let scores = model.scoreSentence(question).words
        #expect(explanations.map(\.log10Probability) == scores.map(\.log10Probability))
        #expect(explanations.map(\.order) == scores.map(\.order))
        #expect(explanations.map(\.isOOV) == scores.map(\.isOOV))
        for explanation in explanations {
          let place = "variant \(number), \"\(question)\", \(explanation.word)"
          let estimate = try #require(explanation.log10Estimate, "\(place)")
          // At most four single-precision logarithms.
          #expect(abs(estimate - Double(explanation.log10Probability)) < 2e-6, "\(place)")
          if estimate <= -99 { continue }
          let shares = explanation.orders.compactMap { $0.terms?.share }
          #expect(
            abs(shares.reduce(0, +) + (explanation.uniformShare ?? 0) - 1) < 1e-9,
            "\(place)"
          )
        }
      }
    }
  }

  /// The adjusted counts of all n-grams that begin with a context.
  private static func followers(_ oracle: NaiveKneserNey) -> [[String]: [Int]] {
    var followers: [[String]: [Int]] = [:]
    for (ngram, count) in oracle.adjustedCounts.joined() where count > 0 && ngram != ["<s>"] {
      followers[Array(ngram.dropLast()), default: []].append(count)
    }
    return followers
  }

  @Test(arguments: 1...4)
  func `give the counts and discounts of the oracle`(order: Int) throws {
    let corpus = Corpora.random(seed: 60 + UInt64(order), sentences: 60)
    for options in Self.variants(order: order) {
      let oracle = NaiveKneserNey(corpus, options: options)
      let followers = Self.followers(oracle)
      let explainer = try Explainer(path: build(corpus, options))
      for question in Self.questions(corpus, seed: 3).suffix(25) {
        for explanation in try explainer.explain(question) {
          for row in explanation.orders {
            guard let counts = row.counts else { continue }
            let place = "\(row.ngram), \(options)"
            let raw = oracle.rawCounts[row.order - 1]
            #expect(counts.raw == UInt64(raw[row.ngram] ?? 0), "\(place)")
            let adjusted = oracle.adjustedCounts[row.order - 1]
            #expect(counts.adjusted == UInt64(adjusted[row.ngram] ?? 0), "\(place)")
            let followers = followers[Array(row.ngram.dropLast())] ?? []
            #expect(counts.contextTypes == UInt64(followers.count), "\(place)")
            let seen = raw.filter { $0.key.dropLast() == row.ngram.dropLast() && $0.key != ["<s>"] }
            #expect(counts.contextTotal == UInt64(seen.values.reduce(0, +)), "\(place)")
            guard let terms = row.terms else { continue }
            #expect(terms.denominator == Double(followers.reduce(0, +)), "\(place)")
            let entry = oracle.entries[row.order - 1][row.ngram]
            let count = entry == nil ? 0 : adjusted[row.ngram] ?? 0
            let discount = count == 0 ? 0 : oracle.discounts[row.order - 1][min(count, 3) - 1]
            #expect(abs(terms.discount - discount) < 1e-12, "\(place)")
            if row.order > 1 {
              let context = Array(row.ngram.dropLast())
              let backoff = oracle.entries[row.order - 2][context]?.log10Backoff ?? 0
              #expect(abs(log10(terms.gamma) - backoff) < 1e-9 || backoff <= -99, "\(place)")
            }
          }
        }
      }
    }
  }

  /// A smoothing of the index's counts.
  private static let estimations: [EstimationOptions] = {
    func options(_ smoothing: Smoothing, _ change: (inout EstimationOptions) -> Void = { _ in })
      -> EstimationOptions
    {
      var options = EstimationOptions(smoothing)
      change(&options)
      return options
    }
    return [
      options(.wittenBell), options(.absolute), options(.kneserNey), options(.modifiedKneserNey),
      options(.wittenBell) { $0.order = 2 }, options(.kneserNey) { $0.order = 2 },
      options(.absolute) { $0.pruning = PruningThresholds([0, 1, 2]) },
      options(.kneserNey) { $0.pruning = PruningThresholds([0, 0, 1]) },
      options(.wittenBell) { $0.base.interpolateUnigrams = false },
      options(.modifiedKneserNey) { $0.base.interpolateUnigrams = false },
      options(.kneserNey) { $0.base.interpolateUnigrams = false },
      options(.absolute) { $0.isVocabularyClosed = true },
      options(.modifiedKneserNey) { $0.isVocabularyClosed = true },
      options(.absolute) { $0.discounts = [[0.3], [0.7]] },
      options(.wittenBell) { $0.base.vocabularyPadding = 300 },
    ]
  }()

  @Test func `of every interpolated smoothing add up to the probability`() throws {
    let corpus = Corpora.random(seed: 81, sentences: 80)
    let path = try build(corpus, NaiveKneserNey.Options(order: 4))
    for (number, estimation) in Self.estimations.enumerated() {
      var options = EstimateOptions(estimation, name: "m\(number)")
      options.memoryBytes = 64 << 20
      options.threads = 1
      try IndexEstimator.run(options, in: path)
      let explainer = try Explainer(path: path, model: options.name)
      for question in Self.questions(corpus, seed: 8) {
        for explanation in try explainer.explain(question) {
          let place = "\(estimation), \"\(question)\", \(explanation.word)"
          let estimate = try #require(explanation.log10Estimate, "\(place)")
          let probability = max(Double(explanation.log10Probability), -99)
          // At most four single-precision logarithms.
          #expect(abs(estimate - probability) < 2e-6, "\(place)")
        }
      }
    }
  }

  /// Every smoothing in every form: whole, cut off, of a closed vocabulary, and as SRILM does it.
  private static let methods: [SmoothingMethod] = SmoothingMethod.all.flatMap { method in
    let variants: [(Bool, Bool, [UInt64])] = [
      (false, false, []), (false, true, [0, 1, 2]), (true, true, [0, 0, 1]),
    ]
    return variants.map { isSRILMCompatible, isClosed, thresholds in
      var method = method
      method.estimation.isSRILMCompatible = isSRILMCompatible
      method.estimation.isVocabularyClosed = isClosed
      method.estimation.pruning = PruningThresholds(thresholds)
      return method
    }
  }

  @Test(arguments: methods)
  func `of every smoothing and form are the probability, and the oracle's`(
    method: SmoothingMethod
  ) throws {
    let corpus = Corpora.random(seed: 83, sentences: 80)
    let path = try build(corpus, NaiveKneserNey.Options(order: 4))
    var options = EstimateOptions(method.estimation, name: "other")
    options.memoryBytes = 64 << 20
    options.threads = 1
    try IndexEstimator.run(options, in: path)
    let oracle = NaiveSmoothing(corpus, options: method.oracle(order: 4))
    let explainer = try Explainer(path: path, model: "other")
    var backedOff = 0
    for question in Self.questions(corpus, seed: 9) {
      var context = ["<s>"]
      for explanation in try explainer.explain(question) {
        let place = "\(method.testDescription), \"\(question)\", \(explanation.word)"
        let estimate = try #require(explanation.log10Estimate, "\(place)")
        // Stored backoffs are quotients of single-precision sums; they are added to the −99 of a probability of 0.
        let probability = Double(explanation.log10Probability)
        #expect(
          estimate == -99 ? probability < -90 : abs(estimate - probability) < 1e-5,
          "\(place)"
        )
        let word = explanation.isOOV ? "<unk>" : explanation.word
        let p = oracle.probability(of: word, after: context.suffix(3))
        #expect(abs(estimate - (p > 0 ? max(log10(p), -99) : -99)) < 1e-5, "\(place): \(p)")
        context.append(word)
        guard p > 0 else { continue }
        // p(w | h) = (c − d) / N + γ p(w | h′), from the word alone up.
        let terms = explanation.orders.compactMap(\.terms)
        let shares = terms.map(\.share) + [explanation.uniformShare ?? 0]
        #expect(abs(shares.reduce(0, +) - 1) < 1e-9, "\(place)")
        for row in explanation.orders {
          guard let terms = row.terms else { continue }
          let taken = (Double(terms.count) - terms.discount) / terms.denominator
          if terms.count > 0 { #expect(abs(taken - terms.discounted) < 1e-9, "\(place)") }
          if row.order > 1 && method.estimation.form == .backoff {
            // One or the other.
            #expect(terms.count > 0 ? terms.gamma == 0 : terms.discounted == 0, "\(place)")
            let backoff = oracle.backoffs[Array(context.dropLast().suffix(row.order - 1))] ?? 1
            if terms.count == 0 && backoff > 0 {
              backedOff += 1
              #expect(abs(log10(terms.gamma / backoff)) < 1e-4, "\(place)")
            }
          }
        }
      }
    }
    #expect(
      backedOff > 0 || method.estimation.form == .interpolated
        || method.estimation.smoothing == .maximumLikelihood
    )
  }

  @Test func `of backoff forms end where the n-gram is kept`() throws {
    let path = try build([["a", "b"], ["a", "b"], ["a", "c"]], NaiveKneserNey.Options(order: 2))
    var estimation = EstimationOptions(.absolute)
    estimation.form = .backoff
    estimation.discounts = [[0.5]]
    try IndexEstimator.run(EstimateOptions(estimation, name: "cd"), in: path)
    let words = try Explainer(path: path, model: "cd").explain("a b a")
    // b after a: 2 of 3 less 0.5.
    let kept = try #require(words[1].orders[0].terms)
    #expect(kept.count == 2 && kept.discount == 0.5 && kept.denominator == 3)
    #expect(kept.discounted == 0.5 && kept.gamma == 0 && kept.share == 1)
    // a after b: b is followed by </s> 2 of 2 times; left is 0.25, of words that have 1 − p(</s>), p(</s>) = 2.5 / 9.
    let backedOff = try #require(words[2].orders[0].terms)
    #expect(backedOff.count == 0 && abs(backedOff.gamma - 0.25 / (1 - 2.5 / 9)) < 1e-6)
    #expect(words[1].text.contains("a b") && words[2].text.contains("gamma"))
  }

  @Test func `show every order with its n-gram, stored or not`() throws {
    let path = try build(
      [["a", "b", "c"], ["a", "b", "d"], ["b", "c"]],
      NaiveKneserNey.Options(order: 3)
    )
    let words = try Explainer(path: path).explain("a b zebra")
    #expect(words.map(\.word) == ["a", "b", "zebra", "</s>"])
    #expect(words[0].orders.map(\.ngram) == [["<s>", "a"], ["a"]])
    #expect(
      words[2].orders.map(\.ngram) == [["a", "b", "<unk>"], ["b", "<unk>"], ["<unk>"]]
    )
    #expect(words[2].orders.map(\.isStored) == [false, false, true])
    #expect(words[2].orders[0].log10Backoff != nil)
    #expect(words[1].orders[0].counts?.raw == 2)
    let bare = try Explainer(path: path).explain("a <s> b", hasSentenceMarks: false)
    #expect(bare.map(\.word) == ["a", "b"])
    #expect(bare.map { $0.orders.map(\.ngram) } == [[["a"]], [["<s>", "b"], ["b"]]])
    let text = words[1].text
    #expect(text.hasPrefix("b  log10 p = \(words[1].log10Probability), p = "))
    #expect(text.contains("<s> a b") && text.contains("(below single words)"))
  }

  @Test func `of compact models differ from the scores by their codes only`() throws {
    let corpus = Corpora.random(seed: 70, sentences: 200)
    let path = try build(corpus, NaiveKneserNey.Options(order: 3), layout: .compact)
    for question in Self.questions(corpus, seed: 1) {
      for explanation in try Explainer(path: path).explain(question) {
        let estimate = try #require(explanation.log10Estimate)
        // Few values a shard have nearly a code each; the tables of 8-bit backoffs may be off by some hundredths.
        #expect(abs(estimate - Double(explanation.log10Probability)) < 0.05)
      }
    }
  }

  @Test func `of models without counts give orders and backoffs`() throws {
    let arpa = try folder.write("model.arpa", ImportedAnswerTests.holed(seed: 2, order: 4))
    try IndexImporter.run(ImportOptions(input: arpa), to: folder.path("imported"))
    let model = try NGramModel.open(folder.path("imported"))
    let explainer = try Explainer(path: folder.path("imported"))
    for question in ["a b c d e", "a a b b c", "e d c b a", "z"] {
      let scores = model.scoreSentence(question).words
      for (explanation, score) in zip(try explainer.explain(question), scores) {
        #expect(explanation.log10Probability == score.log10Probability)
        #expect(explanation.orders.allSatisfy { $0.counts == nil && $0.terms == nil })
        #expect(explanation.log10Estimate == nil && explanation.uniformShare == nil)
        // The stored probability and the backoffs of the longer contexts, added in the order of scoring.
        let hit = explanation.orders.first { $0.isStored }
        var sum = try #require(hit?.log10Probability)
        for row in explanation.orders.reversed() where row.order > explanation.order {
          sum += row.log10Backoff ?? 0
        }
        #expect(sum == explanation.log10Probability)
      }
    }
  }
}
