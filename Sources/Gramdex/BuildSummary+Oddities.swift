package import GramdexCore
import GramdexCounting
package import GramdexText

extension BuildSummary {
  /// The lines about `statistics` that a summary shows: everything that was met at all.
  package static func oddities(
    of statistics: TextStatistics,
    skippedReservedWords: UInt64
  ) -> [Oddity] {
    let all: [(String, UInt64)] = [
      ("blank lines", statistics.blankLines),
      ("<s>, </s> or <unk> in the text skipped", skippedReservedWords),
      ("invalid UTF-8 sequences", statistics.invalidUTF8Sequences),
      ("byte order marks dropped", statistics.byteOrderMarks),
      ("NUL bytes (separators)", statistics.nulBytes),
      ("CRLF line ends", statistics.carriageReturnsBeforeLineEnd),
      ("other CR bytes (separators)", statistics.carriageReturnsElsewhere),
      ("JSON lines without the field", statistics.jsonLines.missing.count),
      ("JSON lines whose field is no text", statistics.jsonLines.notText.count),
      ("malformed JSON lines", statistics.jsonLines.malformed.count),
    ]
    return all.filter { $0.1 > 0 }.map { Oddity(what: $0.0, count: $0.1) }
  }

  /// The lines about count files: everything that was met at all.
  static func oddities(of report: CountFileReport) -> [Oddity] {
    let all: [(String, UInt64)] = [
      ("n-grams longer than the order left aside", report.longer),
      ("n-grams with <s> or </s> inside skipped", report.impossible),
      ("n-grams with count 0 skipped", report.zeros),
      ("repeated n-grams added up", report.repeated),
      ("shorter n-grams that are in no file, counted from longer ones", report.absent),
      ("counts raised to what longer n-grams add up to", report.raised),
      ("n-grams seen more often than longer ones tell", report.cut),
    ]
    return all.filter { $0.1 > 0 }.map { Oddity(what: $0.0, count: $0.1) }
  }

  /// What `statistics` say that a user should look into, one line each.
  package static func warnings(
    of statistics: TextStatistics,
    inputs: TextInputs,
    tokenizer: TokenizerOptions = TokenizerOptions()
  ) -> [String] {
    func place(_ problem: JSONLineStatistics.Problem) -> String {
      guard inputs.files.indices.contains(problem.inputIndex) else { return "line \(problem.line)" }
      return "\(inputs.files[problem.inputIndex].name), line \(problem.line)"
    }
    var warnings: [String] = []
    let needsSpaces = tokenizer.kind == .whitespace || tokenizer.kind == .words
    if statistics.looksUnsegmented && needsSpaces {
      warnings.append(
        "the text has hardly any spaces, so whole clauses count as words; "
          + "try --tokenizer characters, or segment it first"
      )
    }
    if statistics.binaryBlocks.count > 0 {
      warnings.append(
        "\(place(statistics.binaryBlocks)): this looks like no text at all; check the file"
      )
    }
    let lines = statistics.jsonLines
    for (problem, what) in [
      (lines.missing, "have no field of that name"), (lines.notText, "have no text in the field"),
      (lines.malformed, "are no JSON"),
    ] where problem.count > 0 {
      warnings.append(
        "\(problem.count) of \(lines.lines) lines \(what) and were skipped, the first in "
          + place(problem)
      )
    }
    return warnings
  }
}
