import GramdexCore

/// A build that cannot come to its end, found before it begins.
public enum PlanError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A device has too little room.
  case disk(path: String, neededBytes: UInt64, freeBytes: UInt64)
  /// The vocabulary alone needs more memory than the budget.
  case memory(budgetBytes: UInt64, neededBytes: UInt64, wordTypes: UInt64)

  /// What is missing, and what to do.
  public var description: String {
    switch self {
    case .disk(let path, let needed, let free):
      """
      the device of \(path) has \(ByteSize.format(free)) free, and about \(ByteSize.format(needed)) will be needed; \
      free some space, choose another place, or make the index smaller with --layout compact, --no-counts, \
      --prune or a lower --order (--skip-plan tries all the same)
      """
    case .memory(let budget, let needed, let words):
      """
      the text has about \(words) word types, for which a memory budget of \(ByteSize.format(budget)) is too \
      small; give --memory \(ByteSize.format(needed)) or more, fewer --threads, or a --vocabulary file \
      (--skip-plan tries all the same)
      """
    }
  }
}

extension BuildPlan {
  /// The plan for people.
  public var text: String {
    let orders = ngrams.map { Readable.grouped($0) }.joined(separator: ", ")
    return """
      text: about \(Readable.grouped(tokens)) tokens in \(ByteSize.format(textBytes)), \
      from a sample of \(Readable.grouped(sampleTokens))
      n-grams, by order: about \(orders)
      index: about \(ByteSize.format(indexBytes)), of \(ByteSize.format(freeBytes)) free
      temporary files: about \(ByteSize.format(temporaryBytes)), of \(ByteSize.format(freeTemporaryBytes)) free
      memory: about \(ByteSize.format(memoryBytes))
      time: about \(Readable.seconds(seconds))

      """
  }
}
