import GramdexStorage

/// Writes Kaldi's n-best archives into a folder: `words_text`, `acwt`, and `lmwt.NAME` for the other scores, all as costs.
///
/// The first list says which files there are. A folder that holds scores of other names, or packed ones, is refused: the reader would take them
/// for scores of these lists. Scores are negated; those in log10 become −ln. Each file gets its name when it is
/// complete.
struct KaldiFolder {
  private(set) var losses = WritingLosses(.kaldi)
  private let folder: String
  private let log10Scores: [String]
  private var words: OutputFile
  private var costs: [(name: String, isLog10: Bool, file: OutputFile)]?

  init(_ folder: String, log10Scores: [String]) throws {
    self.folder = folder
    self.log10Scores = log10Scores
    try Files.makeFolder(folder)
    words = try OutputFile(path: folder + "/" + KaldiFiles.words)
  }

  /// Appends a list to every file.
  mutating func append(_ list: NBestList) throws {
    try list.requireHypotheses(.kaldi)
    try list.requireWordID(.kaldi)
    let costs = try self.costs ?? begin(list)
    self.costs = costs
    losses.note(list, scores: costs.map(\.name))
    for hypothesis in list.hypotheses {
      let key = Array("\(list.utterance)-\(hypothesis.rank) ".utf8)
      words.buffer += key
      words.buffer += hypothesis.text.utf8
      words.buffer.append(0x0A)
      for (name, isLog10, file) in costs {
        guard let score = hypothesis.scores.first(where: { $0.name == name }) else {
          throw list.unwritable(.kaldi, "has no score \(name), which lists before it have")
        }
        let cost = score.value == 0 ? 0 : -score.value * (isLog10 ? ScoreUnits.lnPerLog10 : 1)
        file.buffer += key
        try list.append(score, as: cost, .kaldi, to: &file.buffer)
        file.buffer.append(0x0A)
      }
    }
    try words.flush()
    for cost in costs { try cost.file.flush() }
  }

  private func begin(
    _ list: NBestList
  ) throws -> [(name: String, isLog10: Bool, file: OutputFile)] {
    let scores = list.hypotheses[0].scores
    try refuseOthers(than: scores.map { KaldiFiles.file($0.name) })
    return try scores.map { score in
      if score.name.isEmpty || score.name.utf8.contains(where: { $0 == 0x2F || $0 <= 0x20 }) {
        throw list.unwritable(.kaldi, "has a score called \"\(score.name)\"")
      }
      let path = folder + "/" + KaldiFiles.file(score.name)
      return (score.name, log10Scores.contains(score.name), try OutputFile(path: path))
    }
  }

  /// Makes sure that the folder has no other files that belong to lists.
  private func refuseOthers(than written: [String]) throws {
    let written = written + [KaldiFiles.words]
    let others = try Files.names(in: folder).filter { name in
      (KaldiFiles.isWords(name) || KaldiFiles.score(name) != nil) && !written.contains(name)
    }
    if others.isEmpty { return }
    throw NBestError(
      file: folder,
      .wrongKindOfPath(
        format: .kaldi,
        expected:
          "a folder without files that would be read as part of these lists; remove \(others.joined(separator: ", ")) or name another folder"
      )
    )
  }

  /// Gives all files their names, the words last.
  func finish() throws {
    if costs == nil { try refuseOthers(than: []) }
    for cost in costs ?? [] { try cost.file.finish() }
    try words.finish()
  }
}
