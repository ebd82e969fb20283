import Foundation
import GramdexCore
import GramdexNeuralModels
import GramdexScoring
import GramdexStorage
import GramdexText
import TestSupport
import Testing

@Suite("Training lanes")
struct TrainingLanesTests {
  private let folder: TemporaryFolder
  private let lexicon = Lexicon(words: ["a", "b", "c", "d"].map { Array($0.utf8) })

  init() throws {
    folder = try TemporaryFolder()
  }

  /// What a window says of one row.
  private struct Row: Hashable {
    var inputs: [UInt32]
    var target: UInt32
    var word: UInt32
    var startsSentence: Bool
  }

  private func text(_ lines: String) throws -> TrainingText {
    try TrainingText.read(
      TextInputs(InputOptions(paths: [try folder.write("text", lines)])),
      tokenizer: TokenizerOptions(),
      lexicon: lexicon,
      folder: folder.url.path
    )
  }

  private func random(words: Int, seed: UInt64) throws -> TrainingText {
    var generator = SeededGenerator(seed: seed)
    let tokens = (0..<words).map { _ in
      ["a", "a", "a", "b", "b", "c", "x", "\n"].randomElement(using: &generator) ?? ""
    }
    return try text(tokens.joined(separator: " ") + " a\n")
  }

  /// All rows, lane after lane, from whole arrays.
  private func naive(
    _ text: TrainingText,
    _ list: ShortList,
    lanes: Int,
    history: Int,
    resets: Bool
  ) throws -> [[Row]] {
    let count = Int(text.tokens)
    let buffer = RecordBuffer<UInt32>(uninitialized: count)
    try text.words.read(from: 0, count: count, into: buffer, at: 0)
    let words = (0..<count).map { buffer[$0] }
    let rows = words.indices.map { place in
      var inputs: [UInt32] = []
      var isHidden = false
      for distance in 1...history {
        if distance > place { isHidden = true }
        let input = isHidden ? 1 : list.networkID(of: words[place - distance])
        if resets && input == 1 { isHidden = true }
        inputs.insert(input, at: 0)
      }
      return Row(
        inputs: inputs,
        target: list.networkID(of: words[place]),
        word: words[place],
        startsSentence: place == 0 || words[place - 1] == 2
      )
    }
    var cut: [[Row]] = []
    var start = 0
    for lane in 0..<lanes {
      let length = count / lanes + (lane < count % lanes ? 1 : 0)
      cut.append(Array(rows[start..<start + length]))
      start += length
    }
    #expect(start == count)
    return cut
  }

  /// The rows of all windows that follow, lane after lane; windows must be full up to the last step.
  private func read(_ source: TrainingLanes) throws -> [[Row]] {
    var rows: [[Row]] = Array(repeating: [], count: source.lanes)
    let window = source.makeWindow()
    while try source.next(window) {
      if source.position < source.stepCount {
        #expect(window.steps == source.steps && window.rows == window.steps * source.lanes)
      }
      #expect(window.rows > (window.steps - 1) * source.lanes)
      #expect(window.rows <= window.steps * source.lanes)
      for row in 0..<window.rows {
        let inputs = (0..<source.history).map { window.inputs[row * source.history + $0] }
        rows[row % source.lanes].append(
          Row(
            inputs: inputs,
            target: window.targets[row],
            word: window.words[row],
            startsSentence: window.startsSentence[row] == 1
          )
        )
      }
    }
    #expect(window.rows == 0 && window.steps == 0)
    #expect(source.position == source.stepCount)
    return rows
  }

  @Test(arguments: [1, 2, 3, 7, 20])
  func `windows hold every token once, whatever the buffers`(lanes: Int) throws {
    for (words, seed) in [(0, 1), (1, 2), (5, 3), (19, 4), (20, 5), (400, 6)] as [(Int, UInt64)] {
      let text = try random(words: words, seed: seed)
      let list = ShortList(of: text, limit: 4)
      for (steps, buffer) in [(1, 1), (4, 3), (5, 100), (1000, 7)] {
        for (history, resets) in [(1, false), (1, true), (3, false), (3, true)] {
          let expected = try naive(text, list, lanes: lanes, history: history, resets: resets)
          let source = try TrainingLanes(
            text,
            list,
            lanes: lanes,
            steps: steps,
            history: history,
            resetsSentences: resets,
            bufferWords: buffer
          )
          #expect(try read(source) == expected, "\(words) words, \(steps), \(buffer), \(history)")
        }
      }
    }
  }

  @Test func `a position goes on where it was told`() throws {
    let text = try random(words: 300, seed: 8)
    let list = ShortList(of: text, limit: 4)
    for resets in [false, true] {
      func lanes() throws -> TrainingLanes {
        try TrainingLanes(
          text,
          list,
          lanes: 7,
          steps: 5,
          history: 4,
          resetsSentences: resets,
          bufferWords: 9
        )
      }
      let whole = try read(lanes())
      let first = try lanes()
      let window = first.makeWindow()
      while try first.next(window) {
        let position = first.position
        let resumed = try lanes()
        try resumed.move(to: position)
        let rest = whole.map { Array($0.dropFirst(Int(position))) }
        #expect(try read(resumed) == rest, "from step \(position)")
        // Going back to the beginning is a new epoch.
        try resumed.move(to: 0)
        #expect(try read(resumed) == whole)
      }
    }
  }

  @Test func `lanes are contiguous and time-major`() throws {
    // The lanes: a b </s>, c d </s>, a </s>.
    let text = try text("a b\nc d\na\n")
    let list = ShortList(of: text)
    let ids = (0...6).map { list.networkID(of: $0) }
    let (a, b, c, d) = (ids[3], ids[4], ids[5], ids[6])
    let source = try TrainingLanes(text, list, lanes: 3, steps: 2)
    #expect(source.stepCount == 3)
    let window = source.makeWindow()
    #expect(try source.next(window))
    #expect((0..<6).map { window.inputs[$0] } == [1, 1, 1, a, c, a])
    #expect((0..<6).map { window.targets[$0] } == [a, c, a, b, d, 1])
    #expect((0..<6).map { window.startsSentence[$0] } == [1, 1, 1, 0, 0, 0])
    #expect(try source.next(window))
    #expect(window.steps == 1 && window.rows == 2)
    #expect((0..<2).map { window.inputs[$0] } == [b, d])
    #expect((0..<2).map { window.targets[$0] } == [1, 1])
    #expect(try !source.next(window))
  }
}
