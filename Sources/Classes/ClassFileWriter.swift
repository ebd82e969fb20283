package import GramdexStorage

/// Writes a classes file: for each word a line of its class's name, p(word | class) and the word.
package enum ClassFileWriter {
  /// Writes the classes of `clustering` in ascending order, each with its most frequent words first.
  ///
  /// p(word | class) is the share of the word in the class's occurrences. Classes without words are left out; names are
  /// `CLASS-` and a number from 1.
  ///
  /// - Parameters:
  ///   - clustering: the classes.
  ///   - isWord: whether the text has such a word, so that no class is named like one.
  ///   - spelling: the bytes of a word.
  ///   - output: where the lines go; the caller ends it.
  /// - Throws: errors of the output, and what `spelling` throws.
  package static func write(
    _ clustering: borrowing ExchangeClustering,
    isWord: (String) -> Bool,
    spelling: (UInt32) throws -> [UInt8],
    to output: inout CompressedOutput
  ) throws {
    var members = [[(word: UInt32, count: UInt64)]](repeating: [], count: clustering.classCount)
    clustering.forEachWord { word, number, count in members[number].append((word, count)) }
    let labels = labels(clustering.classCount, isWord: isWord)
    for (label, words) in zip(labels, members) {
      let total = Double(words.reduce(0) { $0 + $1.count })
      for (word, count) in words {
        try output.write("\(label) \(Double(count) / total) ")
        try output.write(try spelling(word) + [0x0A])
      }
    }
  }

  /// Names of equal length, none of which is a word.
  private static func labels(_ count: Int, isWord: (String) -> Bool) -> [String] {
    let digits = String(count).count
    var prefix = "CLASS-"
    while true {
      let labels = (1...count).map { number in
        let text = String(number)
        return prefix + String(repeating: "0", count: digits - text.count) + text
      }
      if !labels.contains(where: isWord) { return labels }
      prefix += "-"
    }
  }
}
