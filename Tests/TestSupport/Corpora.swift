/// Small corpora for tests: all of the smallest ones, and random ones from a seed.
public enum Corpora {
  /// A list of sentences, each a list of words.
  public typealias Corpus = [[String]]

  /// Every corpus of one to four words over two word types, split into sentences in every way.
  ///
  /// No sentence is empty: 2 + 8 + 32 + 128 corpora.
  public static let small: [Corpus] = (1...4).flatMap { length in
    (0..<(1 << length)).flatMap { types in
      (0..<(1 << (length - 1))).map { borders in
        var corpus: Corpus = []
        for position in 0..<length {
          let startsSentence = position == 0 || borders >> (position - 1) & 1 == 1
          if startsSentence { corpus.append([]) }
          corpus[corpus.count - 1].append(types >> position & 1 == 0 ? "a" : "b")
        }
        return corpus
      }
    }
  }

  /// A random corpus: skewed word frequencies, repeated sentences, sentences of one word.
  public static func random(
    seed: UInt64,
    sentences: Int = 40,
    wordTypes: Int = 12,
    longest: Int = 9
  ) -> Corpus {
    var generator = SeededGenerator(seed: seed)
    var corpus: Corpus = []
    for _ in 0..<sentences {
      if !corpus.isEmpty, generator.next(below: 6) == 0 {
        corpus.append(corpus[generator.next(below: corpus.count)])
        continue
      }
      let length = 1 + generator.next(below: longest)
      corpus.append(
        (0..<length).map { _ in
          "w\(generator.next(below: 1 + generator.next(below: wordTypes)))"
        }
      )
    }
    return corpus
  }

  /// The corpus as text, one sentence a line.
  public static func text(_ corpus: Corpus) -> String {
    corpus.map { $0.joined(separator: " ") + "\n" }.joined()
  }
}

/// A small deterministic source of random numbers (splitmix64).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Makes the generator of one sequence.
  public init(seed: UInt64) {
    state = seed
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 to `bound` − 1.
  public mutating func next(below bound: Int) -> Int {
    Int.random(in: 0..<bound, using: &self)
  }
}
