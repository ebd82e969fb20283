/// How lattices are written down.
///
/// The raw values are the names in flags.
public enum LatticeFormat: String, Sendable, CaseIterable {
  /// HTK's Standard Lattice Format, one file an utterance.
  case slf
  /// Kaldi's text, any number of lattices in a file.
  case kaldi = "kaldi-lattice"

  /// The format of a file that begins with these lines.
  static func guessed(_ first: Line) -> Self? {
    let start = first.skipSeparators(from: first.range.lowerBound)
    if start < first.range.upperBound, first.bytes[start] == UInt8(ascii: "#") { return .slf }
    if SLFReader.isBeginning(first) { return .slf }
    let text = try? first.words(first.range)
    return text.map { LatticeWords.split($0).count == 1 } ?? false ? .kaldi : nil
  }
}
