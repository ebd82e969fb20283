import Foundation
import Gramdex
import GramdexCore
import GramdexScoring
import GramdexText
import TestSupport
import Testing

/// What is made of class models, beside scores: parts, mixtures, updates and explanations.
@Suite("Class models as others")
struct ClassDerivationTests {
  private let workshop: DerivationWorkshop
  private let classes: String

  private static let file = """
    ODD 3 w1
    ODD 1 w3
    ODD 0.5 w5
    EVEN 1 w2
    EVEN 1 w4
    EVEN 2 never
    ONE 1 w6

    """

  init() throws {
    workshop = try DerivationWorkshop()
    classes = try workshop.folder.write("classes", Self.file)
  }

  private func build(_ corpus: Corpora.Corpus, _ name: String, order: Int = 3) throws {
    try workshop.build(corpus, name, order: order) { $0.classes = classes }
  }

  private func open(_ name: String) throws -> any LanguageModel {
    try IndexModel.open(workshop.index(name))
  }

  /// The scores of a corpus, sentence by sentence.
  private func scores(_ model: any LanguageModel, _ corpus: Corpora.Corpus) -> [[WordScore]] {
    corpus.map { model.scoreSentence($0.joined(separator: " ")).words }
  }

  private func expectSound(_ name: String) throws {
    #expect(try IndexVerifier.run(path: workshop.index(name)).problems == [])
    let next = NextWords(try open(name))
    for context in ["", "<s>", "w1 w2", "never w9", "w3 <s> w6"] {
      let sum = try next.sum(after: next.state(after: context))
      #expect(abs(sum - 1) < 2e-5, "\(name) after \"\(context)\": \(sum)")
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `are restricted to what the classes of a text need`(seed: UInt64) throws {
    try build(Corpora.random(seed: seed, sentences: 150, wordTypes: 14), "whole", order: 4)
    let text = [["w1", "w9", "never"], ["w3", "w9"], ["w8", "w5", "w5"], []]
    let file = try workshop.folder.write("text.txt", Corpora.text(text))
    let input = InputOptions(paths: [file])
    let needs: [(String, RestrictOptions.Need)] = [
      ("text", .text(input)), ("sentences", .sentences(input)),
      ("listed", .vocabulary(try workshop.folder.write("list.txt", "w1 w9\nw8 never\n"))),
    ]
    for (name, need) in needs {
      try IndexRestrictor.run(
        RestrictOptions(index: workshop.index("whole"), need: need),
        to: workshop.index(name)
      )
      let part = try open(name)
      #expect(scores(part, text) == scores(try open("whole"), text), "\(name)")
      // Words of no class of the text, and words that stood for themselves elsewhere.
      #expect(part.scoreSentence("w6 w7").words.map(\.isOOV) == [true, true, false], "\(name)")
      #expect(!part.scoreSentence("w4").words[0].isOOV, "\(name)")
      #expect(try IndexVerifier.run(path: workshop.index(name)).problems == [], "\(name)")
    }
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func `are mixed as models of their classes`(seed: UInt64) throws {
    try build(Corpora.random(seed: seed, wordTypes: 12), "a", order: 3)
    try build(Corpora.random(seed: seed + 50, wordTypes: 16), "b", order: 2)
    try IndexMixer.run(
      MixOptions(indexes: ["a", "b"].map(workshop.index), weights: .given([1, 3])),
      to: workshop.index("mixed")
    )
    let models = try ["a", "b"].map { try workshop.exported($0) }
    try workshop.expect("mixed", equals: NaiveBackoff.mixture(models, [0.25, 0.75]))
    try expectSound("mixed")
    // Single words are listed, so the mixture is exact there.
    let mixed = try open("mixed")
    for word in ["w1", "w2", "never", "w6", "w8", "</s>"] {
      let expected = try zip(["a", "b"], [0.25, 0.75]).reduce(0.0) { sum, part in
        let model = try open(part.0)
        var state = model.anyNullState
        let score = model.score(model.id(of: word), advancing: &state)
        return sum + part.1 * pow(10, Double(score.log10Probability))
      }
      var state = mixed.anyNullState
      let score = mixed.score(mixed.id(of: word), advancing: &state)
      #expect(abs(Double(score.log10Probability) - log10(expected)) < 1e-5, "\(word)")
    }
  }

  @Test func `lose no words to a vocabulary unless their classes are expanded`() throws {
    try build(Corpora.random(seed: 2, sentences: 100, wordTypes: 9), "whole")
    let list = try workshop.folder.write("list", "w1 w2 w7\n")
    let refusal = DerivationError.classVocabulary(index: workshop.index("whole"), model: "ngram")
    #expect(throws: refusal) { try workshop.prune("whole", "few", .vocabulary(list)) }
    try IndexExpander.run(
      ExpandOptions(index: workshop.index("whole")),
      to: workshop.index("words")
    )
    _ = try workshop.prune("words", "few", .vocabulary(list))
    try expectSound("few")
  }

  @Test func `get mixture weights from a text`() throws {
    let first = Corpora.random(seed: 1, sentences: 100, wordTypes: 12)
    try build(first, "a")
    try build(Corpora.random(seed: 2, sentences: 100, wordTypes: 20), "b")
    let file = try workshop.folder.write("development", Corpora.text(Array(first.prefix(20))))
    let summary = try IndexMixer.run(
      MixOptions(indexes: ["a", "b"].map(workshop.index), weights: .tuned([file])),
      to: workshop.index("mixed")
    )
    let weights = try #require(summary.parameters["weights"]).split(separator: ",")
      .compactMap { Double($0) }
    #expect(weights.count == 2 && weights[0] > 0.6)
  }

  @Test func `are not mixed with models of other classes`() throws {
    let corpus = Corpora.random(seed: 5)
    try build(corpus, "a")
    try workshop.build(corpus, "words")
    let other = try workshop.folder.write(
      "other.classes",
      Self.file.replacing("ODD 3", with: "ODD 4")
    )
    try workshop.build(corpus, "other") { $0.classes = other }
    for name in ["words", "other"] {
      for pair in [["a", name], [name, "a"]] {
        #expect(
          throws: DerivationError.otherClasses(
            first: workshop.index(pair[0]),
            other: workshop.index(pair[1])
          )
        ) {
          try IndexMixer.run(
            MixOptions(indexes: pair.map(workshop.index), weights: .given([1, 1])),
            to: workshop.index("mixed")
          )
        }
      }
    }
  }

  /// Expects that both indexes have the same counts and give the same scores.
  private func expectSame(_ left: String, _ right: String, _ corpus: Corpora.Corpus) throws {
    let models = try [left, right].map(open)
    for (a, b) in zip(scores(models[0], corpus), scores(models[1], corpus)) {
      #expect(a.map(\.order) == b.map(\.order))
      #expect(a.map(\.isOOV) == b.map(\.isOOV))
      for (a, b) in zip(a, b) { #expect(abs(a.log10Probability - b.log10Probability) < 1e-6) }
    }
    let counts = try [left, right].map { try NGramCounts(path: workshop.index($0)) }
    for sentence in corpus where !sentence.isEmpty {
      let ngram = sentence.prefix(3).joined(separator: " ")
      #expect(try counts[0].count(of: ngram) == counts[1].count(of: ngram), "\(ngram)")
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `count new text through their classes, and take it away again`(seed: UInt64) throws {
    let old = Corpora.random(seed: seed, sentences: 60, wordTypes: 8)
    // Words of classes that the old text does not have, and new words.
    let new =
      Corpora.random(seed: seed + 70, sentences: 30, wordTypes: 12)
      + [["never", "w6", "fresh"], ["fresh", "w1"]]
    try build(old, "updated")
    try build(old, "old")
    try build(old + new, "rebuilt")
    let file = try workshop.folder.write("new.txt", Corpora.text(new))
    var options = UpdateOptions(inputs: [file])
    options.memoryBytes = 64 << 20
    options.threads = 1
    let summary = try IndexUpdater.update(options, of: workshop.index("updated"))
    #expect(summary.isPublished && summary.newWords > 0)
    let text = old + new + [["zebra", "ODD", "w2"], []]
    try expectSame("updated", "rebuilt", text)
    try expectSound("updated")
    options.removes = true
    _ = try IndexUpdater.update(options, of: workshop.index("updated"))
    try expectSame("updated", "old", text)
    try expectSound("updated")
  }

  @Test func `are explained by the class and the word's share of it`() throws {
    try build(Corpora.random(seed: 9, sentences: 80), "a")
    let explainer = try IndexModel.openExplainer(workshop.index("a"))
    let model = try open("a")
    for text in ["w1 w2 w0", "never zebra ODD", ""] {
      let words = try explainer.explanations(of: text, hasSentenceMarks: true)
      let scores = model.scoreSentence(text).words
      #expect(words.count == scores.count)
      for (word, score) in zip(words, scores) {
        guard case .classed(let explanation) = word else {
          Issue.record("\(word)")
          continue
        }
        #expect(explanation.log10Probability == score.log10Probability)
        #expect(explanation.isOOV == score.isOOV)
        #expect(explanation.explanation.order == score.order)
        let parts = explanation.explanation.log10Probability + explanation.log10Share
        #expect(parts == explanation.log10Probability)
      }
    }
    let first = try explainer.explanations(of: "w1 w8", hasSentenceMarks: false)
    guard case .classed(let odd) = first[0], case .classed(let plain) = first[1] else {
      Issue.record("\(first)")
      return
    }
    #expect(odd.className == "ODD" && abs(odd.log10Share - Float(log10(3 / 4.5))) < 1e-6)
    #expect(plain.className == "w8" && plain.log10Share == 0)
  }

  @Test func `and words are explained together`() throws {
    let corpus = Corpora.random(seed: 9, sentences: 80)
    try build(corpus, "a")
    try workshop.build(corpus, "words")
    let selection = try ModelSelection(
      index: workshop.index("words"),
      others: [workshop.index("a") + "=0.3"]
    )
    let mixture = try selection.open()
    let words = try selection.openExplainer().explanations(of: "w1 w8", hasSentenceMarks: true)
    for (word, score) in zip(words, mixture.scoreSentence("w1 w8").words) {
      // Single precision.
      #expect(abs(word.log10Probability - Double(score.log10Probability)) < 1e-5)
      guard case .mixture(let mixed) = word else {
        Issue.record("\(word)")
        continue
      }
      guard case .ngram = mixed.parts[0].explanation, case .classed = mixed.parts[1].explanation
      else {
        Issue.record("\(mixed)")
        continue
      }
    }
  }
}
