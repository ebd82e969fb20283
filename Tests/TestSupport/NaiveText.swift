public import GramdexCore

/// Reads text into sentences the slow way, by the one list of separators and the chosen convention.
public enum NaiveText {
  /// The sentences of `text`, each a list of words without `<s>` and `</s>`.
  ///
  /// Invalid UTF-8 becomes U+FFFD here, so compare words of valid text only.
  public static func sentences(
    _ text: some Collection<UInt8>,
    convention: TextConvention
  ) -> [[String]] {
    var lines = text.split(separator: TextPolicy.lineEnd, omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    let skipped: Set = convention == .lmplz ? ["<s>", "</s>", "<unk>"] : ["<s>", "</s>"]
    return lines.compactMap { line in
      let words = line.split(whereSeparator: TextPolicy.isSeparator)
        .map { String(decoding: $0, as: UTF8.self) }
        .filter { !skipped.contains($0) }
      return words.isEmpty && convention == .gramdex ? nil : words
    }
  }
}
