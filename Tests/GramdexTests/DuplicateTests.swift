import Foundation
import Gramdex
import GramdexIndex
import TestSupport
import Testing

@Suite("A build without repeated lines")
struct DuplicateTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func model(
    _ text: String,
    order: Int = 3,
    _ change: (inout BuildOptions) -> Void = { _ in }
  ) throws -> StoredModel {
    try StoredModel(
      text: try folder.write("text-\(UUID().uuidString)", text),
      NaiveKneserNey.Options(order: order),
      TemporaryFolder()
    ) { change(&$0) }
  }

  /// The first of equal sentences, in their order.
  private func unique(_ corpus: Corpora.Corpus) -> Corpora.Corpus {
    var seen = Set<[String]>()
    return corpus.filter { seen.insert($0).inserted }
  }

  @Test(arguments: UInt64(1)...4)
  func `has the bytes of one of the text without them`(seed: UInt64) throws {
    let corpus = Corpora.random(seed: seed, sentences: 200, wordTypes: 4, longest: 4)
    let kept = unique(corpus)
    let counted = try model(Corpora.text(corpus)) { $0.removeDuplicates = true }
    #expect(counted.payloads == (try StoredModel(kept, NaiveKneserNey.Options(order: 3))).payloads)
    #expect(counted.summary.duplicatesRemoved == UInt64(corpus.count - kept.count))
    #expect(counted.entry.sentences == UInt64(kept.count))
    #expect(kept.count < corpus.count)
  }

  @Test func `is the same with any threads and memory`() throws {
    let corpus = Corpora.random(seed: 5, sentences: 60_000, wordTypes: 30, longest: 6)
    let kept = unique(corpus)
    let text = Corpora.text(corpus)
    let reference = try model(Corpora.text(kept))
    for (threads, memory) in [(1, 16 << 20), (2, 64 << 20), (5, 1 << 30)] as [(Int, UInt64)] {
      let counted = try model(text) {
        $0.removeDuplicates = true
        $0.threads = threads
        $0.memoryBytes = memory
      }
      #expect(counted.payloads == reference.payloads, "\(threads) threads")
      #expect(counted.summary.duplicatesRemoved == UInt64(corpus.count - kept.count))
    }
  }

  @Test func `compares words, not bytes`() throws {
    let text = "The cat\n the\tcat \nthe cat\r\nthe  cat sat\nthe cat\n"
    let lower = try model(text) {
      $0.removeDuplicates = true
      $0.tokenizer.lowercase = true
    }
    #expect(lower.summary.duplicatesRemoved == 3)
    let cased = try model(text) { $0.removeDuplicates = true }
    #expect(cased.summary.duplicatesRemoved == 2)
  }

  @Test func `tells words apart that the vocabulary does not hold`() throws {
    let words = try folder.write("words", "a\n")
    let counted = try model("a x\na y\na x\n") {
      $0.removeDuplicates = true
      $0.vocabulary = words
    }
    #expect(counted.summary.duplicatesRemoved == 1)
    #expect(try counted.rawCount(["a", "<unk>"]) == 2)
  }

  @Test func `keeps the weight of the first`() throws {
    let counted = try model("3 a b\n5 a b\n2 b\n7 b\n1 c\n") {
      $0.removeDuplicates = true
      $0.weightsInLines = true
    }
    let reference = try model(String(repeating: "a b\n", count: 3) + "b\nb\nc\n")
    #expect(counted.payloads == reference.payloads)
    #expect(counted.summary.duplicatesRemoved == 2)
  }

  @Test func `finds lines that are read in pieces`() throws {
    let long = String(repeating: "word ", count: 900_000)
    let text = "a\n\(long)\nb\n\(long)\n\(long)again\na\n"
    let counted = try model(text, order: 2) {
      $0.removeDuplicates = true
      $0.memoryBytes = 16 << 20
    }
    let reference = try model("a\n\(long)\nb\n\(long)again\n", order: 2)
    #expect(counted.payloads == reference.payloads)
    #expect(counted.summary.duplicatesRemoved == 2)
  }

  @Test func `says nothing of repeated lines where nobody asked`() throws {
    #expect(try model("a\na\n").summary.duplicatesRemoved == nil)
    #expect(try model("a\nb\n") { $0.removeDuplicates = true }.summary.duplicatesRemoved == 0)
  }
}
