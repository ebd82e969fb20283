import Foundation
import GramdexCore
import GramdexText
import TestSupport
import Testing

@Suite("SentencePiece models, changed at random")
struct SentencePieceFuzzTests {
  private static func model(_ name: String) throws -> [UInt8] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "TextTests/Fixtures/sentencepiece")
    return [UInt8](try Subprocess.gunzip(folder.appending(path: "\(name).model.gz")))
  }

  @Test(arguments: ["unigram", "bpe-folded", "bpe-unused", "unigram-symbols"])
  func `are refused, or cut text into pieces of it`(name: String) throws {
    let whole = try Self.model(name)
    Fuzzing.run("sentencepiece \(name)") { seed in
      var mutator = Mutator(seed: seed)
      var bytes = whole
      // Half of the time only in the beginning, where the pieces are.
      if seed % 2 == 0 {
        for _ in 0..<8 { mutator.overwrite(&bytes, 0..<min(4000, bytes.count)) }
      } else {
        mutator.mutate(&bytes)
      }
      var options = TokenizerOptions(kind: .sentencepiece)
      do throws(SentencePieceError) {
        options.model = try TokenizerModel.sentencePiece(bytes: bytes, path: "x.model")
      } catch {
        #expect(!"\(error)".isEmpty)
        return
      }
      let text =
        (0..<400).map { _ in UInt8(mutator.next(below: 256)) } + Array("the end of it".utf8)
      let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).count
      let pieces = TextNormalizer(options).normalize(text)
      #expect(pieces.split(separator: 0x0A, omittingEmptySubsequences: false).count == lines)
    }
  }
}
