/// Appends lists to one file.
protocol ListEncoding {
  /// Appends a list.
  mutating func append(_ list: NBestList, to output: inout [UInt8]) throws
  /// What the format had no room for.
  var losses: WritingLosses { get }
}

extension NBestList {
  /// The error that this list cannot be written.
  func unwritable(_ format: NBestFormat, _ reason: String) -> NBestError {
    NBestError(
      file: source.file,
      line: source.line,
      .cannotWrite(format: format.rawValue, reason: "utterance \(utterance) \(reason)")
    )
  }

  /// Makes sure that there is a hypothesis, for formats in which a list is its hypotheses.
  func requireHypotheses(_ format: NBestFormat) throws {
    if hypotheses.isEmpty { throw unwritable(format, "has no hypotheses") }
  }

  /// Makes sure that the id has no separators, for formats in which one ends it.
  func requireWordID(_ format: NBestFormat) throws {
    if utterance.isEmpty || utterance.utf8.contains(where: WordSpacing.separates) {
      throw unwritable(format, "has a space in its id, or none")
    }
  }

  /// Appends a score, which must be finite.
  func append(
    _ score: Hypothesis.Score,
    as value: Double? = nil,
    _ format: NBestFormat,
    to output: inout [UInt8]
  ) throws {
    let value = value ?? score.value
    guard value.isFinite else {
      throw unwritable(format, "has a score \(score.name) that is \(value)")
    }
    let hasNames = format == .json || format == .jsonHypotheses || format == .tsv
    DecimalNumber.append(value, wholeWithPoint: hasNames, to: &output)
  }
}
