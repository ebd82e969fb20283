import Foundation
import Gramdex
import GramdexCore
import GramdexScoring

// Rescores n-best lists by one model, in the ways that docs/PERFORMANCE.md compares: hypotheses per CPU second, on one thread.
//
//   RescoringBenchmark INDEX MODEL LISTS [SECONDS]
//
// LISTS has a line for each hypothesis, ID<TAB>TEXT, as Benchmarks/nbest_lists.py writes them. Scores of all hypotheses go to standard
// output when the environment has GRAMDEX_SCORES=exact or estimated.

let arguments = CommandLine.arguments
guard arguments.count >= 4 else {
  print("RescoringBenchmark INDEX MODEL LISTS [SECONDS]")
  exit(64)
}

/// The hypotheses of each list.
func lists(_ path: String) throws -> [[String]] {
  var lists: [[String]] = []
  var last: Substring?
  let text = try String(contentsOfFile: path, encoding: .utf8)
  for line in text.split(separator: "\n") {
    let fields = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
    if fields[0] != last { lists.append([]) }
    last = fields[0]
    lists[lists.count - 1].append(String(fields[1]))
  }
  return lists
}

/// CPU seconds of this process so far.
func cpuSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The places of a list's scores, the best first.
func ranked(_ scores: ArraySlice<Double>) -> [Int] {
  let scores = Array(scores)
  return scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
}

/// Everything at once: the models, the lists, and what is measured.
@MainActor
func run() throws {
  let all = try lists(arguments[3])
  let hypotheses = all.reduce(0) { $0 + $1.count }
  let seconds = arguments.count > 4 ? Double(arguments[4]) ?? 3 : 3
  let ensemble = try RescoringModels([arguments[2]]).open(index: arguments[1])
  let scorer = ensemble.makeScorer()

  /// Lists that are scored together: about two thousand hypotheses, as `rescore` takes them.
  let pieces = stride(from: 0, to: all.count, by: 20).map { $0..<min($0 + 20, all.count) }

  func scores(estimated: Bool) throws -> [Double] {
    try pieces.flatMap { piece in
      try scorer.score(all[piece].flatMap(\.self), estimated: estimated)
        .map { $0.log10Probabilities[0] }
    }
  }

  /// All hypotheses by estimates, then the best of each list exactly; −∞ for the others.
  func cascade(_ kept: Int) throws -> [Double] {
    try pieces.flatMap { piece -> [Double] in
      let texts = all[piece].flatMap(\.self)
      let estimates = try scorer.score(texts, estimated: true).map { $0.log10Probabilities[0] }
      var places: [Int] = []
      var start = 0
      for list in all[piece] {
        places += ranked(estimates[start..<start + list.count]).prefix(kept).map { $0 + start }
        start += list.count
      }
      var result = [Double](repeating: -.infinity, count: texts.count)
      let exact = try scorer.score(places.map { texts[$0] })
      for (place, score) in zip(places, exact) { result[place] = score.log10Probabilities[0] }
      return result
    }
  }

  /// Runs something again and again; returns its last result and prints how fast it was.
  func measure(_ name: String, _ body: () throws -> [Double]) throws -> [Double] {
    var result = try body()
    var runs = 0
    let start = cpuSeconds()
    while runs == 0 || cpuSeconds() - start < seconds {
      result = try body()
      runs += 1
    }
    let rate = Double(hypotheses * runs) / (cpuSeconds() - start)
    print("\(name)\t\(Int(rate.rounded())) hypotheses per CPU second")
    return result
  }

  func agreement(_ left: [Double], _ right: [Double]) -> Double {
    var start = 0
    var equal = 0
    for list in all {
      let range = start..<start + list.count
      if ranked(left[range]).first == ranked(right[range]).first { equal += 1 }
      start += list.count
    }
    return Double(equal) / Double(all.count)
  }

  if let asked = ProcessInfo.processInfo.environment["GRAMDEX_SCORES"] {
    for score in try scores(estimated: asked == "estimated") { print(score) }
    exit(0)
  }

  let words = all.joined().reduce(0) { $0 + $1.split(separator: " ").count + 1 }
  var nodes = 0
  for piece in pieces {
    _ = try scorer.score(all[piece].flatMap(\.self), estimated: true)
    nodes += scorer.lastNodeCount
  }
  print(
    "\(all.count) lists, \(hypotheses) hypotheses, \(words) words, \(nodes) distinct beginnings"
  )
  let exact = try measure("exact") { try scores(estimated: false) }
  if ensemble.canEstimate {
    let estimated = try measure("estimated") { try scores(estimated: true) }
    print("same best as exact\t\(agreement(estimated, exact))")
    for kept in [4, 8, 16] {
      let result = try measure("cascade \(kept)") { try cascade(kept) }
      print("same best as exact\t\(agreement(result, exact))")
    }
  }
}

try run()
