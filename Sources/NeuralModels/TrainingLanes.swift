package import GramdexStorage

// A text of M tokens is cut into B contiguous lanes. Lane b has the tokens from b · ⌊M / B⌋ + min(b, M mod B) on, and the
// first M mod B lanes have one token more than the others. So every token is the target of exactly one row an epoch, none
// is left out, and the only rows that are missing are the last ones of the last window: those of the shorter lanes in the
// last step. Letters: B lanes, T steps of a window, h words of history.

/// The rows of a few steps of all lanes, in time-major order: row t · B + b is step t of lane b.
///
/// Filled by `TrainingLanes.next`, which uses its memory again; used by one thread at a time.
/// Memory: 4 · h + 9 bytes a row.
package final class TrainingWindow {
  /// How many lanes there are: B.
  package let lanes: Int
  /// How many words before the target each row has: h.
  package let history: Int
  /// Network ids of the words before the target, oldest first, [rows × h]; the last one is the recurrent network's input.
  ///
  /// Before the text, and where sentences are reset before the sentence, too, stands `</s>`.
  package let inputs: RecordBuffer<UInt32>
  /// Network ids of the words to predict, [rows].
  package let targets: RecordBuffer<UInt32>
  /// Index ids of the words to predict, [rows]: they tell apart what is `<unk>` to the network.
  package let words: RecordBuffer<UInt32>
  /// 1 where the target is the first word of its sentence, [rows]: with `--sentence-state reset` the state is cleared before.
  package let startsSentence: RecordBuffer<UInt8>
  /// Steps that are filled; less than T in the last window of an epoch, only.
  package fileprivate(set) var steps = 0
  /// Rows that are filled: steps · B, less in the last window of an epoch, where the last step may lack its last lanes.
  package fileprivate(set) var rows = 0

  fileprivate init(lanes: Int, steps: Int, history: Int) {
    self.lanes = lanes
    self.history = history
    inputs = RecordBuffer(uninitialized: lanes * steps * history)
    targets = RecordBuffer(uninitialized: lanes * steps)
    words = RecordBuffer(uninitialized: lanes * steps)
    startsSentence = RecordBuffer(uninitialized: lanes * steps)
  }
}

/// Reads a text as lanes that are trained side by side, window after window.
///
/// One thread; several readers of the same text do not disturb each other.
/// Memory: 4 · (`bufferWords` + h) bytes a lane.
package final class TrainingLanes {
  /// Lanes: B.
  package let lanes: Int
  /// Steps of a window: T.
  package let steps: Int
  /// Words before the target: h.
  package let history: Int
  /// Whether words before the target's sentence are hidden from the history.
  package let resetsSentences: Bool
  /// Steps in an epoch: the length of the longest lane.
  package let stepCount: UInt64
  /// Steps that were read since the beginning of the epoch; enough to go on from there, see `move(to:)`.
  package private(set) var position: UInt64 = 0

  private let text: ScratchNumbers
  private let shortList: ShortList
  /// Tokens that every lane has, and how many lanes have one more.
  private let (laneLength, longerLanes): (UInt64, Int)
  private let bufferWords: Int
  /// Index ids that were read ahead, `bufferWords` a lane.
  private let buffer: RecordBuffer<UInt32>
  /// The part of each lane's buffer that is still to come.
  private var ahead: [Range<Int>]
  /// Network ids of the last h words of each lane, oldest first.
  private let recent: RecordBuffer<UInt32>

  /// Bytes of memory that lanes and one window need.
  package static func memoryBytes(
    lanes: Int,
    steps: Int,
    history: Int = 1,
    bufferWords: Int = 4096
  ) -> Int {
    lanes * (4 * (bufferWords + history) + MemoryLayout<Range<Int>>.stride)
      + lanes * steps * (4 * history + 9)
  }

  /// Prepares to read a text from its beginning.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - shortList: the network's words.
  ///   - lanes: B, at least 1. Lanes without a token do no harm.
  ///   - steps: T, at least 1.
  ///   - history: h, at least 1: 1 for a recurrent network, n − 1 for a feed-forward one of order n.
  ///   - resetsSentences: whether words of earlier sentences are replaced by `</s>` in a longer history.
  ///   - bufferWords: words that are read at once for each lane, at least 1; the result does not depend on it.
  /// - Throws: `ScratchFileError` when the text cannot be read.
  package init(
    _ text: TrainingText,
    _ shortList: ShortList,
    lanes: Int,
    steps: Int,
    history: Int = 1,
    resetsSentences: Bool = false,
    bufferWords: Int = 4096
  ) throws {
    precondition(lanes >= 1 && steps >= 1 && history >= 1 && bufferWords >= 1)
    self.lanes = lanes
    self.steps = steps
    self.history = history
    self.resetsSentences = resetsSentences
    self.text = text.words
    self.shortList = shortList
    self.bufferWords = bufferWords
    laneLength = text.tokens / UInt64(lanes)
    longerLanes = Int(text.tokens % UInt64(lanes))
    stepCount = laneLength + (longerLanes > 0 ? 1 : 0)
    buffer = RecordBuffer(uninitialized: lanes * bufferWords)
    ahead = Array(repeating: 0..<0, count: lanes)
    recent = RecordBuffer(uninitialized: lanes * history)
    try move(to: 0)
  }

  /// Makes a window for `next`.
  package func makeWindow() -> TrainingWindow {
    TrainingWindow(lanes: lanes, steps: steps, history: history)
  }

  /// Goes to a place that `position` told, of the same text with as many lanes: what follows is what followed there.
  ///
  /// 0 is the beginning of an epoch.
  package func move(to position: UInt64) throws {
    precondition(position <= stepCount, "a position of other lanes")
    self.position = position
    let before = RecordBuffer<UInt32>(uninitialized: history)
    for lane in 0..<lanes {
      ahead[lane] = 0..<0
      let place = start(of: lane) + min(position, length(of: lane))
      let known = Int(min(UInt64(history), place))
      try text.read(
        from: place - UInt64(known),
        count: known,
        into: before,
        at: history - known
      )
      forget(lane)
      for k in history - known..<history { remember(shortList.networkID(of: before[k]), lane) }
    }
  }

  /// Reads the next window; false, and the window has no rows, at the end of the epoch.
  ///
  /// - Throws: `ScratchFileError` when the text cannot be read; then the position is not to be used any more.
  package func next(_ window: TrainingWindow) throws -> Bool {
    precondition(
      window.lanes == lanes && window.history == history && window.targets.count == lanes * steps,
      "a window of other lanes"
    )
    window.steps = Int(min(UInt64(steps), stepCount - position))
    window.rows = 0
    for lane in 0..<lanes {
      let left = length(of: lane) - min(position, length(of: lane))
      let count = Int(min(UInt64(window.steps), left))
      for step in 0..<count {
        let word = try nextWord(lane, step)
        fill(window, row: step * lanes + lane, lane, word)
      }
      window.rows += count
    }
    position += UInt64(window.steps)
    return window.rows > 0
  }

  /// The lane's word `step` steps after the position.
  private func nextWord(_ lane: Int, _ step: Int) throws -> UInt32 {
    if ahead[lane].isEmpty {
      let done = position + UInt64(step)
      let count = Int(min(UInt64(bufferWords), length(of: lane) - done))
      try text.read(
        from: start(of: lane) + done,
        count: count,
        into: buffer,
        at: lane * bufferWords
      )
      ahead[lane] = 0..<count
    }
    let place = ahead[lane].lowerBound
    ahead[lane] = place + 1..<ahead[lane].upperBound
    return buffer[lane * bufferWords + place]
  }

  private func fill(_ window: TrainingWindow, row: Int, _ lane: Int, _ word: UInt32) {
    let first = lane * history
    for k in 0..<history { window.inputs[row * history + k] = recent[first + k] }
    let target = shortList.networkID(of: word)
    window.targets[row] = target
    window.words[row] = word
    let isFirst = recent[first + history - 1] == ShortList.sentenceEnd
    window.startsSentence[row] = isFirst ? 1 : 0
    remember(target, lane)
  }

  /// Makes a word the latest of a lane's history.
  private func remember(_ word: UInt32, _ lane: Int) {
    if resetsSentences && word == ShortList.sentenceEnd {
      forget(lane)
      return
    }
    let last = (lane + 1) * history - 1
    for k in lane * history..<last { recent[k] = recent[k + 1] }
    recent[last] = word
  }

  /// Makes a lane's history that of a text's beginning.
  private func forget(_ lane: Int) {
    for k in lane * history..<(lane + 1) * history { recent[k] = ShortList.sentenceEnd }
  }

  private func start(of lane: Int) -> UInt64 {
    UInt64(lane) * laneLength + UInt64(min(lane, longerLanes))
  }

  private func length(of lane: Int) -> UInt64 {
    laneLength + (lane < longerLanes ? 1 : 0)
  }
}
