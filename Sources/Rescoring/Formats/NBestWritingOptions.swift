/// How n-best lists are written.
///
/// Which scores formats without names get is decided by the first list that has hypotheses, and must hold for all.
public struct NBestWritingOptions: Sendable {
  /// The format.
  public var format: NBestFormat
  /// The scores that are log10 of probabilities, such as those that Gramdex added: JSON names the base, Kaldi gets −ln, Decipher bytelogs.
  public var log10Scores: [String] = []
  /// The score that SRILM's first column, `ascore`, gets; nil for `ac`, or the first score that is not the language model's.
  public var acousticScore: String?
  /// The score that SRILM's second column, `lscore`, gets; nil for `lm`, or the first score that is not the acoustic one.
  public var languageScore: String?
  /// The score that Decipher's formats get; nil for `score`, `total`, or the only score that there is.
  public var totalScore: String?
  /// Fields of hypotheses, and `ref`, that get a column in TSV even if the first list lacks them.
  public var extraColumns: [String] = []

  /// Makes options.
  public init(format: NBestFormat) {
    self.format = format
  }
}
