import GramdexCore
import GramdexNeuralModels
import GramdexScoring
import TestSupport
import Testing

@Suite("Forests of networks")
struct NeuralForestTests {
  private let workshop: NeuralWorkshop
  /// How far numbers may be apart that oneDNN computes for other numbers of rows.
  private static let tolerance = 2e-3

  init() throws {
    workshop = try NeuralWorkshop()
  }

  private func sentences(_ count: Int, seed: UInt64) -> [String] {
    // Whole lines again, and their beginnings.
    let lines = workshop.lines(count, seed: seed).split(
      separator: "\n",
      omittingEmptySubsequences: false
    )
    .map(String.init)
    return lines + lines.map { String($0.prefix(7)) } + lines.prefix(3)
  }

  @Test(arguments: NeuralWorkshop.Setting.all)
  func `forests are scored as one word after the other`(setting: NeuralWorkshop.Setting) throws {
    let model = try workshop.model(setting)
    let scorer = try Ensemble([Ensemble.Member("network", model)]).makeScorer()
    for count in [1, 40, 400] {
      let sentences = sentences(count, seed: UInt64(count))
      let totals = try scorer.score(sentences)
      for (sentence, total) in zip(sentences, totals).prefix(50) {
        var state = model.beginSentenceState
        let ids = sentence.split(separator: " ").map { model.id(of: String($0)) }
        let expected = (ids + [.endOfSentence]).reduce(0.0) {
          $0 + Double(model.score($1, advancing: &state).log10Probability)
        }
        let difference = abs(total.log10Probabilities[0] - expected)
        #expect(difference <= Self.tolerance * Double(ids.count + 1), "\(sentence)")
      }
    }
  }

  @Test(arguments: NeuralWorkshop.Setting.all)
  func `a sentence's score does not depend on those beside it`(
    setting: NeuralWorkshop.Setting
  ) throws {
    let model = try workshop.model(setting)
    let scorer = try Ensemble([Ensemble.Member("network", model)]).makeScorer()
    let sentences = sentences(60, seed: 8)
    let together = try scorer.score(sentences)
    let apart = try sentences.map { try scorer.score([$0])[0] }
    #expect(together == apart)
  }

  @Test func `estimates are the logits of a network that normalizes itself`() throws {
    let noise = try workshop.model(NeuralWorkshop.Setting(softmax: .noise))
    let full = try workshop.model(NeuralWorkshop.Setting())
    #expect(noise.network.normalizesItself && !full.network.normalizesItself)
    let sentences = sentences(30, seed: 3)
    func scores(_ model: NeuralModel, estimated: Bool) throws -> [Double] {
      try Ensemble([Ensemble.Member("network", model)]).makeScorer()
        .score(sentences, estimated: estimated).map { $0.log10Probabilities[0] }
    }
    #expect(try scores(full, estimated: true) == scores(full, estimated: false))
    let (exact, estimated) = try (
      scores(noise, estimated: false), scores(noise, estimated: true)
    )
    // The normalizer of each context is what they differ by, and it is the same for all words after it: sentences of no words.
    let empty = sentences.indices.filter { sentences[$0].isEmpty }
    #expect(empty.count > 1)
    let differences = empty.map { estimated[$0] - exact[$0] }
    #expect(differences.allSatisfy { $0 == differences[0] && $0 != 0 })
  }
}
