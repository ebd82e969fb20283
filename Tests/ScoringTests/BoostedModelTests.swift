import Foundation
import GramdexCore
import TestSupport
import Testing

@testable import GramdexScoring

@Suite("Boosted phrases")
struct BoostedModelTests {
  private let naive = NaiveKneserNey(
    Corpora.random(seed: 6, sentences: 60, wordTypes: 5),
    options: NaiveKneserNey.Options(order: 3)
  )

  private func base() throws -> NGramModel {
    try MemoryModel(naive.entries).open()
  }

  /// Random phrases that overlap, contain each other and occur twice, some with negative weights.
  private func phrases(seed: UInt64) -> [PhraseList.Phrase] {
    var generator = SeededGenerator(seed: seed)
    let words = naive.events.filter { $0 != "</s>" && $0 != "<unk>" } + ["zebra"]
    return (0..<12).map { _ in
      let phrase = (0..<Int.random(in: 1..<5, using: &generator)).map { _ in
        words.randomElement(using: &generator) ?? ""
      }
      return PhraseList.Phrase(
        phrase.joined(separator: " "),
        log10Weight: Double.random(in: -1...2, using: &generator)
      )
    }
  }

  private func sentences(_ count: Int, seed: UInt64 = 3) -> [[String]] {
    var generator = SeededGenerator(seed: seed)
    let words = naive.events.filter { $0 != "</s>" } + ["zebra", "yak"]
    return (0..<count).map { _ in
      (0..<Int.random(in: 0..<12, using: &generator)).map { _ in
        words.randomElement(using: &generator) ?? ""
      }
    }
  }

  /// What all phrases bring to `words` so far: each occurrence, and the best share of one that may still come.
  private func bonus(_ phrases: [PhraseList.Phrase], _ words: [String], isEnded: Bool) -> Double {
    var sum = 0.0
    var credit = 0.0
    for phrase in phrases {
      let parts = phrase.text.split(separator: " ").map(String.init)
      for end in parts.count..<max(words.count + 1, parts.count)
      where Array(words[end - parts.count..<end]) == parts {
        sum += phrase.log10Weight
      }
      for length in 1..<max(parts.count, 1)
      where length <= words.count && Array(words.suffix(length)) == Array(parts.prefix(length)) {
        credit = max(credit, phrase.log10Weight * Double(length) / Double(parts.count))
      }
    }
    return isEnded ? sum : sum + credit
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `bring their weight where they occur, and a share while they are said`(seed: UInt64) throws {
    let phrases = phrases(seed: seed)
    let model = try BoostedModel(base(), phrases: PhraseList(phrases))
    for sentence in sentences(60) {
      let scores = model.scoreSentence(sentence.map(model.id(of:))).words
      var sum = 0.0
      for (place, score) in scores.enumerated() {
        let words = ["<s>"] + sentence + ["</s>"]
        sum +=
          Double(score.log10Probability)
          - naive.score(of: words[place + 1], after: Array(words[...place])).log10Probability
        let said = Array(sentence.prefix(place + 1))
        let expected = bonus(phrases, said, isEnded: place == sentence.count)
        #expect(abs(sum - expected) < 1e-4, "\(said)")
      }
    }
    #expect(!model.givesProbabilities)
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `normalized, are probabilities in proportion to the scores`(seed: UInt64) throws {
    let phrases = PhraseList(phrases(seed: seed))
    let scores = try BoostedModel(base(), phrases: phrases)
    let model = try BoostedModel(base(), phrases: phrases, isNormalized: true)
    #expect(model.givesProbabilities)
    for sentence in sentences(20) {
      var state = model.beginSentenceState
      for word in sentence.map(model.id(of:)) {
        let plain = scores.log10Distribution(after: state).map { pow(10, Double($0)) }
        let total = plain.reduce(0, +)
        let distribution = model.log10Distribution(after: state).map { pow(10, Double($0)) }
        #expect(abs(distribution.reduce(0, +) - 1) < 1e-4)
        for (ours, score) in zip(distribution, plain) { #expect(abs(ours - score / total) < 1e-5) }
        let one = pow(10, Double(scores.score(word, after: state).score.log10Probability))
        #expect(abs(plain[Int(word.rawValue)] - one) < 1e-5)
        let score = model.score(word, advancing: &state).log10Probability
        #expect(abs(distribution[Int(word.rawValue)] - pow(10, Double(score))) < 1e-5)
      }
    }
  }

  @Test(arguments: [false, true])
  func `text gives what one word after the other gives`(isNormalized: Bool) throws {
    let model = try BoostedModel(
      base(),
      phrases: PhraseList(phrases(seed: 2)),
      isNormalized: isNormalized
    )
    let sentences = sentences(50)
    let answers = model.query(Corpora.text(sentences)).map {
      SentenceScore(words: $0.words.map(\.score))
    }
    let expected = sentences.map { model.scoreSentence($0.map(model.id(of:))) }
    for (ours, theirs) in zip(answers, expected) {
      #expect(ours.oovCount == theirs.oovCount)
      for (left, right) in zip(ours.words, theirs.words) {
        #expect(abs(left.log10Probability - right.log10Probability) < 1e-5)
      }
    }
  }

  @Test func `a state remembers how far a phrase has come, and nothing else`() throws {
    let base = try base()
    let phrases = PhraseList([.init("w1 w2 w3", log10Weight: 1)])
    let model = try BoostedModel(base, phrases: phrases)
    func state(_ words: [String]) -> BoostedModel.ModelState {
      words.reduce(model.nullState) { model.score(model.id(of: $1), after: $0).state }
    }
    #expect(state(["w1", "w2"]) != state(["w4", "w2"]))
    let (left, right) = (state(["w1", "w2", "yak"]), state(["w4", "w2", "yak"]))
    let areEqual =
      model.score(.unknown, after: left).score == model.score(.unknown, after: right).score
    #expect(areEqual && left.node == right.node)
    var ended = state(["w1", "w2"])
    model.beginSentence(advancing: &ended)
    #expect(ended == model.beginSentenceState)
  }

  @Test func `a list is read with its weights`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("list", "new york\r\n\n  Holmes \t2.5\nbad word\t-1e0\r\n中文\n")
    let expected = [
      PhraseList.Phrase("new york", log10Weight: 0.5), .init("Holmes", log10Weight: 2.5),
      .init("bad word", log10Weight: -1), .init("中文", log10Weight: 0.5),
    ]
    #expect(try PhraseList(contentsOf: path, defaultWeight: 0.5).phrases == expected)
    for weight in ["x", "", "nan", "1e9"] {
      let bad = try folder.write("bad", "a\nb\t\(weight)\n")
      #expect(throws: OverlayError.phraseWeight(path: bad, line: 2, text: weight)) {
        try PhraseList(contentsOf: bad)
      }
    }
    #expect(throws: OverlayError.self) { try PhraseList(contentsOf: path, defaultWeight: .nan) }
    let base = try base()
    for text in ["<s>", "a <unk>"] {
      #expect(throws: OverlayError.emptyPhrase(text)) {
        try BoostedModel(base, phrases: PhraseList([.init(text, log10Weight: 1)]))
      }
    }
  }
}
