import Foundation
import GramdexCore
public import GramdexNeuralModels

extension TrainingReport {
  /// One line for people.
  public var text: String {
    var parts = [
      "\(seed.map { "seed \($0), " } ?? "")epoch \(epoch), \(Readable.fixed(share * 100, 0))%",
      "perplexity \(Readable.fixed(perplexity, 2))",
      "gradient \(Readable.fixed(gradientNorm, 2))",
    ]
    if clipped > 0 { parts.append("\(Readable.fixed(clipped * 100, 0))% clipped") }
    if !normsAtDistance.isEmpty {
      let norms = zip(Self.distances, normsAtDistance).map { "\($0): \(Self.small($1))" }
      parts.append("at distance \(norms.joined(separator: ", "))")
    }
    parts.append("rate \(Float(rate))")
    parts.append("\(Readable.grouped(UInt64(wordsPerSecond))) words/s")
    if let developmentPerplexity {
      parts.append("development text \(Readable.fixed(developmentPerplexity, 2))")
    }
    return parts.joined(separator: ", ")
  }

  /// A norm: `3.21e-5`, `0`.
  private static func small(_ value: Double) -> String {
    value > 0 ? Readable.scientific(log10Probability: log10(value)) : "0"
  }
}

extension SeedResults {
  /// Which seed the best network has, and how much it owes to chance: for the line that tells its perplexity.
  func text(best: UInt64) -> String {
    guard let standardDeviation else { return "seed \(best), 1 seed" }
    let perplexities = members.map { "\($0.seed): \(Readable.fixed($0.perplexity, 2))" }
    return """
      seed \(best), the best of \(members.count) seeds, \
      mean \(Readable.fixed(mean, 2)) ± \(Readable.fixed(standardDeviation, 2)): \
      \(perplexities.joined(separator: ", "))
      """
  }
}

extension TrainSummary {
  /// The summary for people.
  public var text: String {
    let network = training.network
    let seconds = epochSeconds.isEmpty ? 0 : epochSeconds.reduce(0, +) / Double(epochSeconds.count)
    let best = bestEpoch > 0 ? developmentPerplexities[bestEpoch - 1] : .infinity
    let unknown = Double(unknownTokens) / Double(max(tokens, 1)) * 100
    return """
      \(index): model \(model), \(network.architecture.rawValue), \(network.hidden) units, \
      \(network.softmax.rawValue) softmax, \(Readable.grouped(UInt64(parameters))) parameters
      \(Readable.grouped(UInt64(vocabulary))) words, \(Readable.grouped(tokens)) tokens an epoch, \
      \(Readable.fixed(unknown, 2))% of them unknown to the network
      development text: perplexity \(Readable.fixed(best, 2)) after epoch \(bestEpoch) of \
      \(developmentPerplexities.count) (unknown words as one; sentence state \
      \(training.sentenceState.rawValue); \(seeds.text(best: training.seed)))
      cost: \(Readable.seconds(wallSeconds)), \(Readable.seconds(seconds)) an epoch, \
      \(Readable.fixed(cpuSeconds, 1)) CPU seconds, \(ByteSize.format(peakAnonymousBytes)) of memory

      """
  }
}
