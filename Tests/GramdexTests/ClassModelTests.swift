import Foundation
import Gramdex
import GramdexCore
import GramdexScoring
import TestSupport
import Testing

@Suite("Class models")
struct ClassModelTests {
  /// An index of words counted as their classes, with the oracle of the same.
  private struct Built {
    let oracle: NaiveClassModel
    let model: any LanguageModel
    let path: String
    private let folder: TemporaryFolder

    static let classes: [String: [String: Double]] = [
      "ODD": ["w1": 3, "w3": 1, "w5": 0.5], "EVEN": ["w2": 1, "w4": 1, "never": 2],
      "ONE": ["w6": 0.1],
    ]

    static var file: String {
      classes.sorted { $0.key < $1.key }.map { label, members in
        members.sorted { $0.key < $1.key }.map { "\(label) \($0.value) \($0.key)\n" }.joined()
      }.joined()
    }

    init(
      _ corpus: Corpora.Corpus,
      order: Int,
      _ change: (inout BuildOptions) -> Void = { _ in }
    ) throws {
      folder = try TemporaryFolder()
      var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
      options.classes = try folder.write("classes", Self.file)
      options.order = order
      options.memoryBytes = 64 << 20
      options.threads = 1
      change(&options)
      path = folder.path("index")
      try IndexBuilder.build(options, to: path)
      model = try IndexModel.open(path)
      oracle = NaiveClassModel(
        corpus,
        classes: Self.classes,
        options: NaiveKneserNey.Options(order: order)
      )
    }
  }

  @Test(arguments: UInt64(1)...4)
  func `score as the naive one`(seed: UInt64) throws {
    let corpus = Corpora.random(seed: seed)
    for order in 1...4 {
      let built = try Built(corpus, order: order)
      let sentences = Corpora.random(seed: seed + 50, sentences: 10) + [["never", "zebra", "w1"]]
      for sentence in sentences {
        let expected = built.oracle.scores(of: sentence)
        let found = built.model.scoreSentence(sentence.joined(separator: " ")).words
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) {
          // Single precision.
          #expect(
            abs(Double(found.log10Probability) - expected.log10Probability) < 2e-5,
            "seed \(seed), order \(order), \(sentence)"
          )
          #expect(found.order == expected.order, "seed \(seed), order \(order), \(sentence)")
        }
      }
    }
  }

  @Test func `score texts in batches as word by word`() throws {
    let model = try Built(Corpora.random(seed: 7), order: 3).model
    let text = "w1 w2 zebra w3\n\nw8 w6 <s> w4\nnever ODD w0\n"
    let lines = model.query(text).map { $0.words.map(\.score) }
    let sentences = ["w1 w2 zebra w3", "", "w8 w6 w4", "never ODD w0"]
    #expect(lines == sentences.map { model.scoreSentence($0).words })
    let unknown = lines.map { $0.map(\.isOOV) }
    #expect(unknown[0] == [false, false, true, false, false] && !unknown[3].contains(true))
  }

  @Test(arguments: 1...3)
  func `sum to one over words after every context`(order: Int) throws {
    let built = try Built(Corpora.random(seed: 11), order: order)
    try expectSumsToOne(built.model, built.oracle.words)
  }

  private func expectSumsToOne(_ model: any LanguageModel, _ words: [String]) throws {
    func check<Model: LanguageModel>(_ model: Model) {
      for context in [[], ["w1"], ["w2", "w0"], ["zebra", "w3"], ["never"]] {
        var state = model.beginSentenceState
        for word in context { _ = model.score(word, advancing: &state) }
        let distribution = model.log10Distribution(after: state)
        let sum = distribution.reduce(0) { $0 + pow(10, Double($1)) }
        #expect(abs(sum - 1) < 1e-5, "\(context)")
        for word in words {
          let id = model.lexicon.id(of: word)
          let score = model.score(id, after: state).score.log10Probability
          #expect(abs(distribution[Int(id.rawValue)] - score) < 1e-6, "\(context) \(word)")
        }
        let finite = distribution.count { $0 > -.infinity }
        #expect(finite == words.count, "\(context)")
      }
    }
    check(model)
  }

  @Test func `take the name of a class in text as any of its words`() throws {
    let corpus = Corpora.random(seed: 13)
    let plain = try Built(corpus, order: 2)
    let named = try Built(corpus.map { $0.map { $0 == "w3" ? "ODD" : $0 } }, order: 2)
    let text = "w1 w2 w3 w0"
    #expect(named.model.scoreSentence(text) == plain.model.scoreSentence(text))
    let word = plain.model.score("w1", after: plain.model).log10Probability
    let label = plain.model.score("ODD", after: plain.model).log10Probability
    #expect(abs(word - label - Float(log10(3 / 4.5))) < 1e-6)
  }

  @Test func `mix with models of words`() throws {
    let corpus = Corpora.random(seed: 17)
    let classes = try Built(corpus, order: 2)
    let folder = try TemporaryFolder()
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = 3
    options.memoryBytes = 64 << 20
    try IndexBuilder.build(options, to: folder.path("words"))
    let words = try NGramModel.open(folder.path("words"))
    let mixture = try ModelSelection(
      index: classes.path,
      others: ["\(folder.path("words"))=0.75"]
    ).open()
    for sentence in Corpora.random(seed: 18, sentences: 5) {
      let text = sentence.joined(separator: " ")
      let mixed = mixture.scoreSentence(text).words
      let left = classes.model.scoreSentence(text).words
      let right = words.scoreSentence(text).words
      for ((mixed, left), right) in zip(zip(mixed, left), right) {
        let expected =
          0.25 * pow(10, Double(left.log10Probability))
          + 0.75 * pow(10, Double(right.log10Probability))
        #expect(abs(Double(mixed.log10Probability) - log10(expected)) < 1e-5)
      }
    }
  }

  @Test func `are estimated anew over the counts of classes`() throws {
    let built = try Built(Corpora.random(seed: 19), order: 3)
    var options = EstimateOptions(name: "wb")
    options.estimation.smoothing = .wittenBell
    options.memoryBytes = 64 << 20
    try IndexEstimator.run(options, in: built.path)
    let model = try IndexModel.open(built.path, model: "wb")
    #expect(model.scoreSentence("w1 w2") != built.model.scoreSentence("w1 w2"))
    try expectSumsToOne(model, built.oracle.words)
  }

  @Test func `count words as their classes, and pass verification`() throws {
    let corpus = [["w1", "w2", "x"], ["w3", "w4", "w0"]]
    let built = try Built(corpus, order: 2)
    let counts = try NGramCounts(path: built.path)
    #expect(try counts.count(of: "w5 never") == 2)
    #expect(try counts.count(of: "ODD EVEN") == 2)
    #expect(try counts.count(of: "x </s>") == 1)
    #expect(try IndexVerifier.run(path: built.path).isSound)
    let info = try IndexInfo(path: built.path)
    #expect(info.classes == 3 && info.classedWords == 7)
    #expect(info.vocabulary == 3 + 3 + 2)
  }

  @Test func `know words of a closed vocabulary, of classes or not`() throws {
    let folder = try TemporaryFolder()
    let list = try folder.write("list", "w0\nw1\n")
    let built = try Built(Corpora.random(seed: 23), order: 2) { $0.vocabulary = list }
    let unknown = built.model.scoreSentence("w0 w1 w2 w7").words.map(\.isOOV)
    #expect(unknown == [false, false, false, true, false])
  }

  @Test func `are the same bytes with any threads`() throws {
    let corpus = Corpora.random(seed: 29, sentences: 500)
    let reference = try Built(corpus, order: 3)
    let threaded = try Built(corpus, order: 3) { $0.threads = 3 }
    for file in ["ngrams-000001.mdb"] {
      let left = try Data(contentsOf: URL(filePath: reference.path).appending(path: file))
      let right = try Data(contentsOf: URL(filePath: threaded.path).appending(path: file))
      #expect(left == right)
    }
  }

  @Test func `are no models of words`() throws {
    let built = try Built([["w1", "w2"]], order: 2)
    var failure: ScoringError?
    do {
      _ = try NGramModel.open(built.path)
    } catch let error as ScoringError {
      failure = error
    }
    guard case .classModel(name: "ngram", let path) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(path.hasPrefix(built.path))
  }

  @Test func `have no limited vocabulary, and none of lmplz`() throws {
    var options = BuildOptions(inputs: ["text"])
    options.classes = "classes"
    options.limitVocabulary = "words"
    #expect(throws: OptionsError.classesWithLimit) { try options.validated() }
    options.limitVocabulary = nil
    options.smoothing.lmplzCompatible = true
    #expect(throws: OptionsError.classesAsLmplz) { try options.validated() }
  }
}

extension LanguageModel {
  /// The score of `word` at the beginning of a sentence of `model`, which is this one.
  fileprivate func score(_ word: String, after model: any LanguageModel) -> WordScore {
    score(word, after: beginSentenceState).score
  }
}
