public import GramdexCore
public import GramdexScoring

/// What pruning, restricting or mixing did: the table it prints at the end, and the object that `--json` writes.
public struct DerivationSummary: Sendable, Encodable, Equatable {
  /// What became of the n-grams of one order.
  public struct Order: Sendable, Encodable, Equatable {
    /// The order, 1 for unigrams.
    public var order: Int
    /// How many n-grams each source has, in the order in which they were named.
    public var before: [UInt64]
    /// How many n-grams the new model has.
    public var after: UInt64
    /// How many n-grams were added because longer ones need them; queries see no difference.
    public var blankNodes: UInt64
  }

  /// How well the sources and the new model predict the given texts.
  public struct Evaluation: Sendable, Encodable, Equatable {
    /// One report a source, in the order in which they were named.
    public var before: [Perplexity]
    /// The new model's report.
    public var after: Perplexity
  }

  /// The command.
  public var operation: String
  /// The source indexes.
  public var inputs: [String]
  /// The new index.
  public var output: String
  /// The model's name inside the new index.
  public var model: String
  /// How probabilities are stored.
  public var layout: ScoreLayout
  /// What was done, by name: thresholds, weights.
  public var parameters: [String: String]
  /// One row an order, unigrams first.
  public var orders: [Order]
  /// Sizes of the source indexes.
  public var bytesBefore: [BuildSummary.Bytes]
  /// Sizes of the new index.
  public var bytes: BuildSummary.Bytes
  /// Perplexities, nil without a text.
  public var evaluation: Evaluation?
  /// Elapsed time, without that of the evaluation.
  public var wallSeconds: Double
  /// Processor time of all threads, kernel included, without that of the evaluation.
  public var cpuSeconds: Double
  /// The most anonymous memory that the process held.
  public var peakAnonymousBytes: UInt64
  /// The most that temporary files took at one time.
  public var temporaryBytesPeak: UInt64
  /// What the user should know, a line each.
  public var warnings: [String]

  /// The summary for people.
  public var text: String {
    let names = inputs.count == 1 ? ["before"] : inputs.indices.map { "model \($0 + 1)" }
    var table = TextTable(["order"] + names + ["after", "blank"])
    for row in orders {
      table.add(
        ["\(row.order)"] + row.before.map(Readable.grouped)
          + [Readable.grouped(row.after), Readable.grouped(row.blankNodes)]
      )
    }
    let parameters = parameters.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    var lines = [
      "\(output): \(operation) of \(inputs.joined(separator: ", "))"
        + (parameters.isEmpty ? "" : "; " + parameters.joined(separator: ", ")),
      String(table.text.dropLast()),
      "index: \(ByteSize.format(bytes.file)), before "
        + bytesBefore.map { ByteSize.format($0.file) }.joined(separator: ", "),
    ]
    if let evaluation {
      let before = evaluation.before.map { Readable.fixed($0.perplexity, 4) }
      let beforeWithout = evaluation.before.map { Readable.fixed($0.perplexityExcludingOOV, 4) }
      lines += [
        "perplexity: \(Readable.fixed(evaluation.after.perplexity, 4)), before "
          + before.joined(separator: ", "),
        "perplexity without OOV: \(Readable.fixed(evaluation.after.perplexityExcludingOOV, 4)), "
          + "before \(beforeWithout.joined(separator: ", "))",
      ]
    }
    lines.append(
      "cost: \(Readable.seconds(wallSeconds)), \(Readable.fixed(cpuSeconds, 1)) CPU seconds, "
        + "\(ByteSize.format(peakAnonymousBytes)) of memory, "
        + "\(ByteSize.format(temporaryBytesPeak)) of temporary files"
    )
    return lines.joined(separator: "\n") + "\n"
  }
}
