import Foundation
import TestSupport
import Testing

@Suite("gramdex train keeps to its memory", .needsBinary, .serialized)
struct TrainMemoryTests {
  /// A text with so many words.
  private func text(words: Int, tokens: Int) -> String {
    var generator = SeededGenerator(seed: 5)
    var text = ""
    for token in 0..<tokens {
      text += "w\(token < words ? token : generator.next(below: words))"
      text += token % 20 == 19 ? "\n" : " "
    }
    return text + "\n"
  }

  @Test(arguments: [
    (10_000, ["--hidden", "200"]),
    (10_000, ["--hidden", "200", "--softmax", "full"]),
    (10_000, ["--hidden", "200", "--softmax", "full", "--precision", "float32"]),
    (10_000, ["--hidden", "300", "--optimizer", "adam", "--threads", "3", "--dropout", "0"]),
    (2000, ["--hidden", "400", "--architecture", "gru", "--layers", "2", "--lanes", "64"]),
    (100, ["--hidden", "16", "--bptt", "5"]),
  ])
  func `and what a refusal asks for is enough, and not much more`(
    words: Int,
    flags: [String]
  ) throws {
    let here = try TrainWorkshop(
      text(words: words, tokens: max(20_000, words + 1000)),
      development: text(words: words, tokens: 2000)
    )
    var limit = 16
    var refusals = 0
    // The first refusal comes before any text is read, and knows no words yet.
    while true {
      let flags = flags + ["--epochs", "1", "--replace", "--memory", "\(limit)M"]
      let refused = try here.train("model", flags)
      if refused.exitCode == 0 { break }
      let number = try #require(
        refused.errorText.firstMatch(of: /needs ([0-9.]+) ?M/),
        "\(refused)"
      )
      limit = Int(try #require(Double(number.1)).rounded(.up))
      refusals += 1
      try #require(refused.exitCode == 64 && refusals < 3, "\(refused)")
    }
    #expect(refusals > 0)
    let process = try here.start(
      "model",
      flags + ["--epochs", "1", "--replace", "--memory", "\(limit)M", "--json"]
    )
    var peak: UInt64 = 0
    process.wait {
      peak = max(peak, process.anonymousBytes)
      return false
    }
    let outcome = try process.wait()
    try #require(outcome.exitCode == 0, "\(outcome)")
    let summary = try outcome.json(TrainWorkshop.Summary.self)
    peak = max(peak, summary.peakAnonymousBytes)
    #expect(peak <= UInt64(limit) << 20, "\(peak >> 20) MB of \(limit) MB")
    #expect(peak >= UInt64(limit) << 20 / 3, "\(peak >> 20) MB of \(limit) MB")
  }
}
