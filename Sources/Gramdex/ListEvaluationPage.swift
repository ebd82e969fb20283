import GramdexRescoring

/// The report as one HTML file that needs no other: a summary, the utterances whose words changed, with the differences to the reference marked, and the commonest errors.
///
/// Without a comparison, the utterances with errors.
struct ListEvaluationPage {
  let report: ListEvaluationReport
  let utterances: [EvaluatedUtterance]
  let choices: [String]

  /// The whole file.
  var text: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Evaluation of n-best lists</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    <h1>Evaluation of n-best lists</h1>
    \(summary)
    \(errorsTable)
    \(utterancesSection)
    \(confusionsSection)
    </body>
    </html>

    """
  }

  private static let style = """
    body { font-family: sans-serif; margin: 2em; max-width: 70em; color: #222; }
    table { border-collapse: collapse; margin: 1em 0; }
    th, td { border: 1px solid #ccc; padding: 0.25em 0.6em; text-align: left; vertical-align: top; }
    td.number { text-align: right; }
    tr.better td.errors { background: #d9f2e3; }
    tr.worse td.errors { background: #fbdcd2; }
    pre { background: #f4f4f4; padding: 0.8em; white-space: pre-wrap; }
    .substitution { background: #ffe08a; }
    .insertion { background: #fbb4a0; text-decoration: line-through; }
    .deletion { background: #bcd9f5; font-style: italic; }
    .label { color: #666; }
    """

  private var summary: String {
    "<pre>\(Self.escaped(report.text))</pre>"
  }

  private var errorsTable: String {
    let rows = report.wordRows.map { name, rate in
      let numbers = [
        Readable.percent(rate.rate), "\(rate.counts.substitutions)", "\(rate.counts.insertions)",
        "\(rate.counts.deletions)", Readable.percent(rate.sentenceErrorRate),
      ]
      return "<tr><td>\(Self.escaped(name))</td>"
        + numbers.map { "<td class=\"number\">\($0)</td>" }.joined() + "</tr>"
    }
    return """
      <table>
      <tr><th>words</th><th>errors</th><th>substituted</th><th>inserted</th><th>deleted</th><th>sentences wrong</th></tr>
      \(rows.joined(separator: "\n"))
      </table>
      """
  }

  // MARK: Utterances

  private var utterancesSection: String {
    let isCompared = report.other != nil
    let shown = utterances.indices.filter { index in
      isCompared
        ? utterances[index].old != choices[index] : utterances[index].reference != choices[index]
    }
    let rows = shown.map { row($0, isCompared: isCompared) }
    return """
      <h2>\(shown.count) utterances \(isCompared ? "with other words" : "with errors")</h2>
      <p>Compared with the reference: <span class="substitution">substituted</span> \
      <span class="insertion">inserted</span> <span class="deletion">deleted</span>.</p>
      <table>
      <tr><th>utterance</th><th>words</th><th>errors</th></tr>
      \(rows.joined(separator: "\n"))
      </table>
      """
  }

  private func row(_ index: Int, isCompared: Bool) -> String {
    let utterance = utterances[index]
    let new = marked(choices[index], utterance.reference)
    let old = marked(utterance.old, utterance.reference)
    let name = "<td>\(Self.escaped(utterance.utterance))</td>"
    let reference = "<span class=\"label\">said</span> \(Self.escaped(utterance.reference))"
    guard isCompared else {
      return "<tr>\(name)<td>\(reference)<br><span class=\"label\">chosen</span> \(new.html)</td>"
        + "<td class=\"errors number\">\(new.errors)</td></tr>"
    }
    let kind =
      new.errors < old.errors ? "better" : new.errors > old.errors ? "worse" : "as-many"
    return "<tr class=\"\(kind)\">\(name)<td>\(reference)<br>"
      + "<span class=\"label\">before</span> \(old.html)<br>"
      + "<span class=\"label\">chosen</span> \(new.html)</td>"
      + "<td class=\"errors number\">\(old.errors) → \(new.errors)</td></tr>"
  }

  /// A text with its differences to the reference marked.
  private func marked(_ text: String, _ reference: String) -> (html: String, errors: Int) {
    let alignment = WordAlignment(of: text, reference: reference)
    let heard = text.spacedWords
    let said = reference.spacedWords
    let words = alignment.steps.map { step in
      switch step {
      case .correct(_, let j): Self.escaped(heard[j])
      case .substitution(let i, let j):
        "<span class=\"substitution\" title=\"\(Self.escaped(said[i]))\">\(Self.escaped(heard[j]))</span>"
      case .insertion(let j): "<span class=\"insertion\">\(Self.escaped(heard[j]))</span>"
      case .deletion(let i): "<span class=\"deletion\">\(Self.escaped(said[i]))</span>"
      }
    }
    return (words.joined(separator: " "), alignment.counts.errors)
  }

  // MARK: Confusions

  private var confusionsSection: String {
    if report.confusions.isEmpty { return "" }
    let rows = report.confusions.map { entry in
      "<tr><td>\(Self.escaped(entry.reference ?? ""))</td>"
        + "<td>\(Self.escaped(entry.hypothesis ?? ""))</td>"
        + "<td class=\"number\">\(entry.count)</td></tr>"
    }
    return """
      <h2>Commonest errors</h2>
      <table>
      <tr><th>said</th><th>chosen</th><th>times</th></tr>
      \(rows.joined(separator: "\n"))
      </table>
      """
  }

  /// Text as HTML has it, in elements and in attributes.
  static func escaped(_ text: some StringProtocol) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
