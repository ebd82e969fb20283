/// Counts of n-grams by dictionaries and loops, from their definitions.
public enum NaiveCounts {
  /// Counts of n-grams of any order.
  public typealias Counts = [[String]: UInt64]

  /// What SRILM's `ngram-count` counts: every run of up to `order` words of `<s>` … `</s>`, `<s>` alone too.
  public static func srilm(_ corpus: Corpora.Corpus, order: Int) -> Counts {
    var counts: Counts = [:]
    for sentence in corpus {
      let words = ["<s>"] + sentence + ["</s>"]
      for start in words.indices {
        for length in 1...order where start + length <= words.count {
          counts[Array(words[start..<(start + length)]), default: 0] += 1
        }
      }
    }
    return counts
  }

  /// Counts that fit together, and Kneser-Ney's adjusted counts of them.
  ///
  /// From the highest order down, a count is the largest of what is given and of the sums over all n-grams with one
  /// more word on the left or on the right. Something unknown that precedes an n-gram is one more predecessor.
  public static func closed(_ given: Counts, order: Int) -> (counts: Counts, adjusted: Counts) {
    var (counts, adjusted): (Counts, Counts) = ([:], [:])
    for length in stride(from: order, through: 1, by: -1) {
      var (left, right, predecessors): (Counts, Counts, Counts) = ([:], [:], [:])
      for (ngram, count) in counts where ngram.count == length + 1 {
        left[Array(ngram.dropFirst()), default: 0] += count
        predecessors[Array(ngram.dropFirst()), default: 0] += 1
        right[Array(ngram.dropLast()), default: 0] += count
      }
      let known = Set(given.keys.filter { $0.count == length }).union(left.keys).union(right.keys)
      for ngram in known {
        let count = max(given[ngram] ?? 0, left[ngram] ?? 0, right[ngram] ?? 0)
        counts[ngram] = count
        let isRaw = length == order || ngram[0] == "<s>"
        let unknown: UInt64 = count > left[ngram] ?? 0 ? 1 : 0
        adjusted[ngram] = isRaw ? count : (predecessors[ngram] ?? 0) + unknown
      }
    }
    return (counts, adjusted)
  }

  /// Counts as lines of a count file, in some order that the seed gives.
  public static func lines(_ counts: Counts, seed: UInt64) -> String {
    var generator = SeededGenerator(seed: seed)
    return counts.map { "\($0.key.joined(separator: " "))\t\($0.value)\n" }.sorted()
      .shuffled(using: &generator).joined()
  }

  /// The counts in the lines of a count file; the number of lines is that of the counts if none is repeated.
  public static func parse(_ text: String) -> Counts {
    var counts: Counts = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "\t")
      counts[parts[0].split(separator: " ").map(String.init), default: 0] += UInt64(parts[1]) ?? 0
    }
    return counts
  }
}
