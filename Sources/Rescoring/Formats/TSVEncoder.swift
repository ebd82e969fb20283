import GramdexText

/// Writes columns after a header: the id with the rank, scores, other fields, the reference if there are any, the text.
///
/// The first list says which columns there are, besides those that the options name; a later one that has other scores, or a reference that has
/// no column, is an error, and so is an empty reference, which would be read as none.
struct TSVEncoder: ListEncoding {
  private(set) var losses = WritingLosses(.tsv)
  private let extraColumns: [String]
  private var columns: Columns?

  private struct Columns {
    var scores: [String]
    var extras: [String]
    var hasReference: Bool
  }

  /// Writes the columns `extraColumns` even if the first list has none of these fields.
  init(extraColumns: [String] = []) {
    self.extraColumns = extraColumns
  }

  mutating func append(_ list: NBestList, to output: inout [UInt8]) throws {
    try list.requireHypotheses(.tsv)
    let id = Array(list.utterance.utf8)
    guard !id.isEmpty, WordSpacing.isNormal(id, 0..<id.count) else {
      throw list.unwritable(.tsv, "has a tab in its id, or no id")
    }
    let known = try columns ?? begin(list, to: &output)
    columns = known
    let names = list.hypotheses[0].scores.map(\.name)
    if names != known.scores, Set(names) != Set(known.scores) {
      throw list.unwritable(
        .tsv,
        "has the scores \(names.joined(separator: ", ")) where lists before have \(known.scores.joined(separator: ", "))"
      )
    }
    try checkReference(of: list, known)
    losses.note(
      list,
      holdsReference: true,
      scores: known.scores,
      fields: known.extras
    )
    for hypothesis in list.hypotheses { try append(hypothesis, list, known, to: &output) }
  }

  private func checkReference(of list: NBestList, _ columns: Columns) throws {
    guard let reference = list.reference else { return }
    if reference.isEmpty {
      throw list.unwritable(.tsv, "has an empty reference, which would be read as none")
    }
    if !columns.hasReference {
      throw list.unwritable(
        .tsv,
        "has a reference where the first list has none, so that there is no column for it"
      )
    }
  }

  private mutating func begin(_ list: NBestList, to output: inout [UInt8]) throws -> Columns {
    let scores = list.hypotheses[0].scores.map(\.name)
    if let bad = scores.first(where: { !Self.isColumn($0) }) {
      throw list.unwritable(.tsv, "has a score called \"\(bad)\"")
    }
    var extras: [String] = []
    var hasReference = list.reference != nil
    for name in extraColumns where !scores.contains(name) && !extras.contains(name) {
      if JSONNames.reference.contains(name) {
        hasReference = true
        continue
      }
      guard Self.isColumn(name) || JSONNames.counts.contains(name) else {
        throw list.unwritable(.tsv, "gets a column called \"\(name)\"")
      }
      extras.append(name)
    }
    for hypothesis in list.hypotheses {
      for extra in hypothesis.extras
      where !extras.contains(extra.name) && !scores.contains(extra.name)
        && (Self.isColumn(extra.name) || JSONNames.counts.contains(extra.name))
      {
        extras.append(extra.name)
      }
    }
    let columns = Columns(scores: scores, extras: extras, hasReference: hasReference)
    let names =
      ["#" + TSVColumns.rankedName] + scores + extras + (columns.hasReference ? ["ref"] : [])
      + ["text"]
    output += names.joined(separator: "\t").utf8
    output.append(0x0A)
    return columns
  }

  /// Whether a column may be called so: without a tab, and without another meaning.
  private static func isColumn(_ name: String) -> Bool {
    !name.isEmpty && WordSpacing.normalized(name) == name && !JSONNames.isReserved(name)
      && name != TSVColumns.rankedName && !TSVColumns.utteranceNames.contains(name)
      && !TSVColumns.textNames.contains(name)
  }

  private mutating func append(
    _ hypothesis: Hypothesis,
    _ list: NBestList,
    _ columns: Columns,
    to output: inout [UInt8]
  ) throws {
    output += list.utterance.utf8
    output.append(UInt8(ascii: "-"))
    output += String(hypothesis.rank).utf8
    for (index, name) in columns.scores.enumerated() {
      output.append(0x09)
      guard
        let score = index < hypothesis.scores.count && hypothesis.scores[index].name == name
          ? hypothesis.scores[index] : hypothesis.scores.first(where: { $0.name == name })
      else {
        throw list.unwritable(.tsv, "has a hypothesis without the score \(name)")
      }
      try list.append(score, .tsv, to: &output)
    }
    for name in columns.extras {
      output.append(0x09)
      guard let json = hypothesis.extras.first(where: { $0.name == name })?.json else { continue }
      output += Self.field(json).utf8
    }
    if columns.hasReference {
      output.append(0x09)
      output += (list.reference ?? "").utf8
    }
    output.append(0x09)
    output += hypothesis.text.utf8
    output.append(0x0A)
  }

  /// JSON as a field: text without quotes if no tab or end of line is in it, anything else as it is.
  private static func field(_ json: String) -> String {
    let text = JSONText.plain(json)
    return WordSpacing.normalized(text) == text ? text : json
  }
}
