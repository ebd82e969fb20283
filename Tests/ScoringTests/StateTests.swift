import GramdexCore
import GramdexIndex
import GramdexScoring
import TestSupport
import Testing

@Suite("States")
struct StateTests {
  @Test func `a state keeps only words that can still matter`() throws {
    let model = try MemoryModel.random(order: 4, words: 6, seed: 1)
    let opened = try model.open()
    let contexts = Set(model.entries.dropFirst().flatMap { $0.keys.map { Array($0.dropLast()) } })
    var state = opened.beginSentenceState
    var generator = SeededGenerator(seed: 2)
    var history = ["<s>"]
    for _ in 0..<2000 {
      let word = "w\(Int.random(in: 0..<7, using: &generator))"
      state = opened.score(word, after: state).state
      // w6 is unknown to the model.
      history.append(word == "w6" ? "<unk>" : word)
      let longest = (0...min(3, history.count)).last { length in
        length == 0 || contexts.contains(Array(history.suffix(length)))
      }
      #expect(state.count == longest)
      #expect(
        state.words.map { opened.vocabulary.word($0) } == history.suffix(state.count).reversed()
      )
    }
  }

  @Test func `equal states give equal futures`() throws {
    let model = try MemoryModel.random(order: 3, words: 5, seed: 3).open()
    var generator = SeededGenerator(seed: 4)
    var seen: [State: [WordScore]] = [:]
    for _ in 0..<300 {
      var state = model.beginSentenceState
      for _ in 0..<Int.random(in: 0..<5, using: &generator) {
        state = model.score("w\(Int.random(in: 0..<5, using: &generator))", after: state).state
      }
      let future = (0..<5).map { model.score("w\($0)", after: state).score }
      if let other = seen[state] { #expect(other == future) }
      seen[state] = future
    }
    #expect(seen.count > 5)
    let sorted = seen.keys.sorted()
    #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func `a model answers several threads at once as it answers one`() async throws {
    let model = try MemoryModel.random(order: 4, words: 6, seed: 7).open()
    @Sendable func walk(seed: UInt64) -> [WordScore] {
      var generator = SeededGenerator(seed: seed)
      var state = model.beginSentenceState
      return (0..<2000).map { _ in
        let answer = model.score("w\(Int.random(in: 0..<7, using: &generator))", after: state)
        state = answer.state
        return answer.score
      }
    }
    let expected = (0..<4).map { walk(seed: $0) }
    await withTaskGroup(of: (UInt64, [WordScore]).self) { group in
      for seed: UInt64 in 0..<4 { group.addTask { (seed, walk(seed: seed)) } }
      for await (seed, scores) in group { #expect(scores == expected[Int(seed)]) }
    }
  }

  @Test(arguments: [1, 2, 9, 10, 14])
  func `models of any order are scored`(order: Int) throws {
    let entries = [
      [["<unk>"], ["<s>"], ["</s>"], ["a"]]
    ]
    var model = [[[String]: NaiveKneserNey.Entry]](repeating: [:], count: order)
    for ngram in entries[0] { model[0][ngram] = .init(log10Probability: -2, log10Backoff: 0) }
    for length in 2..<max(order + 1, 2) {
      let ngram = [String](repeating: "a", count: length)
      model[length - 1][ngram] = .init(log10Probability: -1 / Double(length), log10Backoff: 0)
    }
    let opened = try MemoryModel(model).open()
    var state = opened.nullState
    for position in 1...order + 3 {
      let (score, next) = opened.score("a", after: state)
      #expect(score.order == min(position, order))
      #expect(next.count == min(position, order - 1))
      state = next
    }
    let batch = opened.scoreBatch(
      Array(repeating: opened.id(of: "a"), count: order + 3),
      after: State()
    )
    #expect(batch.state == state)
    #expect(batch.scores.map(\.order) == (1...order + 3).map { min($0, order) })
  }
}
