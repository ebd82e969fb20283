import GramdexCore

/// Finds phrases in a sequence of words, one word after the other (Aho and Corasick 1975).
///
/// A node is a beginning of some phrase, the empty one included: the longest that the words so far end with. `suffix` leads
/// to the next shorter one.
struct PhraseAutomaton: Sendable {
  /// A beginning of phrases.
  private struct Node: Sendable {
    var children: [UInt32: Int32] = [:]
    var suffix: Int32 = 0
    /// The weights of all phrases that end here, those that end with a suffix included.
    var completed = 0.0
    /// What a phrase that has begun may still bring: the most of weight · (words so far / words), over all phrases that
    /// begin with this node or one of its suffixes and go on.
    var credit = 0.0
  }

  private var nodes = [Node()]

  /// The node of no words.
  static let root: Int32 = 0

  /// Makes the automaton of phrases of at least one word; the weights of one that occurs again are added.
  init(_ phrases: [(words: [UInt32], weight: Double)]) {
    for phrase in phrases {
      var node = Self.root
      for (index, word) in phrase.words.enumerated() {
        let share = Double(index) / Double(phrase.words.count)
        nodes[Int(node)].credit = max(nodes[Int(node)].credit, phrase.weight * share)
        node = child(of: node, word)
      }
      nodes[Int(node)].completed += phrase.weight
    }
    link()
  }

  private mutating func child(of node: Int32, _ word: UInt32) -> Int32 {
    if let child = nodes[Int(node)].children[word] { return child }
    let child = Int32(nodes.count)
    nodes.append(Node())
    nodes[Int(node)].children[word] = child
    return child
  }

  /// Finds the suffixes, shorter nodes first, and hands on what they are worth.
  private mutating func link() {
    var level = [Self.root]
    while !level.isEmpty {
      var next: [Int32] = []
      for parent in level {
        for (word, child) in nodes[Int(parent)].children {
          let suffix =
            parent == Self.root ? Self.root : step(from: nodes[Int(parent)].suffix, word)
          nodes[Int(child)].suffix = suffix
          nodes[Int(child)].completed += nodes[Int(suffix)].completed
          nodes[Int(child)].credit = max(nodes[Int(child)].credit, nodes[Int(suffix)].credit)
          next.append(child)
        }
      }
      level = next
    }
  }

  /// The node after `word`.
  func step(from node: Int32, _ word: UInt32) -> Int32 {
    var node = node
    while true {
      if let child = nodes[Int(node)].children[word] { return child }
      if node == Self.root { return node }
      node = nodes[Int(node)].suffix
    }
  }

  /// What the step from one node to another brings: the phrases that it completes, and the change of credit.
  func bonus(from node: Int32, to next: Int32) -> Double {
    nodes[Int(next)].completed + nodes[Int(next)].credit - nodes[Int(node)].credit
  }

  /// The words after which the automaton is not at its root.
  func continuations(of node: Int32) -> [UInt32] {
    var words = Set(nodes[Int(Self.root)].children.keys)
    var node = node
    while node != Self.root {
      words.formUnion(nodes[Int(node)].children.keys)
      node = nodes[Int(node)].suffix
    }
    return words.sorted()
  }
}
