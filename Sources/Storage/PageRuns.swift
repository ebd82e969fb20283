/// Consecutive pages of a file.
struct PageRun: Hashable, Sendable {
  /// The first page's number; the file starts with page 0.
  var first: UInt64
  /// How many pages there are, at least 1.
  var count: UInt64
}

/// A set of pages, as runs.
struct PageRuns: Sendable {
  private(set) var runs: [PageRun] = []

  init() {}

  /// Adds pages that are not in the set yet.
  mutating func append(_ run: PageRun) {
    if let last = runs.last, last.first + last.count == run.first {
      runs[runs.count - 1].count += run.count
    } else {
      runs.append(run)
    }
  }

  /// The pages of `0 ..< pages` that are not in the set, ascending and apart; nil when two runs of the set
  /// overlap or one ends after `pages`.
  func complement(pages: UInt64) -> [PageRun]? {
    var gaps: [PageRun] = []
    var next: UInt64 = 0
    for run in runs.sorted(by: { $0.first < $1.first }) {
      let (end, overflow) = run.first.addingReportingOverflow(run.count)
      guard run.first >= next, !overflow, end <= pages else { return nil }
      if run.first > next { gaps.append(PageRun(first: next, count: run.first - next)) }
      next = end
    }
    if next < pages { gaps.append(PageRun(first: next, count: pages - next)) }
    return gaps
  }
}
