import Foundation
import GramdexCore
import GramdexText
import TestSupport
import Testing

@testable import GramdexScoring

@Suite("What a report says beside perplexities")
struct PerplexityDetailsTests {
  private let naive = NaiveKneserNey(
    Corpora.random(seed: 8, sentences: 60, wordTypes: 12),
    options: NaiveKneserNey.Options(order: 3)
  )
  private let model: NGramModel
  private let sentences: [[String]]
  private let options: PerplexityOptions

  init() throws {
    model = try MemoryModel(naive.entries).open()
    sentences = Corpora.random(seed: 9, sentences: 50, wordTypes: 14)
    var options = PerplexityOptions()
    options.reportsClosed = true
    options.reportsRanks = true
    self.options = options
  }

  /// Each token with its history.
  private var tokens: [(word: String, history: [String])] {
    sentences.flatMap { sentence in
      let words = ["<s>"] + sentence + ["</s>"]
      return (1..<words.count).map { (words[$0], Array(words[..<$0])) }
    }
  }

  @Test func `a closed vocabulary gives known words the mass of unknown ones`() {
    let report = model.perplexity(of: Corpora.text(sentences), options: options)
    var sum = 0.0
    var known = 0
    for (word, history) in tokens where naive.events.contains(word) {
      let unknown = pow(10, naive.score(of: "<unk>", after: history).log10Probability)
      sum += naive.score(of: word, after: history).log10Probability - log10(1 - unknown)
      known += 1
    }
    let expected = pow(10, -sum / Double(known))
    #expect(known < tokens.count && report.oov == tokens.count - known)
    #expect(abs((report.closedPerplexity ?? 0) / expected - 1) < 1e-5)
    #expect((report.closedPerplexity ?? 0) < report.perplexityExcludingOOV)
  }

  @Test func `ranks count the likelier words`() {
    let report = model.perplexity(of: Corpora.text(sentences), options: options)
    var hits = [0, 0, 0]
    for (word, history) in tokens where naive.events.contains(word) {
      // In single precision, in which the model finds its ties.
      func score(_ word: String) -> Float {
        let before = history.dropFirst().reduce(model.beginSentenceState) {
          model.score(model.id(of: $1), after: $0).state
        }
        return model.score(model.id(of: word), after: before).score.log10Probability
      }
      let own = score(word)
      let rank = 1 + naive.events.count { $0 != "<unk>" && score($0) > own }
      for (index, greatest) in [1, 5, 10].enumerated() where rank <= greatest { hits[index] += 1 }
    }
    #expect(report.details?.hitsPerRank == hits)
    #expect(report.accuracies == hits.map { Double($0) / Double(tokens.count) })
    #expect(hits[0] > 0 && hits[0] < hits[1] && hits[1] < hits[2] && hits[2] < tokens.count)
  }

  @Test func `padding shares the probability of unknown words among unseen types`() {
    let text = Corpora.text(sentences)
    let plain = model.perplexity(of: text)
    let types = naive.events.count - 1
    for (padding, unseen) in [(types + 5, 5.0), (types + 1, 1), (types, 1), (1, 1)] {
      var options = PerplexityOptions()
      options.vocabularyPadding = padding
      let report = model.perplexity(of: text, options: options)
      let share = Double(plain.oov) * log10(unseen)
      #expect(abs(report.log10Probability - (plain.log10Probability - share)) < 1e-9)
      #expect(abs(report.unknownProbability - plain.unknownProbability / unseen) < 1e-12)
      #expect(abs(report.perplexityExcludingOOV / plain.perplexityExcludingOOV - 1) < 1e-9)
    }
  }

  @Test func `a report does not depend on threads, nor do its sums on what is added`() throws {
    let folder = try TemporaryFolder()
    let text = (0..<400).map { _ in Corpora.text(sentences) }.joined()
    let inputs = try TextInputs(InputOptions(paths: [folder.write("text.txt", text)]))
    var one = try model.perplexity(of: inputs, options: options, threads: 1)
    #expect(one == (try model.perplexity(of: inputs, options: options, threads: 3)))
    one.details = nil
    #expect(one == (try model.perplexity(of: inputs)))
  }

  @Test func `fields are added to JSON only when they were asked for`() throws {
    func keys(_ options: PerplexityOptions) throws -> Set<String> {
      let report = model.perplexity(of: "w1 w2\n", options: options)
      let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report))
      return Set(try #require(object as? [String: Any]).keys)
    }
    let plain = try keys(PerplexityOptions())
    var all = options
    all.vocabularyPadding = 100
    let added = try keys(all).subtracting(plain)
    #expect(added == ["closedPerplexity", "top1", "top5", "top10", "vocabularyPadding"])
    #expect(plain.isSubset(of: try keys(all)))
  }
}
