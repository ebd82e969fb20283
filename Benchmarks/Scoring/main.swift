// Measures scoring of words whose ids are known, on one thread, in CPU time. Not a product: run it from a checkout.
//
//   swift run -c release ScoringBenchmark INDEX TEXT
//
// TEXT is plain, a sentence a line, words apart by spaces. It is scored word by word and in batches, several
// times each, the first time to bring the pages in; the least time counts.

import Foundation
import GramdexCore
import GramdexScoring
import GramdexStorage

let rounds = 5

/// Ends the program with a message.
func fail(_ message: String, code: Int32) -> Never {
  FileHandle.standardError.write(Data("ScoringBenchmark: \(message)\n".utf8))
  exit(code)
}

/// What `body` returns; an error ends the program.
func require<Value>(_ body: () throws -> Value) -> Value {
  do { return try body() } catch { fail("\(error)", code: 65) }
}

guard CommandLine.arguments.count == 3 else {
  fail("usage: ScoringBenchmark INDEX TEXT", code: 64)
}
let wall = ContinuousClock()
var opened: [Duration] = []
for _ in 0..<rounds {
  opened.append(
    wall.measure {
      let model = require { try NGramModel.open(CommandLine.arguments[1]) }
      _ = model.scoreSentence("the first answer")
    }
  )
}
let model = require { try NGramModel.open(CommandLine.arguments[1]) }
let text = require { try String(contentsOfFile: CommandLine.arguments[2], encoding: .utf8) }
let sentences = text.split(separator: "\n").map { line in
  line.split(separator: " ").map { model.id(of: String($0)) } + [.endOfSentence]
}
let wordCount = sentences.reduce(0) { $0 + $1.count }

/// The least CPU time a word of several calls of `score`, in nanoseconds, and what it returned.
func measure(_ score: () -> Double) -> (nanoseconds: Double, log10Probability: Double) {
  var least = Double.infinity
  var sum = 0.0
  for _ in 0...rounds {
    let start = clock()
    sum = score()
    least = min(least, Double(clock() - start) / Double(CLOCKS_PER_SEC))
  }
  return (least * 1e9 / Double(max(wordCount, 1)), sum)
}

let sequential = measure {
  var sum = 0.0
  for sentence in sentences {
    var state = model.beginSentenceState
    for word in sentence {
      sum += Double(model.score(word, advancing: &state).log10Probability)
    }
  }
  return sum
}

// The ids as the batch scorer takes them, with the places that it needs before them.
let places = model.order..<model.order + wordCount + sentences.count
let ids = RecordBuffer<UInt32>(uninitialized: places.upperBound)
let scores = RecordBuffer<Float>(uninitialized: places.upperBound)
let orders = RecordBuffer<UInt8>(uninitialized: places.upperBound)
var place = places.lowerBound
for sentence in sentences {
  for word in [.beginOfSentence] + sentence {
    ids[place] = word.rawValue
    place += 1
  }
}
let batched = measure {
  var scorer = BatchScorer(model)
  _ = scorer.score(ids, places, after: State(), scores: scores, orders: orders)
  var sum = 0.0
  for place in places { sum += Double(scores[place]) }
  return sum
}

print("words\t\(wordCount)")
let least = opened.min() ?? .zero
let first = String(
  format: "%.2f",
  Double(least.components.attoseconds) * 1e-15 + Double(least.components.seconds) * 1e3
)
print("first answer\t\(first) ms, opening included")
for (name, result) in [("sequential", sequential), ("batched", batched)] {
  let time = String(format: "%.1f", result.nanoseconds)
  print("\(name)\t\(time) ns a word\tlog10 probability \(result.log10Probability)")
}
