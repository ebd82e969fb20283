import Foundation
import Gramdex
import GramdexCore
import GramdexNeuralModels
import GramdexScoring
import GramdexText
import TestSupport
import Testing

@Suite("The share of unknown words")
struct UnknownShareTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path("index")
    let text = try folder.write("text", Corpora.text(Corpora.random(seed: 7, wordTypes: 30)))
    var options = BuildOptions(inputs: [text])
    options.order = 2
    options.memoryBytes = 64 << 20
    options.threads = 1
    try IndexBuilder.build(options, to: path)
  }

  private func list(_ model: NGramModel, limit: Int) throws -> ShortList {
    let text = try TrainingText.read(
      TextInputs(InputOptions(paths: [folder.path("text")])),
      tokenizer: model.tokenizer,
      lexicon: model.lexicon,
      folder: folder.url.path
    )
    return ShortList(of: text, limit: limit)
  }

  @Test(arguments: [2, 3, 10, 1000])
  func `shares sum to one, and are unigram probabilities in proportion`(limit: Int) throws {
    let model = try NGramModel.open(path)
    let list = try list(model, limit: limit)
    let share = UnknownShare(model, list)
    func unigram(_ id: UInt32) -> Double {
      let score = model.score(WordID(rawValue: id), after: model.nullState).score
      return pow(10, Double(score.log10Probability))
    }
    let outside = (0..<UInt32(model.lexicon.count)).filter { !list.contains($0) }
    #expect(outside.first == 0 && outside.count == model.lexicon.count - list.count)
    let shares = outside.map { pow(10, share.log10Share(of: WordID(rawValue: $0))) }
    #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
    let mass = outside.reduce(0) { $0 + unigram($1) }
    for (id, found) in zip(outside, shares) {
      #expect(abs(found * mass / unigram(id) - 1) < 1e-12, "word \(id)")
    }
    #expect(share.wordCount == outside.count)
    #expect(abs(share.unigramProbability - mass) < 1e-12)
    // Ids that the index does not have are unknown words.
    #expect(
      share.log10Share(of: WordID(rawValue: .max)) == share.log10Share(of: .unknown)
    )
  }

  @Test func `probabilities of all words of the index sum to one`() throws {
    let model = try NGramModel.open(path)
    let list = try list(model, limit: 8)
    let share = UnknownShare(model, list)
    // What a network could say after some context.
    let weights = (0..<list.count).map { Double($0 * $0 + 1) }
    let network = weights.map { $0 / weights.reduce(0, +) }
    var sum = 0.0
    for id in 0..<UInt32(model.lexicon.count) where id != WordID.beginOfSentence.rawValue {
      let place = list.networkID(of: id)
      let log10Share = place == ShortList.unknown ? share.log10Share(of: WordID(rawValue: id)) : 0
      sum += network[Int(place)] * pow(10, log10Share)
    }
    #expect(abs(sum - 1) < 1e-12)
  }

  @Test func `words without any probability share equally`() throws {
    let arpa = """
      \\data\\
      ngram 1=5

      \\1-grams:
      -99\t<unk>
      -99\t<s>
      0\t</s>
      -99\ta
      -99\tb

      \\end\\

      """
    let input = try folder.write("m.arpa", arpa)
    try IndexImporter.run(ImportOptions(input: input), to: folder.path("imported"))
    let model = try NGramModel.open(folder.path("imported"))
    let list = try ShortList(
      words: ["<unk>", "</s>"].map { Array($0.utf8) },
      lexicon: model.lexicon,
      model: "m"
    )
    let share = UnknownShare(model, list)
    let shares = [0, 3, 4].map { pow(10, share.log10Share(of: WordID(rawValue: $0))) }
    #expect(shares.allSatisfy { abs($0 - 1 / 3) < 1e-6 })
  }
}
