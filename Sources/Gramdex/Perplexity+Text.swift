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
      + (hits.isEmpty ? "" : line("longest match, by order", hits.joined(separator: ", ")))
      + (sentenceState.map { line("sentence state", $0) } ?? "")
      + (dynamicEvaluation.map {
        line("dynamic evaluation", "rate \($0.rate), after every \($0.window) words")
      } ?? "")
      + detailsText(line)
  }

  /// Lines for what was asked for beside perplexities.
  private func detailsText(_ line: (String, String) -> String) -> String {
    var text = ""
    if let closedPerplexity {
      text += line("perplexity, closed", Readable.fixed(closedPerplexity, 4))
    }
    if let accuracies {
      let shares = zip(PerplexityDetails.ranks, accuracies).map {
        "\($0): \(Readable.fixed(100 * $1, 2)) %"
      }
      text += line("among the likeliest", shares.joined(separator: ", "))
    }
    if let details, let padding = details.vocabularyPadding {
      let shared = details.unseenTypes == 1 ? "1 type has" : "\(details.unseenTypes) types share"
      text += line("vocabulary padding", "\(padding) types, of which \(shared) <unk>")
    }
    return text
  }

  private var log10UnknownProbability: Double {
    log10(unknownProbability)
  }
}
