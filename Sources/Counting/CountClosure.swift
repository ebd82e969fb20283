// Count files need not be complete: lower orders may be missing, rare n-grams cut off, and numbers wrong. A model needs
// counts that fit together: each n-gram with its context and its suffix, each seen at least as often as what they are
// part of. From the highest order down, an n-gram's count c is the largest of
//
//   given   what the files say,
//   left    Σ c(v g) over all words v before it,
//   right   Σ c(g w) over all words w after it;
//
// complete counts have given = left = right (there is nothing left of <s> and nothing right of </s>). Where c is more than
// `left`, longer n-grams are missing: c − left occurrences follow something unknown. They become a window that is
// cut there, and one more distinct predecessor (Kneser-Ney's count) for all of them.

import GramdexCore
import GramdexStorage

/// Counts of all orders that fit together, and the windows that they follow from.
struct ClosedCounts: ~Copyable {
  /// The windows, in provisional ids.
  let windows: CountedWindows
  /// How often each word occurs; `<s>` never does.
  let counts: RecordBuffer<UInt64>
  /// Words that follow something unknown.
  let cutWords: RecordBuffer<Bool>
  /// Sentences.
  let sentences: UInt64
  let report: CountFileReport
  /// The most that temporary files took at one time.
  let temporaryBytes: Int64
}

/// Makes counts of n-grams complete.
struct CountClosure: ~Copyable {
  /// Memory for each word beside its spelling: three counts and a mark, and the count in the files.
  static let bytesAWord = 40

  private let order: Int
  private let given: RecordBuffer<UInt64>
  private let left: RecordBuffer<UInt64>
  private let right: RecordBuffer<UInt64>
  private let vocabularySize: Int
  private let windows: CountedWindows
  private var report: CountFileReport
  private var temporaryBytes: Int64 = 0
  private let cancellation: Cancellation

  /// Begins with what the files say of words, by provisional ids; `windowBytes` of the windows may stay in memory.
  init(
    order: Int,
    vocabularySize: Int,
    unigrams: consuming RecordBuffer<UInt64>,
    report: CountFileReport,
    windowBytes: Int,
    temporaryFolder: String,
    cancellation: Cancellation
  ) {
    self.order = order
    self.vocabularySize = vocabularySize
    given = unigrams
    left = RecordBuffer(zeroed: vocabularySize)
    right = RecordBuffer(zeroed: vocabularySize)
    windows = CountedWindows(
      order: max(order, 2),
      memoryLimitBytes: windowBytes,
      temporaryFolder: temporaryFolder
    )
    self.report = report
    self.cancellation = cancellation
  }

  /// Goes down from the highest order; `sorters` hold the n-grams of orders 2 and up.
  consuming func run(_ sorters: consuming [NGramSorter]) throws -> ClosedCounts {
    var shorter = sorters
    while let sorter = shorter.popLast() {
      var count = 0
      let bytes = try sorter.forEachNGram { ngram, sums in
        if count & 0x3FFF == 0 { try cancellation.check() }
        count += 1
        try close(ngram, sums, shorter.last)
      }
      let others = shorter.reduce(windows.store.temporaryBytes) { $0 + $1.temporaryBytes }
      temporaryBytes = max(temporaryBytes, bytes + others)
    }
    return closeWords()
  }

  /// Finds the count of an n-gram of two or more words, makes its window, and tells the shorter ones.
  private mutating func close(
    _ ngram: ArraySlice<UInt32>,
    _ sums: NGramSorter.Sums,
    _ shorter: NGramSorter?
  ) throws {
    let isTop = ngram.count == order
    let count = max(sums.given, sums.left, sums.right)
    if count > NGramSorter.largestCount { throw CountingError.countTooLarge(order: ngram.count) }
    let beginsSentence = ngram.first == WordID.beginOfSentence.rawValue
    report.repeated += UInt64(max(sums.givenTimes - 1, 0))
    if sums.givenTimes == 0 { report.absent += 1 } else if sums.given < count { report.raised += 1 }
    if isTop || beginsSentence {
      try windows.append(ngram, count: count)
    } else if count > sums.left {
      report.cut += 1
      try windows.append(ngram, count: count - sums.left)
    }
    if ngram.count == 2 {
      let (before, word) = (Int(ngram[ngram.startIndex]), Int(ngram[ngram.startIndex + 1]))
      left[word] = left[word].addingAtMost(count)
      right[before] = right[before].addingAtMost(count)
    } else {
      try shorter?.append(ngram.dropFirst(), count, .left)
      try shorter?.append(ngram.dropLast(), count, .right)
    }
  }

  /// Finds the counts of words.
  private consuming func closeWords() -> ClosedCounts {
    let counts = RecordBuffer<UInt64>(uninitialized: vocabularySize)
    let cutWords = RecordBuffer<Bool>(repeating: false, count: vocabularySize)
    let begin = Int(WordID.beginOfSentence.rawValue)
    for word in 0..<vocabularySize {
      let known = max(left[word], right[word])
      counts[word] = max(given[word], known)
      if word == begin { continue }
      if given[word] == 0 && known > 0 { report.absent += 1 }
      if given[word] > 0 && given[word] < known { report.raised += 1 }
      if order > 1 && counts[word] > left[word] {
        cutWords[word] = true
        report.cut += 1
      }
    }
    let sentences = counts[begin] > 0 ? counts[begin] : counts[Int(WordID.endOfSentence.rawValue)]
    counts[begin] = 0
    return ClosedCounts(
      windows: windows,
      counts: counts,
      cutWords: cutWords,
      sentences: sentences,
      report: report,
      temporaryBytes: temporaryBytes
    )
  }
}
