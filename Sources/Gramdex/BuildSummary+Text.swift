import GramdexCore

extension BuildSummary {
  /// The summary for people: what was built, a row an order, the text's oddities, sizes and costs.
  public var text: String {
    let cost =
      "cost: \(Readable.seconds(wallSeconds)), \(Readable.fixed(cpuSeconds, 1)) CPU seconds, "
      + "\(ByteSize.format(peakAnonymousBytes)) of memory, "
      + "\(ByteSize.format(temporaryBytesPeak)) of temporary files"
    return tables + cost + "\n"
  }

  /// The summary without costs.
  var tables: String {
    var lines = [
      "\(output): model \(model), order \(orders.count), \(method)\(layout.rawValue), "
        + "\(Readable.grouped(ngrams)) n-grams"
    ]
    if !smoothing.isDistribution {
      lines.append("these are scores, not probabilities: they do not sum to 1")
    }
    lines.append(
      "text: \(Readable.grouped(tokens)) tokens in \(Readable.grouped(sentences)) sentences, "
        + "\(Readable.grouped(vocabularySize)) word types"
    )
    if let duplicatesRemoved {
      lines.append("repeated lines left out: \(Readable.grouped(duplicatesRemoved))")
    }
    if !oddities.isEmpty {
      let list = oddities.map { "\(Readable.grouped($0.count)) \($0.what)" }
      lines.append("odd in the text: \(list.joined(separator: ", "))")
    }
    lines.append(orderTable)
    lines.append(
      "index: \(ByteSize.format(bytes.file)) (scores \(ByteSize.format(bytes.scores)), "
        + "counts \(ByteSize.format(bytes.counts)), "
        + "vocabulary \(ByteSize.format(bytes.vocabulary)))"
    )
    return lines.joined(separator: "\n") + "\n"
  }

  /// The smoothing, unless it is the usual one.
  private var method: String {
    if smoothing == .modifiedKneserNey && form == .interpolated { return "" }
    return smoothing.forms.count > 1
      ? "\(form.rawValue) \(smoothing.rawValue), " : "\(smoothing.rawValue), "
  }

  private var orderTable: String {
    let discounts = ["n1", "n2", "n3", "n4", "D1", "D2", "D3+"]
    let hasDiscounts = orders.contains { !$0.discounts.isEmpty }
    var table = TextTable(["order", "n-grams"] + (hasDiscounts ? discounts : []))
    for row in orders {
      var cells = ["\(row.order)", Readable.grouped(row.ngrams)]
      cells += row.countsOfCounts.map(Readable.grouped)
      cells += row.discounts.map { Readable.fixed($0, 4) }
      table.add(cells + (row.usedFallback ? ["fallback"] : []))
    }
    return String(table.text.dropLast())
  }
}
