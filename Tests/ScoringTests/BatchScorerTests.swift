import GramdexCore
import GramdexIndex
import TestSupport
import Testing

@testable import GramdexScoring

@Suite("Batches")
struct BatchScorerTests {
  // Order 12 has empty tables, and more orders than look-ups that overlap.
  @Test(arguments: ScoreLayout.allCases, [1, 2, 3, 4, 5, 6, 12])
  func `a batch gives exactly what one word after the other gives`(layout: ScoreLayout, order: Int)
    throws
  {
    let model = try MemoryModel.random(order: order, words: 12, layout: layout, seed: UInt64(order))
      .open()
    var generator = SeededGenerator(seed: 5)
    let sentences = (0..<200).map { _ in
      (0..<Int.random(in: 0..<12, using: &generator)).map { _ in
        model.id(of: "w\(Int.random(in: 0..<13, using: &generator))")
      }
    }
    let batch = model.scoreBatch(sentences)
    #expect(batch == sentences.map { model.scoreSentence($0) })
  }

  @Test(arguments: ScoreLayout.allCases, 1...9)
  func `look-ups that overlap give what one after the other gives`(layout: ScoreLayout, order: Int)
    throws
  {
    let model = try MemoryModel.random(order: order, words: 9, layout: layout, seed: UInt64(order))
      .open()
    var generator = SeededGenerator(seed: 8)
    var state = model.nullState
    for step in 0..<3000 {
      let word = model.id(of: "w\(Int.random(in: 0..<10, using: &generator))")
      let (expected, next) = model.scoreLong(word, after: state)
      let (score, after) = model.score(word, after: state)
      #expect(score == expected && after == next, "step \(step)")
      #expect((0..<next.count).allSatisfy { after.backoff($0) == next.backoff($0) })
      #expect(model.score(word, advancing: &state) == expected)
      #expect(state == next)
      if step % 11 == 0 { state = model.beginSentenceState }
    }
  }

  @Test func `a state of a model of a higher order does no harm`() throws {
    let longer = try MemoryModel.random(order: 9, words: 5, seed: 3).open()
    let shorter = try MemoryModel.random(order: 2, words: 5, seed: 3).open()
    var state = longer.nullState
    for word in ["w1", "w2", "w1", "w3"] { _ = longer.score(word, advancing: &state) }
    let score = shorter.score("w4", advancing: &state)
    #expect(score.order <= 2 && state.count <= 1)
  }

  @Test func `a batch can go on where another ended`() throws {
    let model = try MemoryModel.random(order: 5, words: 8, seed: 6).open()
    var generator = SeededGenerator(seed: 7)
    let words = (0..<500).map { _ in model.id(of: "w\(Int.random(in: 0..<8, using: &generator))") }
    let whole = model.scoreBatch(words, after: model.beginSentenceState)
    for cut in [0, 1, 127, 128, 129, 499, 500] {
      let first = model.scoreBatch(Array(words[..<cut]), after: model.beginSentenceState)
      let second = model.scoreBatch(Array(words[cut...]), after: first.state)
      #expect(first.scores + second.scores == whole.scores)
      #expect(second.state == whole.state)
    }
  }

  @Test func `an n-gram that is a context though its suffix is none changes nothing`() throws {
    // "b c" has a backoff of its own and "c" has none: a context of two words, but not of one.
    let entries: [[[String]: NaiveKneserNey.Entry]] = [
      [
        ["<unk>"]: .init(log10Probability: -3, log10Backoff: 0),
        ["<s>"]: .init(log10Probability: -99, log10Backoff: 0),
        ["</s>"]: .init(log10Probability: -1, log10Backoff: 0),
        ["b"]: .init(log10Probability: -1, log10Backoff: -0.5),
        ["c"]: .init(log10Probability: -2, log10Backoff: 0),
      ],
      [["b", "c"]: .init(log10Probability: -0.7, log10Backoff: -0.25)],
      [["b", "c", "c"]: .init(log10Probability: -0.1, log10Backoff: 0)],
    ]
    let model = try MemoryModel(entries).open()
    let words = ["b", "c", "c", "b", "c", "b"].map { model.id(of: $0) }
    var state = model.nullState
    var scores: [WordScore] = []
    for word in words {
      let (score, next) = model.score(word, after: state)
      scores.append(score)
      state = next
    }
    #expect(scores[5].log10Probability == -1.25)
    let batch = model.scoreBatch(words, after: model.nullState)
    #expect(batch.scores == scores)
    #expect(batch.state == state)
  }

  @Test(arguments: ScoreLayout.allCases)
  func `a context without longer n-grams gives its backoff`(layout: ScoreLayout) throws {
    // "b c" has a backoff, but there are no trigrams.
    let entries: [[[String]: NaiveKneserNey.Entry]] = [
      [
        ["<unk>"]: .init(log10Probability: -3, log10Backoff: 0),
        ["<s>"]: .init(log10Probability: -99, log10Backoff: 0),
        ["</s>"]: .init(log10Probability: -1, log10Backoff: 0),
        ["b"]: .init(log10Probability: -1, log10Backoff: -0.5),
        ["c"]: .init(log10Probability: -2, log10Backoff: -0.125),
      ],
      [["b", "c"]: .init(log10Probability: -0.75, log10Backoff: -0.25)],
      [:],
    ]
    let model = try MemoryModel(entries, layout: layout).open()
    let words = ["b", "c", "b", "c"].map { model.id(of: $0) }
    var state = model.nullState
    var scores: [WordScore] = []
    for word in words {
      let (score, next) = model.score(word, after: state)
      scores.append(score)
      state = next
    }
    #expect(scores.map(\.order) == [1, 2, 1, 2])
    #expect(abs(scores[2].log10Probability - (-1 - 0.125 - 0.25)) < 0.001)
    #expect(model.scoreBatch(words, after: model.nullState).scores == scores)
  }

  @Test func `words that the model left out of a larger vocabulary are unknown`() throws {
    let model = try MemoryModel.random(order: 3, words: 5, seed: 8).open()
    let beyond = WordID(rawValue: 4_000_000)
    let score = model.score(beyond, after: model.beginSentenceState).score
    #expect(score.isOOV)
    #expect(score == model.score(.unknown, after: model.beginSentenceState).score)
    #expect(model.scoreBatch([[beyond]])[0].words[0] == score)
  }
}
