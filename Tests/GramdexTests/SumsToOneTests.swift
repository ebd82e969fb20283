import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

@Suite("Probabilities of a built index")
struct SumsToOneTests {
  /// Options that change which n-grams a model has, or how much they get.
  enum Variant: String, CaseIterable, CustomTestStringConvertible {
    case plain, pruned, closed, limited, prunedAndLimited, uninterpolated, lmplz

    var testDescription: String { rawValue }

    func apply(to options: inout BuildOptions, words: String) {
      switch self {
      case .plain: break
      case .pruned: options.pruning = PruningThresholds([0, 1, 2])
      case .closed: options.vocabulary = words
      case .limited: options.limitVocabulary = words
      case .prunedAndLimited:
        options.pruning = PruningThresholds([0, 0, 1])
        options.limitVocabulary = words
      case .uninterpolated: options.smoothing.interpolateUnigrams = false
      case .lmplz:
        options.smoothing.lmplzCompatible = true
        options.convention = .lmplz
      }
    }
  }

  @Test(arguments: Variant.allCases, 1...3 as ClosedRange<UInt64>)
  func `sum to one after every context, seen or not`(variant: Variant, seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let corpus = Corpora.random(seed: seed, sentences: 60, wordTypes: 9)
    let words = try folder.write("words", "w0\nw1\nw2\nw4\n")
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = 3
    options.memoryBytes = 64 << 20
    options.threads = 2
    variant.apply(to: &options, words: words)
    try IndexBuilder.build(options, to: folder.path("index"))
    let model = try NGramModel.open(folder.path("index"))
    let size = UInt32(model.ngramCounts[0])
    // <s> is no event, and stands at the beginning of a context only.
    let events = (0..<size).filter { $0 != WordID.beginOfSentence.rawValue }.map(WordID.init)
    var states = [model.nullState, model.beginSentenceState]
    for state in states { states += events.map { model.score($0, after: state).state } }
    for state in states.dropFirst(2) {
      states += events.map { model.score($0, after: state).state }
    }
    for state in states {
      let sum = events.reduce(0.0) { sum, word in
        sum + pow(10, Double(model.score(word, after: state).score.log10Probability))
      }
      // About 12 single-precision logarithms.
      #expect(abs(sum - 1) < 1e-5, "after \(state.words.map(\.rawValue))")
    }
  }
}
