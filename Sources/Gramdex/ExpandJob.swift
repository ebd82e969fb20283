import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexScoring
import GramdexStorage

/// One expansion of classes under way.
struct ExpandJob {
  let model: ListedModel
  let words: ExpandedWords
  let maximumNGrams: UInt64
  let writing: ModelWriting

  /// Counts what will come of it, expands all orders, and writes the new model.
  func run() throws -> DerivationJob.Result {
    let totals = try expandedCounts()
    var scored = words.scored(name: model.path)
    let expanding = stage(2, "expand")
    let total = totals.reduce(0, +)
    var done: UInt64 = 0
    for order in 2..<max(model.order + 1, 2) {
      expanding.report(done, of: total)
      scored.given.append(try expand(order: order, beside: scored))
      done += totals[order - 2]
    }
    expanding.report(total, of: total)
    scored.summary = ArpaSummary(ngrams: [UInt64(words.count)] + scored.given.map(\.count))
    let bytes = scored.given.map(\.temporaryBytes).reduce(0, +)
    return DerivationJob.Result(
      written: try writing.write(scored),
      smoothing: model.entry.smoothing,
      parameters: [:],
      temporaryBytes: bytes
    )
  }

  private func stage(_ number: Int, _ name: String) -> JobStage {
    JobStage(
      observer: writing.observer,
      number: number,
      stages: writing.stages,
      name: name,
      unit: "n-grams"
    )
  }

  /// How many n-grams of words each order will have; element 0 is order 2.
  private func expandedCounts() throws -> [UInt64] {
    let counting = stage(1, "count")
    var totals: [UInt64] = []
    var sum = Double(words.count)
    for order in 2..<max(model.order + 1, 2) {
      counting.report(UInt64(order), of: UInt64(model.order))
      var total = 0.0
      try model.forEachContext(order: order, cancellation: writing.cancellation) { context in
        let followers = context.ngrams.reduce(0) { $0 + words.members(of: $1.word).count }
        total += context.words.reduce(Double(followers)) {
          $0 * Double(words.members(of: $1).count)
        }
      }
      sum += total
      if sum > Double(maximumNGrams) {
        throw DerivationError.tooManyNGrams(
          index: model.path,
          order: order,
          ngrams: UInt64(min(sum, 1e18)),
          limit: maximumNGrams
        )
      }
      totals.append(UInt64(total))
    }
    return totals
  }

  /// The n-grams of words of an order, sorted, with their scores.
  private func expand(order: Int, beside scored: ScoredModel) throws -> TupleStore {
    var sorter = TupleSorter(
      keyWidth: order,
      payloadWidth: ArpaBatch.payloadWidth,
      maximumValue: UInt32(words.count),
      memoryBudgetBytes: max(writing.memory(beside: scored) - words.memoryBytes - 4 << 20, 1 << 20),
      temporaryFolder: writing.workspace.path
    )
    var pace = PacedCheck(every: 1 << 14)
    var tuple = [UInt32](repeating: 0, count: order + ArpaBatch.payloadWidth)
    try model.forEachContext(order: order, cancellation: writing.cancellation) { context in
      // Most recent word first, as context order has it.
      let places = context.words.reversed().map { words.members(of: $0) }
      var choice = [Int](repeating: 0, count: places.count)
      if places.contains(where: \.isEmpty) { return }
      while true {
        for place in places.indices { tuple[place] = places[place][choice[place]].id }
        for ngram in context.ngrams {
          for member in words.members(of: ngram.word) {
            try pace.turn(writing.cancellation.check)
            tuple[order - 1] = member.id
            tuple[order] = min(ngram.log10Probability + member.log10Share, 0).bitPattern
            // +0: −0.0 would say that nothing follows, which is found anew.
            tuple[order + 1] = (ngram.log10Backoff + 0).bitPattern
            tuple[order + 2] = 0
            try sorter.append(tuple.span)
          }
        }
        // The next choice of words, like the next number.
        var place = 0
        while place < choice.count {
          choice[place] += 1
          if choice[place] < places[place].count { break }
          choice[place] = 0
          place += 1
        }
        if place == choice.count { break }
      }
    }
    return try sorter.finish()
  }
}
