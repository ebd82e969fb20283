import Foundation
import GramdexCore
import GramdexText
import TestSupport
import Testing

@testable import GramdexScoring

@Suite("A cache over a model")
struct CacheModelTests {
  private let naive = NaiveKneserNey(
    Corpora.random(seed: 5, sentences: 60, wordTypes: 9),
    options: NaiveKneserNey.Options(order: 3)
  )

  private func base() throws -> NGramModel {
    try MemoryModel(naive.entries).open()
  }

  private func sentences(_ count: Int, seed: UInt64 = 3) -> [[String]] {
    var generator = SeededGenerator(seed: seed)
    let words = naive.events.filter { $0 != "</s>" } + ["zebra", "yak"]
    return (0..<count).map { _ in
      (0..<Int.random(in: 1..<9, using: &generator)).map { _ in
        words.randomElement(using: &generator) ?? ""
      }
    }
  }

  /// The share of a word in a cache: the definition, over words as text.
  ///
  /// Unknown words are `nil`.
  private func share(_ word: String?, _ cache: [String?], order: Int) -> Double {
    let known = cache.compactMap(\.self)
    guard let word else { return 0 }
    let single = Double(known.count { $0 == word }) / Double(known.count)
    guard order == 2, let last = cache.last, let last else { return single }
    let followers = zip(cache, cache.dropFirst()).filter { $0.0 == last }.compactMap(\.1)
    if followers.isEmpty { return single }
    return (single + Double(followers.count { $0 == word }) / Double(followers.count)) / 2
  }

  @Test(arguments: [1, 2], [1, 2, 7, 60])
  func `mixes in the share among the last words`(order: Int, length: Int) throws {
    let options = CacheModel.Options(length: length, weight: 0.2, order: order)
    let model = try CacheModel(base(), options: options)
    let sentences = sentences(60)
    let answers = model.query(Corpora.text(sentences))
    #expect(answers.count == sentences.count)
    var cache: [String?] = []
    for (sentence, answer) in zip(sentences, answers) {
      let words = ["<s>"] + sentence + ["</s>"]
      #expect(answer.words.count == sentence.count + 1)
      for (place, word) in answer.words.enumerated() {
        let text = words[place + 1]
        let known = text != "<unk>" && naive.events.contains(text) ? text : nil
        let log10Base = naive.score(of: text, after: Array(words[...place])).log10Probability
        var expected = pow(10, log10Base)
        if cache.contains(where: { $0 != nil }) {
          expected = 0.8 * expected + 0.2 * share(known, cache, order: order)
        }
        #expect(abs(Double(word.score.log10Probability) - log10(expected)) < 2e-5)
        #expect(word.score.isOOV == (known == nil))
        cache = (cache + [known]).suffix(length)
      }
    }
  }

  @Test(arguments: [1, 2])
  func `one word after the other gives what text gives`(order: Int) throws {
    let model = try CacheModel(base(), options: .init(length: 20, weight: 0.3, order: order))
    let sentences = sentences(40)
    let answers = model.query(Corpora.text(sentences)).map { $0.words.map(\.score) }
    var state = model.nullState
    for (sentence, answer) in zip(sentences, answers) {
      model.beginSentence(advancing: &state)
      let words = sentence.map(model.id(of:)) + [.endOfSentence]
      #expect(words.map { model.score($0, advancing: &state) } == answer)
    }
  }

  @Test(arguments: [1, 2])
  func `probabilities after every context sum to one`(order: Int) throws {
    let model = try CacheModel(base(), options: .init(length: 9, weight: 0.5, order: order))
    var state = model.beginSentenceState
    for word in sentences(30).joined().map(model.id(of:)) {
      let distribution = model.log10Distribution(after: state)
      #expect(abs(distribution.reduce(0) { $0 + pow(10, Double($1)) } - 1) < 1e-5)
      let score = model.score(word, advancing: &state).log10Probability
      #expect(abs(distribution[Int(word.rawValue)] - score) < 1e-5)
    }
  }

  @Test func `blank lines and ends of files begin the cache anew on request`() throws {
    let model = try CacheModel(base(), options: .init(length: 50, weight: 0.5))
    let (first, second) = (Corpora.text(sentences(5)), Corpora.text(sentences(5, seed: 4)))
    let folder = try TemporaryFolder()
    let files = [try folder.write("1.txt", first), try folder.write("2.txt", second)]
    let alone =
      model.perplexity(of: first).log10Probability
      + model.perplexity(of: second).log10Probability
    var options = PerplexityOptions()
    let text = first + "\n" + second
    #expect(abs(model.perplexity(of: text).log10Probability - alone) > 0.1)
    options.endsDocuments = true
    #expect(abs(model.perplexity(of: text, options: options).log10Probability - alone) < 1e-6)
    let inputs = try TextInputs(InputOptions(paths: files))
    let report = try model.perplexity(of: inputs, options: options, threads: 2)
    #expect(abs(report.log10Probability - alone) < 1e-6)
    let joined = try model.perplexity(of: inputs, threads: 2)
    #expect(abs(joined.log10Probability - model.perplexity(of: text).log10Probability) < 1e-6)
  }

  @Test func `a history is remembered, with words that the model does not know`() throws {
    var history = WordHistory(capacity: 6)
    history.append("w1 zebra\n\nw2 w1 <s> zebra\n")
    #expect(
      history.words.map { String(decoding: $0, as: UTF8.self) }
        == ["zebra", "</s>", "w2", "w1", "zebra", "</s>"]
    )
    let model = try CacheModel(base(), options: .init(length: 6, weight: 0.5), history: history)
    let zebra = model.id(of: "zebra")
    let score = model.score(zebra, after: model.beginSentenceState).score
    let unknown = naive.score(of: "zebra", after: ["<s>"]).log10Probability
    #expect(!score.isOOV && model.lexicon.word(zebra) == "zebra")
    #expect(
      abs(pow(10, Double(score.log10Probability)) - (0.5 * pow(10, unknown) + 0.5 / 3)) < 1e-6
    )
    #expect(model.score(model.id(of: "yak"), after: model.beginSentenceState).score.isOOV)
  }

  @Test func `a saved history is read again`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("history")
    var history = WordHistory(capacity: 100)
    history.append("the cat  sat\n中文 ok")
    try history.save(to: path)
    #expect(try WordHistory(contentsOf: path, capacity: 100) == history)
    let latest = try WordHistory(contentsOf: path, capacity: 2).words
    #expect(latest == [Array("ok".utf8), Array("</s>".utf8)])
    #expect(throws: (any Error).self) {
      try WordHistory(contentsOf: folder.path("none"), capacity: 2)
    }
  }

  @Test func `impossible options are refused`() throws {
    let base = try base()
    #expect(throws: OverlayError.cacheLength(0)) { try CacheModel(base, options: .init(length: 0)) }
    #expect(throws: OverlayError.cacheWeight(1.5)) {
      try CacheModel(base, options: .init(weight: 1.5))
    }
    #expect(throws: OverlayError.cacheOrder(3)) { try CacheModel(base, options: .init(order: 3)) }
  }
}
