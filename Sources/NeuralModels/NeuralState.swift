/// What a neural model remembers of the words so far: the activations before it read the last of them, and the last words.
///
/// States of equal numbers have equal futures; the order between states has no other meaning.
public struct NeuralState: Hashable, Comparable, Sendable {
  /// The hidden units of all layers, and the cells of long short-term memory, before `words.last` is read.
  var activations: [Float]
  /// Numbers of the last words in the network's short list, oldest first.
  var words: [Int32]

  /// By words, then activations: any order will do, as long as it is one.
  public static func < (left: Self, right: Self) -> Bool {
    if left.words != right.words { return left.words.lexicographicallyPrecedes(right.words) }
    return left.activations.lexicographicallyPrecedes(right.activations)
  }
}
