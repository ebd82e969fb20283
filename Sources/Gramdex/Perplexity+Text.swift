import Foundation
import GramdexCore
public import GramdexScoring

extension Perplexity {
  /// The report for people, a line a number.
  public var text: String {
    func line(_ name: String, _ value: String) -> String {
      name + String(repeating: " ", count: max(1, 26 - name.count)) + value + "\n"
    }
    func share(_ count: Int) -> String {
      let share = tokens > 0 ? 100 * Double(count) / Double(tokens) : 0
      return "\(Readable.grouped(UInt64(count))) (\(Readable.fixed(share, 2)) %)"
    }
    let unknown = Readable.fixed(log10UnknownProbability, 4)
    let hits = hitsPerOrder.enumerated().map { "\($0 + 1): \(share($1))" }
    return line("sentences", Readable.grouped(UInt64(sentences)))
      + line("tokens, </s> included", Readable.grouped(UInt64(tokens)))
      + line("unknown words (OOV)", share(oov) + ", log10 p(<unk>) = \(unknown)")
      + line("zero probabilities", Readable.grouped(UInt64(zeroProbabilities)))
      + line("log10 probability", Readable.fixed(log10Probability, 4))
      + line("perplexity", Readable.fixed(perplexity, 4))
      + line("perplexity without OOV", Readable.fixed(perplexityExcludingOOV, 4))
      + line("bits a character", Readable.fixed(bitsPerCharacter, 4))
      + line("bits a byte", Readable.fixed(bitsPerByte, 4))
      + line("longest match, by order", hits.joined(separator: ", "))
  }

  private var log10UnknownProbability: Double {
    log10(unknownProbability)
  }
}
