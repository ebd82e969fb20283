import GramdexCore
import GramdexStorage

/// Weights sought on all lists but some, and measured on those: what to expect on lists that were not seen.
public struct CrossValidation: Hashable, Sendable {
  /// The weights of each fold, sought without its lists.
  public var foldWeights: [[Double]]
  /// Which fold each list belongs to.
  public var folds: [Int]
  /// The hypothesis of each list, counted from 0, that weights sought without the list choose.
  public var choices: [Int]
  /// The error rate, or BLEU, of these choices.
  public var measure: Double

  /// Divides the lists into folds at random, and seeks the weights of each.
  ///
  /// - Throws: `TuningError`, also for fewer than two folds or more than there are lists.
  public init(
    of search: WeightSearch,
    lists: TuningLists,
    weights: [TunableWeight],
    folds count: Int,
    threads: Int = 1
  ) throws {
    guard (2...max(2, lists.count)).contains(count), lists.count >= count else {
      throw TuningError.folds(count, lists: lists.count)
    }
    let folds = Self.folds(lists: lists.count, count: count, seed: search.seed)
    let found = try Parallel.map(count: count, threads: threads) { fold in
      try search.result(
        for: lists.selecting(folds.indices.filter { folds[$0] != fold }),
        weights: weights
      ).weights
    }
    var choices = [Int](repeating: 0, count: lists.count)
    for fold in 0..<count {
      let all = lists.choices(weights: found[fold])
      for list in folds.indices where folds[list] == fold { choices[list] = all[list] }
    }
    self.folds = folds
    foldWeights = found
    self.choices = choices
    measure = lists.measure(choices: choices)
  }

  /// Folds of sizes that differ by at most one: the lists in random order (Fisher & Yates), dealt out in turn.
  package static func folds(lists: Int, count: Int, seed: UInt64) -> [Int] {
    var random = SplitMix64(seed: seed, stream: UInt64.max)
    var order = Array(0..<lists)
    for index in order.indices.reversed().dropLast() {
      order.swapAt(index, random.next(below: index + 1))
    }
    var folds = [Int](repeating: 0, count: lists)
    for (place, list) in order.enumerated() { folds[list] = place % count }
    return folds
  }
}
