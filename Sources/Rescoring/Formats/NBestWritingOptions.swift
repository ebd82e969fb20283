/// How n-best lists are written.
public struct NBestWritingOptions: Sendable {
  /// The format.
  public var format: NBestFormat
  /// The scores that are log10 of probabilities, such as those that Gramdex added: JSON names the base, Kaldi gets −ln, Decipher bytelogs.
  public var log10Scores: [String] = []
  /// The score that SRILM's first column, `ascore`, gets.
  public var acousticScore = "ac"
  /// The score that SRILM's second column, `lscore`, gets.
  public var languageScore = "lm"
  /// The score that Decipher's formats get.
  public var totalScore = "score"

  /// Makes options.
  public init(format: NBestFormat) {
    self.format = format
  }
}
