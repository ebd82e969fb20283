extension NaiveKneserNey {
  /// The sentences with words outside `vocabulary` replaced by `<unk>`; unchanged without one.
  static func replacingUnknown(_ sentences: [[String]], vocabulary: [String]?) -> [[String]] {
    guard let vocabulary else { return sentences }
    let known = Set(vocabulary)
    return sentences.map { $0.map { known.contains($0) ? $0 : "<unk>" } }
  }

  /// Raw counts of the orders 1 … `options.order`.
  ///
  /// An n-gram ends at each word and at `</s>`; it may begin with `<s>`, which stands nowhere else.
  static func countRaw(_ sentences: [[String]], options: Options) -> [Counts] {
    var counts = [Counts](repeating: [:], count: options.order)
    for sentence in sentences {
      let words = ["<s>"] + sentence + ["</s>"]
      for end in 1..<words.count {
        for length in 1...min(options.order, end + 1) {
          counts[length - 1][Array(words[(end - length + 1)...end]), default: 0] += 1
        }
      }
    }
    for word in ["<unk>", "<s>", "</s>"] + (options.vocabulary ?? []) {
      counts[0][[word], default: 0] += 0
    }
    return counts
  }

  /// Adjusted counts: raw at the top and after `<s>`, otherwise the number of distinct words to the left.
  static func adjust(_ raw: [Counts]) -> [Counts] {
    var adjusted = raw
    for order in stride(from: raw.count - 1, to: 0, by: -1) {
      var extensions: Counts = [:]
      for longer in raw[order].keys { extensions[Array(longer.dropFirst()), default: 0] += 1 }
      for ngram in raw[order - 1].keys where ngram[0] != "<s>" {
        adjusted[order - 1][ngram] = extensions[ngram] ?? 0
      }
    }
    return adjusted
  }

  /// How many n-grams of one order have adjusted count 1, 2, 3 and 4, those of `countedRaw` by raw count.
  static func countCounts(raw: Counts, adjusted: Counts, countedRaw: Set<[String]>) -> [Int] {
    var counts = [0, 0, 0, 0]
    for (ngram, adjustedCount) in adjusted {
      let count = countedRaw.contains(ngram) ? (raw[ngram] ?? 0) : adjustedCount
      if (1...4).contains(count) { counts[count - 1] += 1 }
    }
    return counts
  }

  /// The n-grams that kpu/kenlm#427 counts raw: suffixes, below the top order, of the last window.
  ///
  /// Windows compare from the last word backwards, words by first appearance, `<s>` before `</s>` before all others.
  static func lastNGrams(_ sentences: [[String]], order: Int) -> Set<[String]> {
    var ids = ["<unk>": 0, "<s>": 1, "</s>": 2]
    for word in sentences.joined() where ids[word] == nil { ids[word] = ids.count }

    var last: [Int] = []
    var lastWindow: [String] = []
    for sentence in sentences {
      let words = ["<s>"] + sentence + ["</s>"]
      for end in 1..<words.count {
        let window = Array(words[max(0, end - order + 1)...end])
        let backwards = window.reversed().map { ids[$0] ?? 0 }
        if last.lexicographicallyPrecedes(backwards) {
          last = backwards
          lastWindow = window
        }
      }
    }
    let longest = min(lastWindow.count, order - 1)
    return Set((0..<max(longest, 0)).map { Array(lastWindow.suffix($0 + 1)) })
  }
}
