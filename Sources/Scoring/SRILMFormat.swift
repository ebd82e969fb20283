import Foundation

/// The report as SRILM's `ngram -ppl` prints it.
///
/// `words` are without `</s>`. Words of probability 0 are left out of the sum and the numbers it is divided by: unknown ones are
/// `OOVs`, others `zeroprobs`. A model that gives unknown words a probability therefore has no OOVs, as in SRILM.
/// `ppl` counts a `</s>` a sentence, `ppl1` does not.
public enum SRILMFormat {
  /// The two lines for a text of this name.
  public static func summary(_ report: Perplexity, name: String) -> String {
    let words = report.tokens - report.sentences
    let zeros = report.zeroProbabilities - report.impossibleOOV
    let log10Probability = report.log10Probability - report.log10ZeroProbability
    let scored = words - report.zeroProbabilities
    let perplexities = [scored + report.sentences, scored].map { count in
      count > 0
        ? number(Perplexity.of(log10Probability: log10Probability, tokens: count)) : "undefined"
    }
    return """
      file \(name): \(report.sentences) sentences, \(words) words, \(report.impossibleOOV) OOVs
      \(zeros) zeroprobs, logprob= \(number(log10Probability)) ppl= \(perplexities[0]) ppl1= \(perplexities[1])

      """
  }

  /// Seven significant digits, as C's `%.7g`.
  private static func number(_ value: Double) -> String {
    String(format: "%.7g", locale: Locale(identifier: "en_US_POSIX"), value)
  }
}
