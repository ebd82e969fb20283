/// Makes sure that lists are what programs may rely on, and gives hypotheses their ranks.
struct NBestChecker {
  private let missingScore: Double?
  private var places: [String: NBestList.Source] = [:]

  init(missingScore: Double?) {
    self.missingScore = missingScore
  }

  /// A part of a list that was put together.
  struct Part {
    /// Its first hypothesis.
    var start: Int
    /// Where it was read.
    var file: String
  }

  /// Checks the next list, fills in ranks, and scores that are missing if that is wanted; `parts` are those of one that was put together.
  mutating func check(_ list: inout NBestList, parts: [Part] = []) throws {
    if let first = places.updateValue(list.source, forKey: list.utterance) {
      throw NBestError(
        file: list.source.file,
        line: list.source.line,
        .splitUtterance(id: list.utterance, firstFile: first.file, firstLine: first.line)
      )
    }
    try checkRanks(&list, parts)
    try checkScores(&list, parts)
  }

  /// The file of a hypothesis.
  private func file(_ hypothesis: Int, _ list: NBestList, _ parts: [Part]) -> String {
    parts.last { $0.start <= hypothesis }?.file ?? list.source.file
  }

  private func checkRanks(_ list: inout NBestList, _ parts: [Part]) throws {
    if list.hypotheses.allSatisfy({ $0.rank == 0 }) {
      for index in list.hypotheses.indices { list.hypotheses[index].rank = index + 1 }
      return
    }
    var known: [Int: Int] = [:]
    known.reserveCapacity(list.hypotheses.count)
    for (index, hypothesis) in list.hypotheses.enumerated() {
      if hypothesis.rank == 0 {
        throw NBestError(
          file: file(index, list, parts),
          line: hypothesis.line,
          .missingField(name: "rank", alternatives: [])
        )
      }
      if let first = known.updateValue(index, forKey: hypothesis.rank) {
        let ownFile = file(index, list, parts)
        let firstFile = file(first, list, parts)
        throw NBestError(
          file: ownFile,
          line: hypothesis.line,
          .duplicateRank(
            rank: hypothesis.rank,
            utterance: list.utterance,
            firstFile: firstFile == ownFile ? nil : firstFile,
            firstLine: list.hypotheses[first].line
          )
        )
      }
    }
  }

  private func checkScores(_ list: inout NBestList, _ parts: [Part]) throws {
    guard let first = list.hypotheses.first else { return }
    let isEven = list.hypotheses.allSatisfy { hypothesis in
      hypothesis.scores.count == first.scores.count
        && zip(hypothesis.scores, first.scores).allSatisfy { $0.name == $1.name }
    }
    if isEven { return }
    var names: [String] = []
    var known: Set<String> = []
    for hypothesis in list.hypotheses {
      for score in hypothesis.scores where known.insert(score.name).inserted {
        names.append(score.name)
      }
    }
    for index in list.hypotheses.indices {
      try complete(&list.hypotheses[index], names, of: list, file: file(index, list, parts))
    }
  }

  private func complete(
    _ hypothesis: inout Hypothesis,
    _ names: [String],
    of list: NBestList,
    file: String
  ) throws {
    let own = Dictionary(hypothesis.scores.map { ($0.name, $0.value) }) { first, _ in first }
    hypothesis.scores = try names.map { name in
      if let value = own[name] { return Hypothesis.Score(name, value) }
      guard let missingScore else {
        throw NBestError(
          file: file,
          line: hypothesis.line,
          .missingScore(score: name, utterance: list.utterance)
        )
      }
      hypothesis.extras.removeAll { $0.name == name }
      return Hypothesis.Score(name, missingScore)
    }
  }
}
