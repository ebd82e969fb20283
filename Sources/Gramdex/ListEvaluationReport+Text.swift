import GramdexRescoring

/// The report as people read it.
extension ListEvaluationReport {
  /// Tables with a blank line between two.
  public var text: String {
    var parts = [headText, errorsText(title: "words", rows: wordRows)]
    if let characters {
      parts.append(errorsText(title: "characters", rows: [("chosen", characters)]))
    }
    parts.append(measuresText)
    if !confusions.isEmpty { parts.append(confusionsText) }
    return parts.joined(separator: "\n")
  }

  /// How words were chosen, in words.
  var choiceText: String {
    switch choice {
    case "first": "first of each list"
    case "total": "greatest total"
    case "mbr": "minimum Bayes risk"
    default: "likeliest words of the mesh"
    }
  }

  private var headText: String {
    var lines = [
      "utterances\t\(Readable.grouped(UInt64(utterances)))",
      "hypotheses\t\(Readable.grouped(UInt64(hypotheses)))",
      "reference words\t\(Readable.grouped(UInt64(words.counts.referenceLength)))",
      "chosen\t\(choiceText)",
    ]
    if let scales {
      let texts = scales.map { way in way.map { "\($0)" }.joined(separator: ",") }
      lines.append("scale\t\(texts.joined(separator: " "))")
    }
    let left = missing.lines.isEmpty ? [] : ["left out\t\(missing.lines.joined(separator: "; "))"]
    return (lines + left).map { line in
      let fields = line.split(separator: "\t", maxSplits: 1)
      return fields[0] + String(repeating: " ", count: max(1, 17 - fields[0].count)) + fields[1]
        + "\n"
    }.joined()
  }

  /// The rows of the table of word errors.
  var wordRows: [(name: String, rate: Rate)] {
    [("chosen", words)] + (other.map { [($0.name, $0.words)] } ?? [])
      + [("oracle", oracle), ("worst", worst)]
  }

  private func errorsText(title: String, rows: [(name: String, rate: Rate)]) -> String {
    var table = TextTable([
      title, "errors", "correct", "substituted", "inserted", "deleted", "sentences wrong",
    ])
    for (name, rate) in rows {
      table.add([
        name, Readable.percent(rate.rate), "\(rate.counts.correct)",
        "\(rate.counts.substitutions)", "\(rate.counts.insertions)", "\(rate.counts.deletions)",
        Readable.percent(rate.sentenceErrorRate),
      ])
    }
    return table.text
  }

  private var measuresText: String {
    var lines = measures.map { measure in
      let interval = measure.confidence
      return
        "\(measure.criterion.shown) \(measure.criterion.shown(measure.value)), 95 % confidence "
        + "\(measure.criterion.shown(interval.low)) to \(measure.criterion.shown(interval.high)) "
        + "(bootstrap over utterances, \(Readable.grouped(UInt64(samples))) samples)\n"
    }
    guard let other else { return lines.joined() }
    lines.append(
      "against \(other.name): \(other.changed) utterances changed, \(other.better) better, \(other.worse) worse\n"
    )
    for measure in measures {
      guard let comparison = measure.comparison else { continue }
      lines.append(Self.comparisonText(measure, comparison))
    }
    return lines.joined()
  }

  private static func comparisonText(_ measure: Measure, _ comparison: Comparison) -> String {
    let points = { (value: Double) in
      (value > 0 ? "+" : "") + Readable.fixed(100 * value, 2)
    }
    let bootstrap = comparison.bootstrap
    var text =
      "  \(measure.criterion.shown) \(measure.criterion.shown(comparison.old)) to "
      + "\(measure.criterion.shown(measure.value)): \(points(measure.value - comparison.old)) points "
      + "(95 %: \(points(bootstrap.low)) to \(points(bootstrap.high))), probability of improvement "
      + "\(Readable.percent(bootstrap.probabilityOfImprovement)), "
      + "p = \(probability(comparison.pRandomization)) (approximate randomization)"
    if let p = comparison.pMatchedPairs { text += ", \(probability(p)) (matched pairs)" }
    return text + "\n"
  }

  private static func probability(_ value: Double) -> String {
    value < 0.0001 ? "< 0.0001" : Readable.fixed(value, 4)
  }

  private var confusionsText: String {
    var table = TextTable(["commonest errors", "said", "chosen", "times"])
    for entry in confusions {
      let kind =
        entry.reference == nil ? "insertion" : entry.hypothesis == nil ? "deletion" : "substitution"
      table.add([kind, entry.reference ?? "", entry.hypothesis ?? "", "\(entry.count)"])
    }
    return table.text
  }
}

extension Criterion {
  /// The name in reports.
  var shown: String { rawValue.uppercased() }

  /// A value in reports: error rates in percent, BLEU as 100 times the fraction.
  func shown(_ value: Double) -> String {
    self == .bleu ? Readable.fixed(100 * value, 2) : Readable.percent(value)
  }
}
