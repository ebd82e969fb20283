extension NetworkOptions {
  /// Why there can be no such network; nil when there can.
  ///
  /// What `--architecture` and the flags beside it allow, and no more: options of files are held to it too.
  ///
  /// - Parameter vocabularySize: the number of words, V.
  /// - Returns: a clause, such as `tied weights need word vectors as long as the hidden layer`.
  package func flaw(vocabularySize: Int) -> String? {
    let sizes = [
      ("embedding", embedding), ("hidden", hidden), ("layers", layers), ("order", order),
      ("classes", classes), ("noiseSamples", noiseSamples), ("words", vocabularySize),
    ]
    for (name, size) in sizes where !(1...1 << 26).contains(size) {
      return "\(name) is \(size), and must be in 1 … 67108864"
    }
    if layers > 64 { return "layers is \(layers), and must be 64 at most" }
    if !(0..<1).contains(dropout) {
      return "dropout is \(dropout), and must be in 0 … 1, without 1"
    }
    if !identityScale.isFinite { return "identityScale is \(identityScale)" }
    if architecture == .feedForward && !(2...64).contains(order) {
      return "order is \(order), and must be in 2 … 64"
    }
    if !(0...64).contains(ngramOrder) {
      return "ngramOrder is \(ngramOrder), and must be in 0 … 64"
    }
    if !(10...30).contains(ngramBits) {
      return "ngramBits is \(ngramBits), and must be in 10 … 30"
    }
    if ngramOrder > 0 && softmax == .adaptive {
      return "n-gram features do not go with an adaptive soft-max"
    }
    if directConnections && architecture != .feedForward {
      return "direct connections belong to feed-forward networks"
    }
    if isTied {
      if architecture == .feedForward || softmax == .classes || softmax == .adaptive {
        return "tied weights go with recurrent networks and a full or noise soft-max"
      }
      if embedding != hidden {
        return "tied weights need word vectors as long as the hidden layer"
      }
    }
    if softmax == .adaptive {
      let isAscending = zip(cutoffs, cutoffs.dropFirst()).allSatisfy { $0 < $1 }
      guard let first = cutoffs.first, first >= 1, isAscending else {
        return "cutoffs must be ascending numbers from 1"
      }
    }
    return nil
  }
}
