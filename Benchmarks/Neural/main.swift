import GramdexNeural
import GramdexNeuralModels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

// Words a CPU second of training on random words with Zipf's frequencies, for the rows of docs/PERFORMANCE.md:
// NeuralBenchmark ARCHITECTURE SOFTMAX HIDDEN LAYERS [THREADS [WINDOWS [PRECISION [LANES]]]]

func clock(_ kind: clockid_t) -> Double {
  var time = timespec()
  unsafe clock_gettime(kind, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

let arguments = CommandLine.arguments
guard arguments.count >= 5, let hidden = Int(arguments[3]), let layers = Int(arguments[4]),
  let architecture = NetworkOptions.Architecture(rawValue: arguments[1]),
  let softmax = NetworkOptions.Softmax(rawValue: arguments[2])
else {
  print(
    "usage: NeuralBenchmark ARCHITECTURE SOFTMAX HIDDEN LAYERS [THREADS [WINDOWS [PRECISION [LANES]]]]"
  )
  exit(64)
}
let threads = arguments.count > 5 ? Int(arguments[5]) ?? 1 : 1
let windows = arguments.count > 6 ? Int(arguments[6]) ?? 40 : 40
let precision =
  arguments.count > 7 ? Precision(rawValue: arguments[7]) ?? .fastest : Precision.fastest
let lanes = arguments.count > 8 ? Int(arguments[8]) ?? 20 : 20
let steps = 35
let vocabulary = 10_000

var options = NetworkOptions()
options.architecture = architecture
options.softmax = softmax
options.hidden = hidden
options.embedding = hidden
options.layers = layers
options.dropout = 0.2
let frequencies = (1...vocabulary).map { 1 / Double($0) }
let network = WordNetwork(
  options,
  vocabularySize: vocabulary,
  classes: softmax == .classes
    ? OutcomeClasses.byFrequency(frequencies, count: options.classes).classes : nil,
  learns: true,
  precision: precision
)
network.initialize(seed: 1, frequencies: frequencies)
let team = try Team(threads: threads)
let learner = NetworkLearner(
  network,
  optimizer: Optimizer(.adagrad, rate: 0.1),
  clip: 5,
  steps: steps,
  lanes: lanes,
  frequencies: frequencies,
  seed: 1,
  team: team
)
let lottery = AliasTable(frequencies)
var random = CountedRandom(seed: 7, purpose: "benchmark")
var rates: [Double] = []
var wallRates: [Double] = []
var loss = 0.0
for number in 0..<windows {
  let words = (0..<(steps + 1) * lanes).map { _ in Int32(lottery.draw(random.next())) }
  let window = WordWindow(
    inputs: Array(words[..<(steps * lanes)]),
    targets: Array(words[lanes...]),
    steps: steps
  )
  let (cpu, wall) = (clock(CLOCK_PROCESS_CPUTIME_ID), clock(CLOCK_MONOTONIC))
  let step = try learner.learn(window)
  loss = step.loss / Double(step.words)
  if number >= 5 {
    rates.append(Double(steps * lanes) / (clock(CLOCK_PROCESS_CPUTIME_ID) - cpu))
    wallRates.append(Double(steps * lanes) / (clock(CLOCK_MONOTONIC) - wall))
  }
}
rates.sort()
wallRates.sort()
print(
  "\(arguments[1]) \(arguments[2]) \(hidden) x \(layers) \(precision.rawValue) threads \(threads): "
    + "\(Int(rates[rates.count / 2])) words a CPU second, \(Int(wallRates[wallRates.count / 2])) a second, "
    + "loss \(loss)"
)
