public import Foundation

/// What KenLM's `query` printed: a score for each word, and the report at the end.
public struct KenLMQuery: Sendable {
  /// A word as it was scored.
  public struct Word: Sendable, Equatable {
    /// The word itself.
    public var word: String
    /// The order of the longest n-gram found.
    public var order: Int
    /// log10 of its probability.
    public var log10Probability: Double
  }

  /// One element a line of text: the line's words and `</s>`.
  public var sentences: [[Word]] = []
  /// Element i: `Total` of line i.
  public var totals: [Double] = []
  /// The numbers of the last four lines by their names, such as `OOVs` and `Tokens`.
  public var report: [String: Double] = [:]

  /// Reads the text that `query` printed.
  public init(_ text: Data) {
    for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
      var words: [Word] = []
      for field in line.split(separator: "\t") {
        let parts = field.split(separator: " ")
        if field.hasPrefix("Total: "), parts.count > 1, let total = Double(parts[1]) {
          totals.append(total)
          sentences.append(words)
        } else if parts.count == 3, let equals = parts[0].lastIndex(of: "="),
          let order = Int(parts[1]), let score = Double(parts[2])
        {
          words.append(
            Word(word: String(parts[0][..<equals]), order: order, log10Probability: score)
          )
        }
      }
      let fields = line.split(separator: ":\t")
      if fields.count == 2, let number = Double(fields[1]) { report[String(fields[0])] = number }
    }
  }
}
