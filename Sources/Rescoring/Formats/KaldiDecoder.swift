import GramdexCore
import GramdexStorage

/// The names of files in a folder of Kaldi's n-best archives, as `steps/rnnlmrescore.sh` makes them.
enum KaldiFiles {
  /// The words of the hypotheses.
  static let words = "words_text"
  /// Acoustic costs.
  static let acoustic = "acwt"
  /// Costs of the language model and the graph.
  static let language = "lmwt"

  /// The score that a file holds: `ac` for `acwt`, `lm` for `lmwt`, NAME for `lmwt.NAME`; nil when it holds none.
  static func score(_ file: String) -> String? {
    let name = FileNames.withoutCompression(file)
    if name == acoustic { return "ac" }
    if name == language { return "lm" }
    guard name.hasPrefix(language + "."), name.utf8.count > language.utf8.count + 1 else {
      return nil
    }
    return String(name.dropFirst(language.utf8.count + 1))
  }

  /// The name of the file that holds a score.
  static func file(_ score: String) -> String {
    switch score {
    case "ac": acoustic
    case "lm": language
    default: language + "." + score
    }
  }

  /// The files in the folder of the words at `path` that are not words: those with scores and their names, and others, sorted by name.
  static func beside(_ path: String) throws -> (
    scores: [(file: String, score: String)], others: [String]
  ) {
    guard isWords(path), path != "-" else { return ([], []) }
    let folder = Files.parent(of: path)
    var scores: [(file: String, score: String)] = []
    var others: [String] = []
    for file in try Files.names(in: folder) where !isWords(file) {
      if let name = score(file) {
        scores.append((folder + "/" + file, name))
      } else {
        others.append(file)
      }
    }
    return (scores, others)
  }

  /// Whether the file holds the words of hypotheses.
  static func isWords(_ file: String) -> Bool {
    FileNames.withoutCompression(FileNames.last(file)) == words
  }

  /// The folders at or in `path` that hold hypotheses: itself, or its `archives.N`, in the order of N.
  static func folders(_ path: String) throws -> [String] {
    let names = try Files.names(in: path)
    if names.contains(where: isWords) { return [path] }
    let archives = names.compactMap { name -> (number: Int, name: String)? in
      guard name.hasPrefix("archives."), let number = Int(name.dropFirst(9)) else { return nil }
      return (number, name)
    }
    return archives.sorted { ($0.number, $0.name) < ($1.number, $1.name) }
      .map { path + "/" + $0.name }.filter {
        (try? Files.names(in: $0).contains(where: isWords)) ?? false
      }
  }
}

/// Kaldi's n-best archives in a folder: words, and costs (−ln p) in files beside them, all with the keys `UTTERANCE-N`.
///
/// The files are read side by side, so that their keys must come in the same order. Costs are negated.
struct KaldiDecoder: HypothesisDecoding {
  private let words: LineReader
  private var scores: [(name: String, lines: LineReader)] = []
  private var isAtEnd = false
  /// Files that are not read.
  private(set) var warnings: [String] = []

  /// Reads the words at `path` and the scores beside them, if the file is called `words_text`.
  init(words path: String, cancellation: Cancellation?) throws {
    words = try LineReader(path: path, cancellation: cancellation)
    guard KaldiFiles.isWords(path), path != "-" else {
      warnings.append(
        "\(words.name): read without scores, which are looked for beside a file called \(KaldiFiles.words) only"
      )
      return
    }
    let folder = Files.parent(of: path)
    let (files, others) = try KaldiFiles.beside(path)
    for (file, name) in files {
      let lines = try LineReader(path: file, cancellation: cancellation)
      if scores.contains(where: { $0.name == name }) {
        throw NBestError(file: lines.name, .fieldTwice(name: name))
      }
      scores.append((name, lines))
    }
    if !others.isEmpty {
      warnings.append(
        "\(folder): not read, and not written again: \(others.joined(separator: ", "))"
      )
    }
  }

  var name: String { words.name }

  var consumedBytes: UInt64 {
    scores.reduce(words.consumedBytes) { $0 + $1.lines.consumedBytes }
  }

  mutating func next() throws -> DecodedHypothesis? {
    guard let line = try nextLine(words) else {
      try checkEnds()
      return nil
    }
    let key = line.word(from: line.skipSeparators(from: line.range.lowerBound))
    let (utterance, rank) = try RankedID.split(key, line)
    var hypothesis = Hypothesis(
      rank: rank,
      text: try line.words(key.upperBound..<line.range.upperBound),
      line: line.number
    )
    for (name, lines) in scores {
      let value = -(try cost(name, lines, key: key, of: line))
      hypothesis.scores.append(Hypothesis.Score(name, value == 0 ? 0 : value))
    }
    return DecodedHypothesis(utterance: utterance, hypothesis: hypothesis)
  }

  private func nextLine(_ lines: LineReader) throws -> Line? {
    while let line = try lines.next() {
      if !line.isBlank { return line }
    }
    return nil
  }

  private func cost(
    _ name: String,
    _ lines: LineReader,
    key: Range<Int>,
    of line: Line
  ) throws -> Double {
    let text = try line.text(key)
    guard let other = try nextLine(lines) else {
      throw NBestError(
        file: lines.name,
        .endsEarly(key: text, otherFile: line.file, otherLine: line.number)
      )
    }
    let otherKey = other.word(from: other.skipSeparators(from: other.range.lowerBound))
    guard other.bytes[otherKey].elementsEqual(line.bytes[key]) else {
      throw other.error(
        .keysDiffer(
          key: try other.text(otherKey),
          otherKey: text,
          otherFile: line.file,
          otherLine: line.number
        )
      )
    }
    let rest = other.trimmed(otherKey.upperBound..<other.range.upperBound)
    return try other.score(name, rest)
  }

  /// Makes sure that no file goes on when the words have ended.
  private mutating func checkEnds() throws {
    if isAtEnd { return }
    isAtEnd = true
    for (_, lines) in scores {
      guard let line = try nextLine(lines) else { continue }
      let key = line.word(from: line.skipSeparators(from: line.range.lowerBound))
      throw NBestError(
        file: words.name,
        .endsEarly(key: try line.text(key), otherFile: line.file, otherLine: line.number)
      )
    }
  }
}
