/// Which words are taken for which others, which are put in and which are lost, and how often.
public struct Confusions: Sendable {
  /// One kind of error.
  public struct Entry: Hashable, Sendable, Codable {
    /// The word of the reference; nil for an insertion.
    public var reference: String?
    /// The word of the hypothesis; nil for a deletion.
    public var hypothesis: String?
    /// How often.
    public var count: Int

    /// Makes an entry.
    public init(reference: String?, hypothesis: String?, count: Int) {
      self.reference = reference
      self.hypothesis = hypothesis
      self.count = count
    }
  }

  private struct Pair: Hashable {
    var reference: String?
    var hypothesis: String?
  }

  private var counts: [Pair: Int] = [:]

  /// No errors yet.
  public init() {}

  /// Adds the errors of an alignment.
  public mutating func add(_ alignment: WordAlignment, hypothesis: String, reference: String) {
    let heard = hypothesis.spacedWords
    let said = reference.spacedWords
    for step in alignment.steps {
      switch step {
      case .correct: break
      case .substitution(let i, let j):
        counts[Pair(reference: String(said[i]), hypothesis: String(heard[j])), default: 0] += 1
      case .insertion(let j):
        counts[Pair(reference: nil, hypothesis: String(heard[j])), default: 0] += 1
      case .deletion(let i):
        counts[Pair(reference: String(said[i]), hypothesis: nil), default: 0] += 1
      }
    }
  }

  /// The commonest errors, at most `maximum` of them: by count, then by the reference's and the hypothesis's word in the order of their code points;
  /// insertions before deletions before substitutions of equal count.
  public func commonest(_ maximum: Int) -> [Entry] {
    let entries = counts.map {
      Entry(reference: $0.key.reference, hypothesis: $0.key.hypothesis, count: $0.value)
    }
    return Array(entries.sorted(by: Self.isBefore).prefix(max(0, maximum)))
  }

  private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
    if left.count != right.count { return left.count > right.count }
    let key = { (entry: Entry) in
      (entry.reference == nil ? 0 : entry.hypothesis == nil ? 1 : 2)
    }
    if key(left) != key(right) { return key(left) < key(right) }
    return (left.reference ?? "", left.hypothesis ?? "")
      < (right.reference ?? "", right.hypothesis ?? "")
  }
}
