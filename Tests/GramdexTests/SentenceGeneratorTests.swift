import Foundation
import Gramdex
import GramdexCore
import GramdexIndex
import TestSupport
import Testing

@Suite("Generated sentences")
struct SentenceGeneratorTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func build(_ corpus: Corpora.Corpus, order: Int, keepsCounts: Bool = true) throws
    -> String
  {
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = order
    options.memoryBytes = 64 << 20
    options.threads = 1
    options.replace = true
    options.keepCounts = keepsCounts
    try IndexBuilder.build(options, to: folder.path("index"))
    return folder.path("index")
  }

  /// The distribution of the next word at a temperature, by weighing all words.
  private static func distribution(
    _ model: any LanguageModel,
    after state: AnyModelState,
    temperature: Double,
    topK: Int?,
    includesUnknown: Bool
  ) -> [[UInt8]: Double] {
    let words = BruteForce(model: model).words(after: state) {
      includesUnknown || $0 != .unknown
    }
    let kept = words.prefix(topK ?? words.count)
    let weights = kept.map { pow(10, Double($0.score.log10Probability) / temperature) }
    let total = weights.reduce(0, +)
    return Dictionary(
      uniqueKeysWithValues: zip(kept, weights).map {
        (model.lexicon.bytes(of: $0.id) ?? [], $1 / total)
      }
    )
  }

  private static let settings: [(temperature: Double, topK: Int?, includesUnknown: Bool)] = [
    (1, nil, true), (1, nil, false), (0.5, nil, true), (3, nil, true), (0.02, nil, true),
    (1, 4, false), (2, 3, true),
  ]

  @Test(arguments: 0..<7, [true, false])
  func `have words as often as the distribution says`(setting: Int, keepsCounts: Bool) throws {
    let corpus = Corpora.random(seed: 13, sentences: 60, wordTypes: 12)
    let path = try build(corpus, order: 3, keepsCounts: keepsCounts)
    let model = try NGramModel.open(path)
    let (temperature, topK, includesUnknown) = Self.settings[setting]
    for prefix in ["", "w3 w1", "zebra"] {
      let generator = try SentenceGenerator(
        path: path,
        options: GenerationOptions(
          seed: 7,
          temperature: temperature,
          topK: topK,
          prefix: prefix,
          maximumWords: 1,
          includesUnknown: includesUnknown
        )
      )
      var state = model.anyBeginSentenceState
      for word in model.words(of: prefix) {
        _ = model.score(model.id(of: word), advancing: &state)
      }
      let expected = Self.distribution(
        model,
        after: state,
        temperature: temperature,
        topK: topK,
        includesUnknown: includesUnknown
      )
      let draws = 2000
      var counts: [[UInt8]: Int] = [:]
      for number in 0..<UInt64(draws) {
        let sentence = try generator.sentence(number)
        let word = sentence.isEnded ? Array("</s>".utf8) : sentence.words.last ?? []
        counts[word, default: 0] += 1
      }
      #expect(counts.keys.allSatisfy { (expected[$0] ?? 0) > 0 })
      // Pearson's statistic over words expected at least five times, the others as one class.
      var statistic = 0.0
      var classes = 0
      var rare = (seen: Double(draws), expected: Double(draws))
      for (word, share) in expected where share * Double(draws) >= 5 {
        let seen = Double(counts[word] ?? 0)
        let mean = share * Double(draws)
        statistic += (seen - mean) * (seen - mean) / mean
        rare = (rare.seen - seen, rare.expected - mean)
        classes += 1
      }
      if rare.expected >= 5 {
        statistic += (rare.seen - rare.expected) * (rare.seen - rare.expected) / rare.expected
        classes += 1
      }
      // Mean k, variance 2k for k degrees of freedom; exceeded by a right sampler once in some thousand times.
      let freedom = Double(max(classes - 1, 1))
      #expect(
        statistic < freedom + 4.5 * (2 * freedom).squareRoot(),
        "\(prefix), setting \(setting): \(statistic) for \(freedom)"
      )
    }
  }

  @Test func `depend on the seed and their number alone`() throws {
    let path = try build(Corpora.random(seed: 3, sentences: 100), order: 3)
    func sentences(_ seed: UInt64, _ numbers: [UInt64]) throws -> [GeneratedSentence] {
      let generator = try SentenceGenerator(path: path, options: GenerationOptions(seed: seed))
      return try numbers.map { try generator.sentence($0) }
    }
    let some = try sentences(5, Array(0..<20))
    #expect(try sentences(5, Array((0..<20).reversed())) == some.reversed())
    #expect(try sentences(6, Array(0..<20)) != some)
    #expect(Set(some).count > 10)
  }

  @Test func `carry the probability that the model gives them`() throws {
    let path = try build(Corpora.random(seed: 4, sentences: 100), order: 3)
    let model = try NGramModel.open(path)
    let generator = try SentenceGenerator(
      path: path,
      options: GenerationOptions(prefix: "w1 w0", maximumWords: 8)
    )
    for number in 0..<50 as Range<UInt64> {
      let sentence = try generator.sentence(number)
      #expect(sentence.text.hasPrefix("w1 w0"))
      #expect(sentence.words.count <= 10 && (sentence.isEnded || sentence.words.count == 10))
      let scores = model.scoreSentence(sentence.text).words
      let drawn = (sentence.isEnded ? scores : scores.dropLast()).dropFirst(2)
      let sum = drawn.reduce(0) { $0 + Double($1.log10Probability) }
      #expect(abs(sum - sentence.log10Probability) < 1e-9)
    }
  }

  @Test func `of the likeliest word alone are the same for every seed`() throws {
    let path = try build(Corpora.random(seed: 4, sentences: 100), order: 3)
    let next = try NextWords(path: path)
    let sentence = try SentenceGenerator(
      path: path,
      options: GenerationOptions(seed: 9, topK: 1, maximumWords: 5)
    ).sentence(3)
    var context = "<s>"
    for word in sentence.words {
      let likeliest = try next.words(after: context, limit: 1, includesUnknown: true).words[0]
      #expect(likeliest.bytes == word)
      context += " " + likeliest.text
    }
  }

  @Test func `use the published numbers of SplitMix64`() throws {
    // The first outputs of Vigna's splitmix64.c for seed 1234567.
    var generator = SeededGenerator(seed: 1_234_567)
    let published: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
    ]
    #expect((0..<3).map { _ in generator.next() } == published)
    // A model of one word: the n-th draw ends the sentence where the number is at least p(a).
    let path = try build([["a", "a", "a"], ["a"]], order: 1)
    let model = try NGramModel.open(path)
    let generated = try SentenceGenerator(path: path, options: GenerationOptions(seed: 1_234_567))
    let shares = ["<unk>", "</s>", "a"].map {
      pow(10, Double(model.score($0, after: model.nullState).score.log10Probability))
    }
    for number in 0..<100 as Range<UInt64> {
      var seeds = SeededGenerator(seed: 1_234_567 &+ number &* 0x9E37_79B9_7F4A_7C15)
      var numbers = SeededGenerator(seed: seeds.next())
      let sentence = try generated.sentence(number)
      var words: [String] = []
      while true {
        let unit = Double(numbers.next() >> 11) * 0x1p-53 * shares.reduce(0, +)
        if unit < shares[0] {
          words.append("<unk>")
        } else if unit < shares[0] + shares[1] {
          break
        } else {
          words.append("a")
        }
      }
      #expect(sentence.text == words.joined(separator: " "))
    }
  }

  @Test(arguments: [
    GenerationOptions(temperature: 0), GenerationOptions(temperature: .nan),
    GenerationOptions(temperature: .infinity), GenerationOptions(topK: 0),
    GenerationOptions(maximumWords: 0),
  ])
  func `need options that make sense`(options: GenerationOptions) throws {
    let path = try build([["a", "b"]], order: 2)
    #expect(throws: GenerationError.self) { try SentenceGenerator(path: path, options: options) }
  }
}
