// The layout of Google's Web 1T 5-gram corpus (LDC2006T13), as SRILM's make-google-ngrams writes it:
//
// | file | lines |
// |---|---|
// | 1gms/vocab.gz    | word TAB count, by word |
// | 1gms/vocab_cs.gz | the same, most frequent first |
// | Ngms/Ngm-KKKK.gz | w1 … wN TAB count: 10,000,000 lines a file, sorted through all files; KKKK from 0000 on |
// | Ngms/Ngm.idx     | file name TAB its first n-gram |
//
// Sorted means as `LC_ALL=C sort` sorts the lines.

import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// Writes the counts of an index as a folder in the layout of Google's n-grams.
///
/// The folder appears under its name when it is complete. Memory: places of all words, 20 bytes each; n-grams are
/// sorted in what the budget leaves, in runs on disk where they do not fit.
struct GoogleDump {
  private static let linesAFile: UInt64 = 10_000_000
  private let listing: CountListing
  private let options: CountDumpOptions
  private let unfinished: String

  init(_ listing: CountListing, _ options: CountDumpOptions) {
    self.listing = listing
    self.options = options
    var path = options.output
    while path.count > 1, path.last == "/" { path.removeLast() }
    unfinished = path + ".unfinished"
  }

  /// Writes the folder.
  func run() throws -> CountDumpSummary {
    if Files.exists(options.output) { throw StorageError.exists(path: options.output) }
    try Files.removeTree(unfinished)
    do {
      try Files.makeFolder(unfinished)
      let rows = try writeOrders()
      try Files.move(unfinished, to: options.output)
      return CountDumpSummary(output: options.output, orders: rows)
    } catch {
      try? Files.removeTree(unfinished)
      throw error
    }
  }

  private func writeOrders() throws -> [CountDumpSummary.Order] {
    let wordTypes = listing.counts.counts.directory.vocabularySize
    let taken =
      BuildMemory.processBytes(budget: Int(clamping: options.memoryBytes))
      + WordCollation.bytesAWord * wordTypes
    guard Int(clamping: options.memoryBytes) >= taken + TupleSorter.minimumMemoryBytes else {
      throw CountDumpError.vocabularyTooLarge(
        wordTypes: wordTypes,
        neededBytes: UInt64(taken + 2 * TupleSorter.minimumMemoryBytes) / 15 * 16
      )
    }
    let collation = WordCollation(listing.counts.vocabulary, count: wordTypes)
    let workspace = try Workspace(
      in: options.temporary ?? unfinished + "/work",
      removesParent: options.temporary == nil
    )
    var rows: [CountDumpSummary.Order] = []
    for order in listing.orders {
      try Files.makeFolder("\(unfinished)/\(order)gms")
      if order == 1 {
        rows.append(try writeVocabulary(collation))
      } else {
        let bytes = Int(clamping: options.memoryBytes) - taken
        rows.append(try write(order, collation, bytes, workspace.path))
      }
    }
    return rows
  }

  private func writeVocabulary(_ collation: borrowing WordCollation) throws
    -> CountDumpSummary.Order
  {
    let words = RecordBuffer<UInt32>(uninitialized: collation.count)
    var row = CountDumpSummary.Order(order: 1, ngrams: 0, occurrences: 0)
    var byWord = try CountLines(path: "\(unfinished)/1gms/vocab.gz")
    for place in 0..<collation.count {
      let word = collation.lastWords[place]
      let count = try listing.counts.count(of: [word])
      guard count >= max(listing.minimum, 1) else { continue }
      try byWord.append([word], count, listing)
      words[Int(row.ngrams)] = word
      row.ngrams += 1
      row.occurrences &+= count
    }
    try byWord.finish()
    try listing.cancellation.check()
    // SAFETY: as many words were written.
    var order = unsafe UnsafeMutableBufferPointer(start: words.pointer, count: Int(row.ngrams))
    try unsafe order.sort { left, right in
      let (a, b) = (try listing.counts.count(of: [left]), try listing.counts.count(of: [right]))
      return a != b ? a > b : collation.lastPlaces[Int(left)] < collation.lastPlaces[Int(right)]
    }
    var byCount = try CountLines(path: "\(unfinished)/1gms/vocab_cs.gz")
    for index in 0..<Int(row.ngrams) {
      try byCount.append([words[index]], try listing.counts.count(of: [words[index]]), listing)
    }
    try byCount.finish()
    let total = UInt64(collation.count)
    listing.stage(1, "dump").report(total, of: total)
    return row
  }

  private func write(
    _ order: Int,
    _ collation: borrowing WordCollation,
    _ memoryBytes: Int,
    _ temporaryFolder: String
  ) throws -> CountDumpSummary.Order {
    var sorter = TupleSorter(
      keyWidth: order,
      payloadWidth: 2,
      maximumValue: UInt32(max(collation.count, 1) - 1),
      memoryBudgetBytes: memoryBytes,
      temporaryFolder: temporaryFolder
    )
    var tuple = [UInt32](repeating: 0, count: order + 2)
    let row = try listing.forEachNGram(order: order) { ngram, count in
      for position in 0..<order {
        guard Int(ngram[position]) < collation.count else {
          throw CountDumpError.damaged(index: listing.index)
        }
        tuple[position] = collation.place(ngram[position], isLast: position == order - 1)
      }
      tuple[order] = UInt32(truncatingIfNeeded: count)
      tuple[order + 1] = UInt32(truncatingIfNeeded: count >> 32)
      try sorter.append(tuple.span)
    }
    try write(order, try sorter.finish(), collation)
    return row
  }

  /// Writes the files of an order from its sorted n-grams.
  private func write(_ order: Int, _ store: TupleStore, _ collation: borrowing WordCollation) throws
  {
    let folder = "\(unfinished)/\(order)gms"
    let stage = listing.stage(order, "write")
    var reader = TupleReader(store)
    let batch = RecordBuffer<UInt32>(uninitialized: 4096 * (order + 2))
    var index = try CountLines(path: "\(folder)/\(order)gm.idx")
    var ngram = [UInt32](repeating: 0, count: order)
    var (done, inBatch, position) = (UInt64(0), 0, 0)
    for number in 0... {
      if done == store.count { break }
      let name = "\(order)gm-\(Self.padded(number)).gz"
      var file = try CountLines(path: "\(folder)/\(name)")
      let end = min(done + Self.linesAFile, store.count)
      var isFirst = true
      while done < end {
        if position == inBatch {
          try listing.cancellation.check()
          stage.report(done, of: store.count)
          (inBatch, position) = (reader.read(into: batch), 0)
        }
        let base = position * (order + 2)
        for place in 0..<order {
          ngram[place] = collation.word(batch[base + place], isLast: place == order - 1)
        }
        if isFirst {
          var words: [UInt8] = Array("\(name)\t".utf8)
          try listing.append(ngram, to: &words)
          try index.append(line: words)
          isFirst = false
        }
        let count = UInt64(batch[base + order]) | UInt64(batch[base + order + 1]) << 32
        try file.append(ngram, count, listing)
        position += 1
        done += 1
      }
      try file.finish()
    }
    try index.finish()
    stage.report(store.count, of: store.count)
  }

  /// A file's number with at least four digits.
  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(4 - digits.count, 0)) + digits
  }
}
