extension Lattice {
  /// The best word sequences, each once, with the summed scores of its best path; fewer when the lattice has fewer.
  ///
  /// Sequences of words are searched best first, each with the best score that can follow it, so that no more prefixes are
  /// looked at than those of the sequences that come out. Labels that are passed over (see `LatticeWords`) are no words. Equal totals come
  /// in the order in which they are found, which depends on the lattice alone.
  ///
  /// - Parameters:
  ///   - count: how many sequences.
  ///   - weights: what scores count; those that the lattice itself names by default.
  /// - Returns: a list in the order of totals, with the lattice's scores.
  /// - Throws: `NBestError` when the lattice has a cycle or no path.
  public func nBest(_ count: Int, weights: LatticeWeights? = nil) throws -> NBestList {
    let weighted = try WeightedLattice(self, weights ?? LatticeWeights(of: self))
    var search = PrefixSearch(weighted)
    var hypotheses: [Hypothesis] = []
    while hypotheses.count < count, let found = search.next() {
      hypotheses.append(
        Hypothesis(
          rank: hypotheses.count + 1,
          text: found.words.map { weighted.words[$0] }.joined(separator: " "),
          scores: zip(scoreNames, found.scores).map { Hypothesis.Score($0, $1) },
          line: source.line
        )
      )
    }
    return NBestList(utterance: utterance, hypotheses: hypotheses, source: source)
  }
}

/// Searches the word sequences of a lattice, the best first.
///
/// A prefix of words is kept with all nodes that it can lead to and the best path to each. Its priority is the best total of any
/// complete sequence that begins with it: exact, since the best score from every node on is known.
private struct PrefixSearch {
  /// A path to a node: the last arc, and the path before it.
  private struct Step {
    var node: Int
    var score: Double
    var arc: Int
    var before: Int
  }

  /// A prefix, or, with no steps, a complete sequence.
  private struct Prefix {
    var words: Int
    var priority: Double
    var steps: Range<Int>
    /// The step at which the sequence ends; −1 for a prefix.
    var end: Int
    var number: Int
  }

  private let weighted: WeightedLattice
  private var steps: [Step] = []
  /// The last word of each sequence, and the sequence before it.
  private var sequences: [(word: Int, before: Int)] = []
  private var queue: PriorityQueue<Prefix>
  private var made = 0
  /// The best path to each place that has not been looked at: of one prefix at a time.
  private var pending: [Step?]
  private var open = PriorityQueue<Int>(<)

  init(_ weighted: WeightedLattice) {
    self.weighted = weighted
    queue = PriorityQueue {
      $0.priority == $1.priority ? $0.number < $1.number : $0.priority > $1.priority
    }
    pending = Array(repeating: nil, count: weighted.order.nodes.count)
    sequences.append((-1, -1))
    let first = Step(node: weighted.lattice.start, score: 0, arc: -1, before: -1)
    add([first], words: 0)
  }

  /// The next best sequence: its words, and its path's summed scores.
  mutating func next() -> (words: [Int], scores: [Double])? {
    while let prefix = queue.pop() {
      if prefix.end >= 0 { return (words(prefix.words), scores(prefix.end)) }
      expand(prefix)
    }
    return nil
  }

  /// Adds each word that can follow a prefix.
  private mutating func expand(_ prefix: Prefix) {
    var following: [(word: Int, step: Step)] = []
    for index in prefix.steps {
      let step = steps[index]
      for arc in weighted.order.leaving[step.node] where weighted.arcWords[arc] >= 0 {
        let next = Step(
          node: weighted.lattice.arcs[arc].target,
          score: step.score + weighted.arcScores[arc],
          arc: arc,
          before: index
        )
        following.append((weighted.arcWords[arc], next))
      }
    }
    following.sort {
      ($0.word, $0.step.before, $0.step.arc) < ($1.word, $1.step.before, $1.step.arc)
    }
    var start = 0
    while start < following.count {
      let word = following[start].word
      let end = following[start...].firstIndex { $0.word != word } ?? following.count
      sequences.append((word, prefix.words))
      add(following[start..<end].lazy.map(\.step), words: sequences.count - 1)
      start = end
    }
  }

  /// Adds a prefix that leads to these nodes, and to those that follow without a word; and the sequence that ends with it.
  private mutating func add(_ entries: some Sequence<Step>, words: Int) {
    let begin = steps.count
    for entry in entries { offer(entry) }
    while let place = open.pop() {
      guard let step = pending[place] else { continue }
      pending[place] = nil
      let index = steps.count
      steps.append(step)
      for arc in weighted.order.leaving[step.node] where weighted.arcWords[arc] < 0 {
        offer(
          Step(
            node: weighted.lattice.arcs[arc].target,
            score: step.score + weighted.arcScores[arc],
            arc: arc,
            before: index
          )
        )
      }
    }
    push(words, begin..<steps.count)
  }

  /// Keeps a path to a node if it is the best one of this prefix so far.
  private mutating func offer(_ step: Step) {
    let place = weighted.order.places[step.node]
    guard let known = pending[place] else {
      pending[place] = step
      return open.push(place)
    }
    if step.score > known.score { pending[place] = step }
  }

  private mutating func push(_ words: Int, _ range: Range<Int>) {
    var ending: (score: Double, step: Int)?
    var priority = -Double.infinity
    for index in range {
      let step = steps[index]
      if let end = weighted.endScores[step.node], step.score + end > ending?.score ?? -.infinity {
        ending = (step.score + end, index)
      }
      for arc in weighted.order.leaving[step.node] where weighted.arcWords[arc] >= 0 {
        let target = weighted.lattice.arcs[arc].target
        priority = max(priority, step.score + weighted.arcScores[arc] + weighted.ahead[target])
      }
    }
    if let ending {
      made += 1
      queue.push(
        Prefix(
          words: words,
          priority: ending.score,
          steps: 0..<0,
          end: ending.step,
          number: made
        )
      )
    }
    if priority > -.infinity {
      made += 1
      queue.push(Prefix(words: words, priority: priority, steps: range, end: -1, number: made))
    }
  }

  private func words(_ sequence: Int) -> [Int] {
    var words: [Int] = []
    var sequence = sequence
    while sequence > 0 {
      words.append(sequences[sequence].word)
      sequence = sequences[sequence].before
    }
    return words.reversed()
  }

  private func scores(_ last: Int) -> [Double] {
    let lattice = weighted.lattice
    var arcs: [Int] = []
    var step = last
    while step >= 0 {
      if steps[step].arc >= 0 { arcs.append(steps[step].arc) }
      step = steps[step].before
    }
    let end = weighted.endIndices[steps[last].node]
    return lattice.scoreNames.indices.map { score in
      arcs.reversed().reduce(0) { $0 + lattice.arcs[$1].scores[score] }
        + lattice.ends[end].scores[score]
    }
  }
}
