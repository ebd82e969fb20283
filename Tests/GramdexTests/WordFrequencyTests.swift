import Foundation
import Gramdex
import GramdexCounting
import GramdexText
import TestSupport
import Testing

@Suite("Word frequencies")
struct WordFrequencyTests {
  private let folder: TemporaryFolder
  private let corpus = Corpora.random(seed: 3, sentences: 3_000, wordTypes: 900, longest: 20)

  init() throws {
    folder = try TemporaryFolder()
  }

  private func inputs() throws -> TextInputs {
    try TextInputs(InputOptions(paths: [try folder.write("text", Corpora.text(corpus))]))
  }

  private var expected: [(word: String, count: UInt64)] {
    Dictionary(grouping: corpus.joined(), by: { $0 }).map { ($0.key, UInt64($0.value.count)) }
      .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
  }

  private func list(
    _ words: WordFrequencies,
    top: Int = .max,
    minimum: UInt64 = 1
  ) -> [(word: String, count: UInt64)] {
    var list: [(word: String, count: UInt64)] = []
    words.forEach(top: top, minimum: minimum) { bytes, count in
      list.append((String(decoding: bytes, as: UTF8.self), count))
    }
    return list
  }

  @Test(arguments: [1, 3])
  func `of a text and of its index are counted right`(threads: Int) throws {
    var options = VocabularyOptions()
    options.threads = threads
    let text = try WordFrequencies(of: inputs(), options)
    var build = BuildOptions(inputs: [folder.path("text")])
    build.order = 2
    try IndexBuilder.build(build, to: folder.path("index"))
    let index = try WordFrequencies(index: folder.path("index"))
    for words in [text, index] {
      #expect(list(words).elementsEqual(expected, by: ==))
      #expect(words.types == expected.count)
      #expect(words.tokens == UInt64(corpus.joined().count))
      #expect(list(words, top: 5).elementsEqual(expected.prefix(5), by: ==))
      let frequent = expected.filter { $0.count >= 10 }
      #expect(list(words, minimum: 10).elementsEqual(frequent, by: ==))
    }
  }

  @Test(arguments: [nil, 1_000, 7] as [UInt64?], [1, 3])
  func `grow as the text goes on`(step: UInt64?, threads: Int) throws {
    var options = VocabularyOptions()
    options.threads = threads
    options.wantsGrowth = true
    options.growthStep = step
    var rows: [VocabularyGrowth] = []
    var seen = Set<String>()
    var (tokens, next) = (UInt64(0), step ?? 1)
    for word in corpus.joined() {
      seen.insert(word)
      tokens += 1
      if tokens == next {
        rows.append(VocabularyGrowth(tokens: tokens, types: UInt64(seen.count)))
        next = step.map { next + $0 } ?? 2 * next
      }
    }
    if rows.last?.tokens != tokens {
      rows.append(VocabularyGrowth(tokens: tokens, types: UInt64(seen.count)))
    }
    #expect(try WordFrequencies(of: inputs(), options).growth == rows)
  }

  @Test func `cover shares of the text`() throws {
    let words = try WordFrequencies(of: inputs())
    let total = expected.reduce(0) { $0 + $1.count }
    for row in words.coverage() {
      let sums = expected.prefix(row.types).map(\.count)
      #expect(Double(sums.reduce(0, +)) >= row.percent / 100 * Double(total))
      #expect(Double(sums.dropLast().reduce(0, +)) < row.percent / 100 * Double(total))
      #expect(row.count == sums.last)
    }
    #expect(words.coverage().map(\.percent) == [50, 75, 90, 95, 99, 100])
  }

  @Test func `count unknown words in a text and no sentence ends`() throws {
    let path = try folder.write("odd", "a <unk> a\n<s> b </s>\n\n")
    let words = try WordFrequencies(of: TextInputs(InputOptions(paths: [path])))
    #expect(words.tokens == 4)
    #expect(words.types == 2)
    #expect(list(words).map(\.word) == ["a", "b"])
    // The unknown word keeps the others from covering everything.
    #expect(words.coverage().map(\.percent) == [50, 75])
  }

  @Test func `that an index lacks are found, and those outside its limits`() throws {
    let train = try folder.write("train", "a b c\na b\na\n")
    var build = BuildOptions(inputs: [train])
    build.order = 2
    build.limitVocabulary = try folder.write("limit", "a c\n")
    build.tokenizer.lowercase = true
    try IndexBuilder.build(build, to: folder.path("index"))
    let text = try folder.write("test", "A b B\nd c <unk> d\nE\n")
    let report = try UnknownWords(
      of: TextInputs(InputOptions(paths: [text])),
      index: folder.path("index"),
      listed: true
    )
    #expect(report.tokens == 8)
    #expect(report.types == 5)
    #expect(report.unknownTokens == 6)
    #expect(report.unknownTypes == 3)
    #expect(abs(report.tokenRate - 0.75) < 1e-12)
    #expect(abs(report.typeRate - 0.6) < 1e-12)
    #expect(
      report.words == [
        UnknownWords.Word(word: "b", count: 2), UnknownWords.Word(word: "d", count: 2),
        UnknownWords.Word(word: "e", count: 1),
      ]
    )
  }

  @Test func `need memory for the vocabulary, and say how much`() throws {
    let path = try folder.write("many", (0..<400_000).map { "word-number-\($0)\n" }.joined())
    var options = VocabularyOptions()
    options.memoryBytes = 16 << 20
    options.threads = 1
    #expect(throws: CountingError.self) {
      try WordFrequencies(of: TextInputs(InputOptions(paths: [path])), options)
    }
  }
}
