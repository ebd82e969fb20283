/// How many units of a format one unit of log10 is.
enum ScoreUnits {
  /// Of natural logarithms: ln 10.
  static let lnPerLog10 = 2.302585092994046
  /// Of SRI Decipher's bytelogs, ln(p) · 10000.5 / 1024 (SRILM's `Prob.h`).
  static let bytelogsPerLog10 = lnPerLog10 * 10000.5 / 1024
}
