import Foundation
import Gramdex
import GramdexStorage
import TestSupport
import Testing

@Suite("Dumped counts")
struct CountDumpTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Builds an index and dumps it; returns the text.
  private func dump(
    _ corpus: Corpora.Corpus,
    order: Int,
    _ change: (inout CountDumpOptions) -> Void = { _ in },
    build: (inout BuildOptions) -> Void = { _ in }
  ) throws -> String {
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = order
    options.replace = true
    build(&options)
    try IndexBuilder.build(options, to: folder.path("index"))
    var dump = CountDumpOptions(index: folder.path("index"), output: folder.path("counts"))
    change(&dump)
    try CountDumper.run(dump)
    return try String(contentsOfFile: folder.path("counts"), encoding: .utf8)
  }

  @Test(arguments: UInt64(1)...3, 1...5)
  func `are those of SRILM's definition`(seed: UInt64, order: Int) throws {
    let corpus = Corpora.random(seed: seed)
    let text = try dump(corpus, order: order)
    let expected = NaiveCounts.srilm(corpus, order: order)
    #expect(NaiveCounts.parse(text) == expected)
    #expect(text.split(separator: "\n").count == expected.count)
  }

  @Test func `are those of SRILM's definition on all corpora of up to four words`() throws {
    for corpus in Corpora.small {
      let text = try dump(corpus, order: 3)
      #expect(NaiveCounts.parse(text) == NaiveCounts.srilm(corpus, order: 3), "\(corpus)")
    }
  }

  @Test func `hold n-grams that the model leaves out`() throws {
    let corpus = Corpora.random(seed: 4)
    let text = try dump(corpus, order: 3, build: { $0.pruning = .init([0, 2, 3]) })
    #expect(NaiveCounts.parse(text) == NaiveCounts.srilm(corpus, order: 3))
  }

  @Test func `can be of some orders and of frequent n-grams only`() throws {
    let corpus = Corpora.random(seed: 5)
    let text = try dump(corpus, order: 4) {
      $0.orders = [3, 1]
      $0.minimum = 2
    }
    let expected = NaiveCounts.srilm(corpus, order: 4).filter {
      [1, 3].contains($0.key.count) && $0.value >= 2
    }
    #expect(NaiveCounts.parse(text) == expected)
  }

  @Test func `as JSON are the same, with every byte of the words`() throws {
    let odd = [["a\"b", "back\\slash", "\u{1}\u{1F}"], ["é", "a\"b"]]
    let text = try dump(odd, order: 2) { $0.format = .json }
    struct Row: Decodable {
      var ngram: String
      var count: UInt64
    }
    let rows = try text.split(separator: "\n").map {
      try JSONDecoder().decode(Row.self, from: Data($0.utf8))
    }
    let counts = Dictionary(
      uniqueKeysWithValues: rows.map {
        ($0.ngram.split(separator: " ").map(String.init), $0.count)
      }
    )
    #expect(counts == NaiveCounts.srilm(odd, order: 2))
  }

  @Test func `packed are the same`() throws {
    let corpus = Corpora.random(seed: 6)
    let plain = try dump(corpus, order: 3)
    var options = CountDumpOptions(
      index: folder.path("index"),
      output: folder.path("counts.gz")
    )
    try CountDumper.run(options)
    let packed = try Subprocess.gunzip(URL(filePath: folder.path("counts.gz")))
    #expect(String(decoding: packed, as: UTF8.self) == plain)
    options.output = "-"
    options.format = .google
    #expect(throws: CountDumpError.googleNeedsFolder) { try CountDumper.run(options) }
  }

  @Test(arguments: [16 << 20, 1 << 30] as [UInt64])
  func `in Google's layout are sorted as sort does it, in any memory`(memory: UInt64) throws {
    // Words with bytes below the space and the tab that follow them in a line.
    let words = ["a", "a\u{1}", "a\u{B}", "a\u{1F}", "ab", "Ä", "z", "\u{1}"]
    var generator = SeededGenerator(seed: 3)
    let corpus = (0..<400).map { _ in
      (0..<(1 + generator.next(below: 8))).map { _ in words[generator.next(below: words.count)] }
    }
    _ = try dump(corpus, order: 3)
    var options = CountDumpOptions(
      index: folder.path("index"),
      output: folder.path("google-\(memory)")
    )
    options.format = .google
    options.memoryBytes = memory
    try CountDumper.run(options)
    let expected = NaiveCounts.srilm(corpus, order: 3)
    for order in 1...3 {
      let name = order == 1 ? "1gms/vocab.gz" : "\(order)gms/\(order)gm-0000.gz"
      let bytes = try Subprocess.gunzip(URL(filePath: options.output + "/" + name))
      let lines = bytes.split(separator: 0x0A).map { Array($0) }
      #expect(lines == lines.sorted { $0.lexicographicallyPrecedes($1) })
      let counts = NaiveCounts.parse(String(decoding: bytes, as: UTF8.self))
      #expect(counts == expected.filter { $0.key.count == order })
      if order == 1 { continue }
      let first = String(decoding: lines[0], as: UTF8.self).split(separator: "\t")[0]
      let index = try String(
        contentsOfFile: options.output + "/\(order)gms/\(order)gm.idx",
        encoding: .utf8
      )
      #expect(index == "\(order)gm-0000.gz\t\(first)\n")
    }
    let byCount = try Subprocess.gunzip(
      URL(filePath: options.output + "/1gms/vocab_cs.gz")
    )
    let counts = String(decoding: byCount, as: UTF8.self).split(separator: "\n").map {
      Int($0.split(separator: "\t")[1]) ?? 0
    }
    #expect(counts == counts.sorted(by: >))
    #expect(folder.listing().allSatisfy { !$0.contains("unfinished") })
    #expect(throws: StorageError.exists(path: options.output)) { try CountDumper.run(options) }
  }

  @Test func `of orders that were not counted are refused`() throws {
    #expect(throws: CountDumpError.order(4, largest: 2)) {
      _ = try dump([["a"]], order: 2) { $0.orders = [4] }
    }
  }
}
