import Foundation
import GramdexCore
import GramdexNeural
import GramdexNeuralModels
import GramdexScoring
import GramdexText
import TestSupport
import Testing

@Suite("Dynamic evaluation")
struct DynamicEvaluationTests {
  private let workshop: NeuralWorkshop

  init() throws {
    workshop = try NeuralWorkshop()
  }

  private func ids(_ lines: String) -> [WordID] {
    lines.split(separator: "\n").flatMap { line in
      [.beginOfSentence] + line.split(separator: " ").map { workshop.unigrams.id(of: String($0)) }
        + [.endOfSentence]
    }
  }

  private func scores(_ model: some LanguageModel, _ words: [WordID]) -> [Float] {
    model.scoreBatch(words, after: model.nullState).scores.map(\.log10Probability)
  }

  /// The places of the scored words.
  private func scoredPlaces(_ words: [WordID]) -> [Int] {
    words.indices.filter { words[$0] != .beginOfSentence }
  }

  @Test(arguments: [SentenceState.carry, .reset], [1, 7, 20])
  func `a word is scored before anything is learned from it`(
    state: SentenceState,
    window: Int
  ) throws {
    let model = try workshop.model(NeuralWorkshop.Setting(sentenceState: state))
    let dynamic = try DynamicNeuralModel(model, DynamicEvaluation(rate: 0.1, window: window))
    let words = ids(workshop.lines(40, seed: 1))
    let places = scoredPlaces(words)
    let asStored = scores(model, words)
    let learned = scores(dynamic, words)
    let first = places.prefix(window)
    #expect(first.allSatisfy { abs(learned[$0] - asStored[$0]) < 1e-5 })
    #expect(zip(learned, asStored).contains { abs($0 - $1) > 0.01 })
    // Another text from some place on: all before is scored alike.
    let border = places[places.count / 2]
    let other = words.indices.map { place in
      place < border || words[place].rawValue < WordID.reservedCount
        ? words[place] : WordID(rawValue: 4)
    }
    let changed = scores(dynamic, other)
    #expect(changed[..<border] == learned[..<border])
    #expect(changed[border...] != learned[border...])
  }

  @Test func `what is learned does not depend on how a text is cut`() throws {
    let model = try workshop.model(NeuralWorkshop.Setting(sentenceState: .reset))
    let dynamic = try DynamicNeuralModel(model, DynamicEvaluation(rate: 0.05, window: 9))
    let text = workshop.lines(6000, seed: 5)
    let path = try workshop.folder.write("text.long", text)
    let inputs = { try TextInputs(InputOptions(paths: [path])) }
    let reports = try [1, 3].map { try dynamic.perplexity(of: inputs(), threads: $0) }
    #expect(reports[0] == reports[1])
    #expect(reports[0].dynamicEvaluation == DynamicEvaluation(rate: 0.05, window: 9))
    #expect(reports[0].sentenceState == "reset")
    // One block.
    let whole = dynamic.perplexity(of: text)
    #expect(abs(whole.perplexity / reports[0].perplexity - 1) < 1e-4)
    // Each line by itself, as a dialog has them.
    var sum = 0.0
    try dynamic.query(inputs(), threads: 1) { lines in
      lines.filter { $0.words.count > 1 }.flatMap(\.words).reduce(0) {
        $0 + Double($1.score.log10Probability)
      }
    } consume: {
      sum += $0
    }
    #expect(sum.isFinite)
  }

  @Test func `repeated text becomes likelier, and the stored network stays`() throws {
    let model = try workshop.model(NeuralWorkshop.Setting())
    let before = model.network.parameters.map(\.values.elements)
    let dynamic = try DynamicNeuralModel(model, DynamicEvaluation(rate: 0.1, window: 10))
    let text = String(repeating: "w3 w1 w4 w1 w5\nw9 w2 w6\n", count: 40)
    let plain = model.perplexity(of: text).perplexity
    let learned = dynamic.perplexity(of: text).perplexity
    #expect(learned < plain * 0.5, "\(learned) \(plain)")
    #expect(model.network.parameters.map(\.values.elements) == before)
    #expect(dynamic.perplexity(of: text).perplexity == learned)
    #expect(model.perplexity(of: text).perplexity == plain)
    // In a mixture it learns as well.
    let mixtures = try [model as any LanguageModel, dynamic].map {
      try Mixture([.init(workshop.unigrams, weight: 0.5), .init($0, weight: 0.5)])
    }
    #expect(
      mixtures[1].perplexity(of: text).perplexity < mixtures[0].perplexity(of: text).perplexity
    )
    #expect(mixtures[1].dynamicEvaluation == dynamic.options && mixtures[1].remembersSentences)
  }

  @Test(arguments: NeuralWorkshop.Setting.all)
  func `networks of every sort learn while they score`(setting: NeuralWorkshop.Setting) throws {
    let model = try workshop.model(setting)
    let dynamic = try DynamicNeuralModel(model, DynamicEvaluation(rate: 0.02, window: 10))
    let text = String(repeating: "w3 w1 w4 w1 w5\nw9 w2 w6\n", count: 60)
    let plain = model.perplexity(of: text).perplexity
    let learned = dynamic.perplexity(of: text).perplexity
    #expect(learned < plain, "\(learned) \(plain)")
  }

  @Test func `a document begins with the stored network`() throws {
    let model = try workshop.model(NeuralWorkshop.Setting())
    let dynamic = try DynamicNeuralModel(model, DynamicEvaluation(rate: 0.1, window: 4))
    let document =
      workshop.lines(30, seed: 2).split(separator: "\n").filter { !$0.isEmpty }
      .joined(separator: "\n") + "\n"
    var options = PerplexityOptions()
    options.endsDocuments = true
    let one = dynamic.perplexity(of: document, options: options)
    let two = dynamic.perplexity(of: document + "\n" + document, options: options)
    #expect(two.tokens == 2 * one.tokens)
    #expect(abs(two.log10Probability - 2 * one.log10Probability) < 1e-3)
    let joined = dynamic.perplexity(of: document + document, options: options)
    #expect(joined.log10Probability > two.log10Probability + 1)
  }

  @Test func `rates that make numbers infinite are an error`() throws {
    let model = try workshop.model(NeuralWorkshop.Setting(), clip: .infinity)
    let dynamic = try DynamicNeuralModel(model, DynamicEvaluation(rate: 1e38, window: 2))
    let path = try workshop.folder.write("text.new", workshop.lines(50, seed: 3))
    #expect(throws: NeuralModelError.dynamicEvaluationDiverged(rate: 1e38)) {
      try dynamic.perplexity(of: TextInputs(InputOptions(paths: [path])))
    }
    #expect(throws: NeuralModelError.dynamicEvaluationDiverged(rate: 1e38)) {
      try dynamic.query(TextInputs(InputOptions(paths: [path]))) {
        $0.count
      } consume: { _ in
      }
    }
    #expect(dynamic.perplexity(of: workshop.lines(50, seed: 3)).perplexity.isNaN)
    for options in [
      DynamicEvaluation(rate: 0), DynamicEvaluation(rate: -1), DynamicEvaluation(rate: .nan),
      DynamicEvaluation(rate: 1, window: 0), DynamicEvaluation(rate: .infinity),
    ] {
      #expect(throws: NeuralModelError.self) { try DynamicNeuralModel(model, options) }
    }
  }
}
