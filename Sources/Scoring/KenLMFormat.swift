import GramdexCore

/// Numbers and lines as KenLM's `query` prints them, byte for byte.
///
/// A number has the fewest digits that give the same value again, without an exponent from 1e-6 up to 1e21, and
/// without `.0` (as the double-conversion library writes with exponents −6 and 21).
public enum KenLMFormat {
  /// `value` in single precision: what words and totals are.
  public static func number(_ value: Float) -> String {
    value.isNaN ? "NaN" : number(description: value.description)
  }

  /// `value` in double precision: what perplexities are.
  public static func number(_ value: Double) -> String {
    value.isNaN ? "NaN" : number(description: value.description)
  }

  /// One line of output for a line of text: `word=id order log10p` and a tab for each, then the totals.
  public static func line(_ line: QueryLine) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(32 * line.words.count + 40)
    for word in line.words {
      output += word.bytes
      output += "=\(word.id.rawValue) \(word.score.order) ".utf8
      output += number(word.score.log10Probability).utf8
      output.append(0x09)
    }
    output += "Total: \(number(line.total)) OOV: \(line.oovCount)\n".utf8
    return output
  }

  /// The four lines after all sentences.
  public static func summary(_ summary: QuerySummary) -> String {
    """
    Perplexity including OOVs:\t\(number(summary.perplexity))
    Perplexity excluding OOVs:\t\(number(summary.perplexityExcludingOOV))
    OOVs:\t\(summary.oov)
    Tokens:\t\(summary.tokens)

    """
  }

  /// Lays out the digits of `description`, which are the shortest, by KenLM's rules.
  private static func number(description: String) -> String {
    var text = Substring(description)
    let sign = text.hasPrefix("-") ? "-" : ""
    if !sign.isEmpty { text.removeFirst() }
    if text == "inf" { return sign + "inf" }
    let parts = text.split(separator: "e")
    var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    // The value is 0.DIGITS · 10^(exponent), where no digit is superfluous.
    var digits = mantissa[0] + (mantissa.count > 1 ? mantissa[1] : "")
    exponent += mantissa[0].count
    while digits.first == "0" {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.last == "0" { digits.removeLast() }
    if digits.isEmpty { return sign + "0" }
    if (-6..<21).contains(exponent - 1) {
      return sign + decimal(digits, exponent)
    }
    let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
    return sign + String(digits.prefix(1)) + fraction + "e\(exponent - 1)"
  }

  /// 0.DIGITS · 10^exponent without an exponent.
  private static func decimal(_ digits: Substring, _ exponent: Int) -> String {
    if exponent <= 0 { return "0." + String(repeating: "0", count: -exponent) + digits }
    if exponent >= digits.count {
      return digits + String(repeating: "0", count: exponent - digits.count)
    }
    return digits.prefix(exponent) + "." + digits.dropFirst(exponent)
  }
}
