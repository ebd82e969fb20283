public import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// The raw counts of an index become text: every n-gram of every order with the number of times it was seen.
///
/// `<s>` counts the sentences, as SRILM's `ngram-count` has it; n-grams begin with `<s>` where a sentence does and end
/// with `</s>` where it does. Words with count 0 are not written. The same index gives the same bytes.
public enum CountDumper {
  /// Writes the counts of a model.
  ///
  /// - Parameters:
  ///   - options: what to write, and where.
  ///   - observer: is told of progress.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was written.
  /// - Throws: `CountDumpError`, `NGramCountsError`, and errors of the index's files and of the output.
  @discardableResult
  public static func run(
    _ options: CountDumpOptions,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> CountDumpSummary {
    let options = try options.validated()
    let counts = try NGramCounts(path: options.index, model: options.modelName)
    let orders = options.orders.map { Array(Set($0)).sorted() } ?? Array(1...counts.order)
    for order in orders where !(1...counts.order).contains(order) {
      throw CountDumpError.order(order, largest: counts.order)
    }
    let listing = CountListing(
      counts: counts,
      index: options.index,
      minimum: options.minimum,
      orders: orders,
      observer: observer,
      cancellation: cancellation
    )
    switch options.format {
    case .google: return try GoogleDump(listing, options).run()
    case .srilm, .json: return try writeLines(listing, options)
    }
  }

  /// Writes one file, order after order, each in context order; words by id.
  private static func writeLines(
    _ listing: CountListing,
    _ options: CountDumpOptions
  ) throws -> CountDumpSummary {
    var output = try CountLines(path: options.output, isJSON: options.format == .json)
    var summary = CountDumpSummary(output: output.name, orders: [])
    for order in listing.orders {
      let row = try listing.forEachNGram(order: order) { ngram, count in
        try output.append(ngram, count, listing)
      }
      summary.orders.append(row)
    }
    try output.finish()
    return summary
  }
}

/// The n-grams of an index with their counts, as a dump goes through them.
struct CountListing {
  let counts: NGramCounts
  /// The index, for messages.
  let index: String
  let minimum: UInt64
  let orders: [Int]
  let observer: any ProgressObserver
  let cancellation: Cancellation

  /// Calls `body` with every n-gram of `order` that was seen often enough, words from the oldest on, in context order
  /// (words by id).
  func forEachNGram(
    order: Int,
    _ body: ([UInt32], UInt64) throws -> Void
  ) throws -> CountDumpSummary.Order {
    var row = CountDumpSummary.Order(order: order, ngrams: 0, occurrences: 0)
    let stage = stage(order, "dump")
    var done: UInt64 = 0
    let total = total(order: order)
    func visit(_ ngram: [UInt32], _ count: UInt64) throws {
      if done & 0x3FFF == 0 {
        try cancellation.check()
        stage.report(done, of: total)
      }
      done += 1
      guard count >= max(minimum, 1) else { return }
      row.ngrams += 1
      row.occurrences &+= count
      try body(ngram, count)
    }
    if order == 1 {
      for word in 0..<UInt32(clamping: counts.counts.directory.vocabularySize) {
        try visit([word], try counts.count(of: [word]))
      }
    } else {
      try counts.counts.forEachNGram(order: order) { try visit($0, $1.rawCount) }
    }
    stage.report(total, of: total)
    return row
  }

  /// The stage in which an order is written.
  func stage(_ order: Int, _ name: String) -> JobStage {
    JobStage(
      observer: observer,
      number: (orders.firstIndex(of: order) ?? 0) + 1,
      stages: orders.count,
      name: name,
      unit: "n-grams"
    )
  }

  /// The number of n-grams of an order, rare ones included.
  func total(order: Int) -> UInt64 {
    let directory = counts.counts.directory
    if order == 1 { return UInt64(directory.vocabularySize) }
    return directory.shards.reduce(0) { $0 + $1.levels[order - 2].entries }
  }

  /// Appends the words of an n-gram, separated by spaces.
  func append(_ ngram: [UInt32], to line: inout [UInt8]) throws {
    for (position, word) in ngram.enumerated() {
      if position > 0 { line.append(0x20) }
      guard counts.vocabulary.append(word, to: &line) else {
        throw CountDumpError.damaged(index: index)
      }
    }
  }
}
