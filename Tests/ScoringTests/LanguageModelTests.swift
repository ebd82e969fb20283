import GramdexCore
import GramdexScoring
import TestSupport
import Testing

/// An n-gram model behind the protocol's defaults alone.
private struct Wrapped: LanguageModel {
  let model: NGramModel

  var lexicon: Lexicon { model.lexicon }
  var tokenizer: TokenizerOptions { model.tokenizer }
  var maximumOrder: Int? { model.maximumOrder }
  var log10UnknownProbability: Float { model.log10UnknownProbability }
  var nullState: State { model.nullState }
  var beginSentenceState: State { model.beginSentenceState }

  func score(_ word: WordID, advancing state: inout State) -> WordScore {
    model.score(word, advancing: &state)
  }
}

@Suite("Language models behind their protocol")
struct LanguageModelTests {
  private let model: NGramModel
  private let text = "w1 w2 w3\n\nw9 zebra w1 <s> w4\nw2\n"

  init() throws {
    model = try MemoryModel.random(order: 3, words: 9, seed: 4).open()
  }

  @Test func `the defaults of the protocol give what the n-gram model gives`() {
    let wrapped = Wrapped(model: model)
    #expect(wrapped.query(text) == model.query(text))
    #expect(wrapped.perplexity(of: text) == model.perplexity(of: text))
    let sentences = [["w1", "w2"], [], ["w3", "zebra", "w1"]].map { $0.map(model.id(of:)) }
    #expect(wrapped.scoreBatch(sentences) == model.scoreBatch(sentences))
    let words = sentences.flatMap(\.self)
    let ours = wrapped.scoreBatch(words, after: wrapped.nullState)
    let theirs = model.scoreBatch(words, after: model.nullState)
    #expect(ours == theirs)
  }

  @Test func `a boxed state goes through the same values as the state`() {
    let erased: any LanguageModel = model
    var box = erased.anyBeginSentenceState
    var state = model.beginSentenceState
    var earlier: [(AnyModelState, State)] = [(box, state)]
    for word in ["w1", "w2", "zebra", "w1", "w2", "w3"].map(model.id(of:)) {
      #expect(erased.score(word, advancing: &box) == model.score(word, advancing: &state))
      for (otherBox, other) in earlier {
        #expect((otherBox == box) == (other == state))
        #expect((otherBox < box) == (other < state))
        if otherBox == box { #expect(otherBox.hashValue == box.hashValue) }
      }
      earlier.append((box, state))
    }
    erased.beginSentence(advancing: &box)
    #expect(box == erased.anyBeginSentenceState)
    #expect(box != AnyModelState(7))
  }

  @Test(arguments: ScoreLayout.allCases, [1, 2, 3, 5, 12])
  func `a distribution has the score of every word and none of the sentence's beginning`(
    layout: ScoreLayout,
    order: Int
  ) throws {
    let memory = try MemoryModel.random(order: order, words: 300, layout: layout, seed: 7)
    let model = try memory.open()
    var generator = SeededGenerator(seed: 11)
    var state = model.beginSentenceState
    for _ in 0..<40 {
      let distribution = model.log10Distribution(after: state)
      #expect(distribution == Wrapped(model: model).log10Distribution(after: state))
      #expect(distribution.count == model.lexicon.count && distribution[1] == -.infinity)
      _ = model.score(
        model.id(of: "w\(Int.random(in: 0..<301, using: &generator))"),
        advancing: &state
      )
    }
  }

  @Test func `a lexicon knows its words and no others`() {
    let lexicon = model.lexicon
    for id in 0..<UInt32(lexicon.count) {
      let id = WordID(rawValue: id)
      #expect(lexicon.word(id).map(lexicon.id(of:)) == id && lexicon.known(id) == id)
    }
    let beyond = WordID(rawValue: UInt32(lexicon.count))
    #expect(lexicon.word(beyond) == nil && lexicon.known(beyond) == .unknown)
    #expect(lexicon.id(of: "zebra") == .unknown)
  }
}
