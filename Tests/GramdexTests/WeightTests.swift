import Foundation
import Gramdex
import GramdexIndex
import GramdexText
import TestSupport
import Testing

@Suite("Weighted text")
struct WeightTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// A corpus with a weight for each sentence.
  private func weighted(seed: UInt64, sentences: Int = 40, wordTypes: Int = 12) -> [(
    sentence: [String], weight: Int
  )] {
    var generator = SeededGenerator(seed: seed &+ 100)
    return Corpora.random(seed: seed, sentences: sentences, wordTypes: wordTypes).map {
      ($0, 1 + generator.next(below: 1 + generator.next(below: 9)))
    }
  }

  private func model(
    _ lines: [(sentence: [String], weight: Int)],
    order: Int,
    _ change: (inout BuildOptions) -> Void = { _ in }
  ) throws -> StoredModel {
    let text = lines.map { "\($0.weight) \($0.sentence.joined(separator: " "))\n" }.joined()
    let path = try folder.write("weighted", text)
    return try StoredModel(text: path, NaiveKneserNey.Options(order: order), TemporaryFolder()) {
      $0.weightsInLines = true
      change(&$0)
    }
  }

  private func repeated(_ lines: [(sentence: [String], weight: Int)]) -> Corpora.Corpus {
    lines.flatMap { Array(repeating: $0.sentence, count: $0.weight) }
  }

  @Test(arguments: UInt64(1)...3, [1, 2, 3, 5, 17])
  func `has the bytes of lines that are there so often`(seed: UInt64, order: Int) throws {
    let lines = weighted(seed: seed)
    let reference = try StoredModel(repeated(lines), NaiveKneserNey.Options(order: order))
    let counted = try model(lines, order: order)
    #expect(counted.payloads == reference.payloads)
    #expect(counted.entry.tokens == reference.entry.tokens)
    #expect(counted.entry.sentences == reference.entry.sentences)
  }

  @Test func `has the same bytes with any threads and memory, and many shards`() throws {
    let lines = weighted(seed: 5, sentences: 30_000, wordTypes: 200)
    let options = NaiveKneserNey.Options(order: 4)
    let reference = try StoredModel(repeated(lines), options)
    for (threads, memory) in [(1, 16 << 20), (3, 1 << 30)] as [(Int, UInt64)] {
      let counted = try model(lines, order: 4) {
        $0.threads = threads
        $0.memoryBytes = memory
      }
      #expect(counted.payloads == reference.payloads, "\(threads) threads")
    }
  }

  @Test func `has the same bytes where one context outgrows the memory`() throws {
    var generator = SeededGenerator(seed: 6)
    let lines = (0..<150_000).map { ["w\($0 % 40)", "x"] }
      .map { (sentence: $0, weight: 1 + generator.next(below: 3)) }
    let options = NaiveKneserNey.Options(order: 3)
    let reference = try StoredModel(repeated(lines), options)
    let counted = try model(lines, order: 3) { $0.memoryBytes = 16 << 20 }
    #expect(counted.payloads == reference.payloads)
  }

  @Test func `may have weights far beyond what could be repeated`() throws {
    let lines = [
      (sentence: ["a", "b"], weight: 4_000_000_000), (["a", "c"], 1), (["b", "a"], 7),
    ]
    let counted = try model(lines + lines, order: 3)
    #expect(try counted.rawCount(["a", "b"]) == 8_000_000_000)
    #expect(try counted.rawCount(["<s>", "a", "b"]) == 8_000_000_000)
    #expect(try counted.rawCount(["a"]) == 8_000_000_016)
    #expect(counted.entry.sentences == 8_000_000_016)
  }

  @Test func `by input has the bytes of inputs that are named so often`() throws {
    let corpora = (1...3).map { Corpora.random(seed: UInt64($0)) }
    let paths = try corpora.enumerated().map {
      try folder.write("texts/\($0.offset).txt", Corpora.text($0.element))
    }
    let list = try folder.write("list", paths[2] + "\n")
    let weights = [3, 1, 5]
    let all = zip(corpora, weights).flatMap { Array(repeating: $0, count: $1).joined() }
    let reference = try StoredModel(all, NaiveKneserNey.Options(order: 3))
    let byName = try StoredModel(
      text: paths[0],
      NaiveKneserNey.Options(order: 3),
      TemporaryFolder()
    ) {
      $0.inputs = Array(paths.prefix(2))
      $0.filesFrom = list
      $0.inputWeights = [paths[0]: 3, paths[2]: 5]
    }
    #expect(byName.payloads == reference.payloads)
    // A folder gives its weight to all files in it that have none of their own.
    let byFolder = try StoredModel(
      text: folder.path("texts"),
      NaiveKneserNey.Options(order: 3),
      TemporaryFolder()
    ) { $0.inputWeights = [folder.path("texts"): 3, paths[1]: 1, paths[2]: 5] }
    #expect(byFolder.payloads == reference.payloads)
  }

  @Test func `multiplies the weights of line and input`() throws {
    let lines = weighted(seed: 7)
    let thrice = lines.map { (sentence: $0.sentence, weight: 3 * $0.weight) }
    let reference = try StoredModel(repeated(thrice), NaiveKneserNey.Options(order: 3))
    let counted = try model(lines, order: 3) { $0.inputWeights = [$0.inputs[0]: 3] }
    #expect(counted.payloads == reference.payloads)
  }

  @Test func `has the weight in front of the text, whatever the tokenizer makes of it`() throws {
    let path = try folder.write("weighted", "  12\tab\n2 b a\n\n3\n")
    let counted = try StoredModel(
      text: path,
      NaiveKneserNey.Options(order: 2),
      TemporaryFolder()
    ) {
      $0.weightsInLines = true
      $0.tokenizer.kind = .characters
    }
    #expect(try counted.rawCount(["a", "b"]) == 12)
    #expect(try counted.rawCount(["b", "a"]) == 2)
    #expect(counted.entry.sentences == 14)
  }

  @Test func `keeps the weight of a line that is read in pieces`() throws {
    let long = Array(repeating: "word", count: 1_000_000)
    let lines = [(sentence: long, weight: 3), (["word"], 2), (["other"], 5)]
    let counted = try model(lines, order: 2) { $0.memoryBytes = 16 << 20 }
    #expect(try counted.rawCount(["word", "word"]) == 3 * 999_999)
    #expect(try counted.rawCount(["<s>", "word"]) == 5)
    #expect(try counted.rawCount(["other"]) == 5)
  }

  @Test(arguments: ["a b", "0 a", "-1 a", "1.5 a", "4294967296 a", "9x a"])
  func `is refused where a line has no weight`(line: String) throws {
    let path = try folder.write("bad", "1 a\n\(line)\n")
    var options = BuildOptions(inputs: [path])
    options.weightsInLines = true
    let word = String(line.split(separator: " ")[0])
    #expect(throws: TextError.badWeight(path: path, line: 2, text: word)) {
      try IndexBuilder.build(options, to: folder.path("index"))
    }
    #expect(folder.listing("index").isEmpty)
  }

  @Test func `is refused where the weighted input is not there`() throws {
    var options = BuildOptions(inputs: [try folder.write("text", "a\n")])
    options.inputWeights = ["test": 2]
    #expect(throws: TextError.noWeightedInput(name: "test", inputs: options.inputs)) {
      try IndexBuilder.build(options, to: folder.path("index"))
    }
  }
}
