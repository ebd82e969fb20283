/// Makes sure that lists are what programs may rely on, and gives hypotheses their ranks.
struct NBestChecker {
  private let missingScore: Double?
  private var places: [String: NBestList.Source] = [:]

  init(missingScore: Double?) {
    self.missingScore = missingScore
  }

  /// Checks the next list, fills in ranks, and scores that are missing if that is wanted.
  mutating func check(_ list: inout NBestList) throws {
    if let first = places.updateValue(list.source, forKey: list.utterance) {
      throw NBestError(
        file: list.source.file,
        line: list.source.line,
        .splitUtterance(id: list.utterance, firstFile: first.file, firstLine: first.line)
      )
    }
    try checkRanks(&list)
    try checkScores(&list)
  }

  private func checkRanks(_ list: inout NBestList) throws {
    if list.hypotheses.allSatisfy({ $0.rank == 0 }) {
      for index in list.hypotheses.indices { list.hypotheses[index].rank = index + 1 }
      return
    }
    var lines: [Int: Int] = [:]
    lines.reserveCapacity(list.hypotheses.count)
    for hypothesis in list.hypotheses {
      let place = (list.source.file, hypothesis.line)
      if hypothesis.rank == 0 {
        throw NBestError(
          file: place.0,
          line: place.1,
          .missingField(name: "rank", alternatives: [])
        )
      }
      if let first = lines.updateValue(hypothesis.line, forKey: hypothesis.rank) {
        throw NBestError(
          file: place.0,
          line: place.1,
          .duplicateRank(rank: hypothesis.rank, utterance: list.utterance, firstLine: first)
        )
      }
    }
  }

  private func checkScores(_ list: inout NBestList) throws {
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
      try complete(&list.hypotheses[index], names, of: list)
    }
  }

  private func complete(
    _ hypothesis: inout Hypothesis,
    _ names: [String],
    of list: NBestList
  ) throws {
    let own = Dictionary(hypothesis.scores.map { ($0.name, $0.value) }) { first, _ in first }
    hypothesis.scores = try names.map { name in
      if let value = own[name] { return Hypothesis.Score(name, value) }
      guard let missingScore else {
        throw NBestError(
          file: list.source.file,
          line: hypothesis.line,
          .missingScore(score: name, utterance: list.utterance)
        )
      }
      hypothesis.extras.removeAll { $0.name == name }
      return Hypothesis.Score(name, missingScore)
    }
  }
}
