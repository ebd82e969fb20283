/// What each column of a TSV file holds.
struct TSVColumns {
  /// A column's meaning.
  enum Meaning: Equatable {
    case utterance
    /// The id with `-N` after it, N being the rank.
    case utteranceAndRank
    case rank
    case text
    case reference
    case score(String)
    /// A number that is no score.
    case count(String)
    /// Text.
    case label(String)
  }

  /// The meanings, in the order of the columns.
  var meanings: [Meaning]

  /// Names of the column with ids.
  static let utteranceNames = ["utt", "utterance", "id", "utt-id", "utt_id", "uttid"]
  /// The name of the column with ids and ranks.
  static let rankedName = "utt-id-rank"
  /// Names of the column with the words.
  static let textNames = ["text", "hyp", "hypothesis"]

  /// The columns that a header names; without a known name, the first is the id; `words` is the text when it comes last and nothing else is.
  init(header line: Line, ranksInIDs: Bool) throws {
    var names = try line.fields.map { try line.words($0) }
    names[0] = WordSpacing.normalized(
      String(decoding: names[0].utf8.drop { $0 == UInt8(ascii: "#") }, as: UTF8.self)
    )
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw line.error(.header(reason: "names the column \"\(twice)\" twice"))
    }
    guard names.count >= 2 else { throw line.error(.header(reason: "names one column only")) }
    meanings = names.map(Self.meaning)
    keepPreferred(.text, of: Self.textNames, names)
    keepPreferred(.utterance, of: Self.utteranceNames, names)
    if !meanings.contains(where: { $0 == .utterance || $0 == .utteranceAndRank }) {
      meanings[0] = .utterance
    }
    if !meanings.contains(.text) {
      let last = names.count - 1
      guard names[last] == "words" else {
        throw line.error(.header(reason: "names no column \"text\""))
      }
      meanings[last] = .text
    }
    if ranksInIDs { meanings = meanings.map { $0 == .utterance ? .utteranceAndRank : $0 } }
    try checkSingles(names, line)
  }

  /// Makes columns with less preferred names of a meaning fields that are kept.
  private mutating func keepPreferred(_ meaning: Meaning, of preferred: [String], _ names: [String])
  {
    guard let first = preferred.first(where: names.contains) else { return }
    for index in names.indices where meanings[index] == meaning && names[index] != first {
      meanings[index] = .label(names[index])
    }
  }

  /// Makes sure that no two columns say the same thing, of which one would be lost.
  private func checkSingles(_ names: [String], _ line: Line) throws {
    let groups: [[Meaning]] = [
      [.reference], [.rank, .utteranceAndRank], [.utterance, .utteranceAndRank],
    ]
    for group in groups {
      let places = meanings.indices.filter { group.contains(meanings[$0]) }
      guard places.count > 1 else { continue }
      throw line.error(
        .header(
          reason:
            "has the columns \"\(names[places[0]])\" and \"\(names[places[1]])\", which say the same"
        )
      )
    }
  }

  /// The columns of a file without a header: id, scores, text.
  init(count: Int, ranksInIDs: Bool) {
    meanings = (0..<max(count, 2)).map { .score("score\($0)") }
    meanings[0] = ranksInIDs ? .utteranceAndRank : .utterance
    meanings[meanings.count - 1] = .text
  }

  private static func meaning(_ name: String) -> Meaning {
    if name == rankedName { return .utteranceAndRank }
    if utteranceNames.contains(name) { return .utterance }
    if textNames.contains(name) { return .text }
    if JSONNames.reference.contains(name) { return .reference }
    if name == JSONNames.rank { return .rank }
    if JSONNames.counts.contains(name) { return .count(name) }
    return .score(name)
  }
}
