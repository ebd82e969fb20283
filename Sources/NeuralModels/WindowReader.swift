import GramdexNeural

/// Reads windows of words with a network, one after the other, for one thread at a time.
final class WindowReader {
  /// The most steps of a window.
  let steps: Int
  /// The number of lanes.
  let lanes: Int
  /// What was read so far, a row a lane.
  let state: NetworkState
  let memory: NetworkMemory
  private let network: WordNetwork
  private let team: Team

  /// Prepares reading.
  ///
  /// - Parameters:
  ///   - network: the network.
  ///   - steps: the most steps of a window.
  ///   - lanes: the number of lanes.
  ///   - isFixed: whether the network stays as it is.
  ///   - team: the threads.
  init(_ network: WordNetwork, steps: Int, lanes: Int, isFixed: Bool, team: Team) {
    self.network = network
    self.steps = steps
    self.lanes = lanes
    self.team = team
    memory = NetworkMemory(network, steps: steps, lanes: lanes, learns: false, isFixed: isFixed)
    state = network.makeState(lanes: lanes)
  }

  /// ln P of the targets of a window, 0 where there is none; the state becomes that after the window.
  func lnProbabilities(_ window: WordWindow) throws -> FloatMatrix {
    try read(window)
    return try network.logProbabilities(window, memory: memory, team: team)
  }

  /// ln P of all words of the network after the last word of a window of one row.
  func lnDistribution(_ window: WordWindow) throws -> FloatMatrix {
    try read(window)
    let result = FloatMatrix(rows: 1, columns: network.vocabularySize)
    try network.distributions(memory: memory, rows: 1, into: result, team: team)
    return result
  }

  private func read(_ window: WordWindow) throws {
    try network.read(window, state: state, memory: memory, number: nil, team: team)
  }
}

/// Words of one lane that are to be scored, with the words before each.
struct LaneRows {
  /// The words before each target, oldest first [rows × h].
  private(set) var inputs: [Int32] = []
  /// The words to score.
  private(set) var targets: [Int32] = []
  /// Before which the state is that before a text.
  private(set) var resets: [Bool] = []
  /// Where their scores go.
  private(set) var places: [Int] = []

  var count: Int { targets.count }

  /// Adds a word, which joins `history`.
  mutating func append(_ target: Int32, to history: inout [Int32], resets: Bool, place: Int) {
    inputs += history
    targets.append(target)
    self.resets.append(resets)
    places.append(place)
    if history.count == 1 {
      history[0] = target
    } else {
      history.removeFirst()
      history.append(target)
    }
  }

  /// Some of the rows, as a window of one lane.
  func window(_ range: Range<Int>, history: Int) -> WordWindow {
    WordWindow(
      history: history,
      inputs: Array(inputs[range.lowerBound * history..<range.upperBound * history]),
      targets: Array(targets[range]),
      resets: resets[range].contains(true) ? Array(resets[range]) : nil,
      steps: range.count
    )
  }

  mutating func removeAll() {
    inputs.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    resets.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
  }

  /// Cuts rows into windows whose lengths are `longest`, half of it, half of that and so on, longest first.
  ///
  /// oneDNN makes code for each length that occurs, which takes longer than a window.
  static func windows(_ rows: Range<Int>, longest: Int) -> [Range<Int>] {
    var windows: [Range<Int>] = []
    var start = rows.lowerBound
    var size = longest
    while start < rows.upperBound {
      while size > rows.upperBound - start { size /= 2 }
      windows.append(start..<start + size)
      start += size
    }
    return windows
  }
}
