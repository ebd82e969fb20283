import GramdexNeural

/// Stories whose last word is a name from their second sentence, as in lectures on recurrent networks (Manning, CS224d):
///
///     Jane walked into the room . John walked in too . It was late in the day . … Jane said hi to John .
///
/// Between the second sentence and the last one stand filler sentences, none of which has a name.
public struct Stories: Sendable {
  /// A story and what it asks.
  public struct Story: Hashable, Sendable {
    /// Its words up to the last name.
    public var words: [String]
    /// The last name: who walked in second.
    public var answer: String
    /// The other name: who walked in first, and who speaks.
    public var other: String
    /// Words between the answer's first occurrence and its place at the end.
    public var distance: Int

    /// The whole story.
    public var text: String { (words + [answer, "."]).joined(separator: " ") }
  }

  /// Who may walk in.
  public static let names = [
    "Jane", "John", "Mary", "Peter", "Anna", "Paul", "Lucy", "Mark", "Ruth", "Tom",
  ]
  private static let rooms = ["room", "kitchen", "garden", "hall", "office", "shop"]
  private static let adjectives = ["late", "early", "warm", "cold", "quiet", "dark"]
  private static let things = ["clock", "lamp", "door", "window", "table", "radio"]
  private static let verbs = ["creaked", "moved", "shook", "rattled"]

  /// Decides the stories.
  public let seed: UInt64

  /// Stories of a seed.
  public init(seed: UInt64) {
    self.seed = seed
  }

  /// A story.
  ///
  /// - Parameters:
  ///   - name: tells sets of stories apart.
  ///   - number: the number of the story in the set.
  ///   - fillers: how many filler sentences it has.
  public func story(_ name: String, number: Int, fillers: Int) -> Story {
    var random = CountedRandom(seed: seed, purpose: "story \(name) \(number)")
    func pick(_ words: [String]) -> String { words[Int(random.next() % UInt64(words.count))] }
    let first = pick(Self.names)
    let second = pick(Self.names.filter { $0 != first })
    var words = [first, "walked", "into", "the", pick(Self.rooms), ".", second]
    let start = words.count
    words += ["walked", "in", "too", "."]
    for _ in 0..<fillers {
      switch random.next() % 3 {
      case 0: words += ["It", "was", pick(Self.adjectives), "in", "the", pick(Self.rooms), "."]
      case 1: words += ["The", pick(Self.things), "was", pick(Self.adjectives), "."]
      default: words += ["The", pick(Self.things), pick(Self.verbs), "."]
      }
    }
    words += [first, "said", "hi", "to"]
    return Story(
      words: words,
      answer: second,
      other: first,
      distance: words.count - start + 1
    )
  }
}
