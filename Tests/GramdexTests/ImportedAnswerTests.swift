import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

@Suite("Answers of imported models")
struct ImportedAnswerTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// A model of order 4 in which the suffixes `b a c` and `a c` of `a b a c` are missing.
  private static let pruned = #"""
    \data\
    ngram 1=6
    ngram 2=7
    ngram 3=5
    ngram 4=3

    \1-grams:
    -1.3	<unk>
    -99	<s>	-0.41
    -0.9	</s>
    -0.7	a	-0.33
    -0.8	b	-0.27
    -1.1	c	-0.19

    \2-grams:
    -0.35	<s> a	-0.22
    -0.45	a b	-0.31
    -0.5	b a	-0.14
    -0.6	b c	-0.12
    -0.65	b b	-0.08
    -0.55	c a	-0.16
    -0.4	c </s>

    \3-grams:
    -0.21	<s> a b	-0.11
    -0.25	a b a	-0.17
    -0.28	a b c	-0.05
    -0.24	b c a	-0.13
    -0.2	b c </s>

    \4-grams:
    -0.12	<s> a b a
    -0.15	a b a c
    -0.18	a b c </s>

    \end\

    """#

  /// What `Model.full_scores` of PyPI's kenlm said of the words and `</s>`: matched length and log10 probability.
  private static let answersOfKenLM: [(String, [(Int, Float)])] = [
    ("a b a c", [(2, -0.35), (3, -0.21), (4, -0.12), (4, -0.15), (2, -0.4)]),
    ("a b c", [(2, -0.35), (3, -0.21), (3, -0.39), (4, -0.18)]),
    (
      "b c a b a c b",
      [
        (1, -1.21), (2, -0.6), (3, -0.24), (2, -0.74), (3, -0.25), (4, -0.15), (1, -0.99),
        (1, -1.17),
      ]
    ),
    ("c c", [(1, -1.51), (1, -1.29), (2, -0.4)]),
    ("a z b a c", [(2, -0.35), (1, -1.85), (1, -0.8), (2, -0.5), (3, -1.57), (2, -0.4)]),
    ("", [(1, -1.31)]),
    (
      "a c b a c c a",
      [
        (2, -0.35), (2, -1.65), (1, -0.99), (2, -0.5), (3, -1.57), (1, -1.29), (2, -0.55),
        (1, -1.39),
      ]
    ),
  ]

  private func open(_ text: String, _ layout: ScoreLayout = .exact) throws -> NGramModel {
    var options = ImportOptions(input: try folder.write("model.arpa", text))
    options.layout = layout
    options.replace = true
    try IndexImporter.run(options, to: folder.path("index"))
    return try NGramModel.open(folder.path("index"))
  }

  @Test func `a pruned model answers what KenLM answers, blank nodes too`() throws {
    let model = try open(Self.pruned)
    for (sentence, expected) in Self.answersOfKenLM {
      let words = model.scoreSentence(sentence).words
      #expect(words.map(\.order) == expected.map(\.0), "\(sentence)")
      for (word, (_, probability)) in zip(words, expected) {
        // Sums of at most three rounded numbers.
        #expect(abs(word.log10Probability - probability) < 1e-6, "\(sentence)")
      }
    }
  }

  @Test(arguments: [ScoreLayout.exact, .compact], [true, false])
  func `blank nodes are no damage to verify`(layout: ScoreLayout, keepsCounts: Bool) throws {
    var options = ImportOptions(input: try folder.write("model.arpa", Self.pruned))
    options.layout = layout
    options.keepCounts = keepsCounts
    let summary = try IndexImporter.run(options, to: folder.path("index"))
    #expect(summary.orders.map(\.blankNodes) == [0, 1, 1, 0])
    let report = try IndexVerifier.run(path: folder.path("index"))
    #expect(report.problems == [])
    #expect(report.ngrams == (keepsCounts ? 17 : 0))
  }

  /// p(word | history) straight from the definition of the format: back off until the n-gram is listed.
  static func naive(_ arpa: ArpaText, _ word: String, _ history: [String]) -> Double {
    let ngram = history + [word]
    if let entry = arpa.entries[ngram.count - 1][ngram] { return entry.log10Probability }
    let backoff = arpa.entries[history.count - 1][history]?.log10Backoff ?? 0
    return backoff + naive(arpa, word, Array(history.dropFirst()))
  }

  /// A model over five words that misses n-grams anywhere, suffixes and prefixes of others too.
  static func holed(seed: UInt64, order: Int) -> String {
    var generator = SeededGenerator(seed: seed)
    let words = ["<unk>", "<s>", "</s>", "a", "b", "c", "d", "e"]
    var text = "\\data\\\n"
    for k in 1...order {
      text += "\n\\\(k)-grams:\n"
      var ngrams = Set(k == 1 ? words : [])
      while k > 1 && ngrams.count < 20 {
        let middle = (0..<k).map { _ in words[3 + generator.next(below: 5)] }
        ngrams.insert(middle.joined(separator: " "))
      }
      for ngram in ngrams.sorted() {
        text += "-\(1 + generator.next(below: 3)).\(10 + generator.next(below: 90))\t\(ngram)"
        text += k < order ? "\t-0.\(10 + generator.next(below: 90))\n" : "\n"
      }
    }
    return text + "\n\\end\\\n"
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `models with holes anywhere back off as the format defines`(seed: UInt64) throws {
    let order = 2 + Int(seed % 4)
    let text = Self.holed(seed: seed, order: order)
    let arpa = ArpaText(Array(text.utf8))
    let model = try open(text)
    #expect(try IndexVerifier.run(path: folder.path("index")).problems == [])
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      var history = ["<s>"]
      var state = model.beginSentenceState
      for _ in 0..<10 {
        let word = ["a", "b", "c", "d", "e"][generator.next(below: 5)]
        let answer = model.score(word, after: state)
        let expected = Self.naive(arpa, word, history)
        // Sums of at most five floats below 16.
        #expect(abs(Double(answer.score.log10Probability) - expected) < 1e-5, "\(history) \(word)")
        state = answer.state
        history = Array((history + [word]).suffix(order - 1))
      }
    }
  }
}
