extension Lattice {
  /// The path that is nearest to a reference.
  public struct Oracle: Hashable, Sendable {
    /// Words that are substituted, inserted or deleted: as few as any path has.
    public var errors: Int
    /// The words of the path, with one space between two.
    public var text: String
    /// How many words the reference has.
    public var referenceWords: Int
  }

  /// The path with the fewest errors against the words of `reference`.
  ///
  /// Labels that are passed over (see `LatticeWords`) are no words. Of paths that are equally near, the one whose arcs come first in the
  /// file is taken.
  /// - Complexity: O(arcs · words of the reference), in time and memory.
  public func oracle(_ reference: String) throws -> Oracle {
    let weighted = try WeightedLattice(self, LatticeWeights([:]))
    let numbers = Dictionary(uniqueKeysWithValues: zip(weighted.words, weighted.words.indices))
    // The reference in numbers of the lattice's words; nil for a word that the lattice lacks.
    let words = LatticeWords.split(reference).map { numbers[$0] }
    let width = words.count + 1
    // errors[place · width + j]: the fewest on a way to the node at `place` that has used j words of the reference.
    var errors = [Int](repeating: .max / 2, count: weighted.order.nodes.count * width)
    // The arc on which they were reached, and the words used before it; −1 for a deletion.
    var origins = [(arc: Int, used: Int)](repeating: (-1, 0), count: errors.count)
    for used in 0..<width { errors[used] = used }
    for (place, node) in weighted.order.nodes.enumerated() {
      for used in 1..<width
      where errors[place * width + used - 1] + 1 < errors[place * width + used] {
        errors[place * width + used] = errors[place * width + used - 1] + 1
        origins[place * width + used] = (-1, used - 1)
      }
      for arc in weighted.order.leaving[node] {
        let target = weighted.order.places[arcs[arc].target] * width
        let word = weighted.arcWords[arc]
        for used in 0..<width {
          let before = errors[place * width + used]
          func offer(_ cell: Int, _ count: Int) {
            if count < errors[cell] {
              errors[cell] = count
              origins[cell] = (arc, used)
            }
          }
          if word < 0 {
            offer(target + used, before)
            continue
          }
          offer(target + used, before + 1)
          if used + 1 < width {
            offer(target + used + 1, before + (words[used] == word ? 0 : 1))
          }
        }
      }
    }
    return try trace(weighted, errors, origins, width)
  }

  private func trace(
    _ weighted: WeightedLattice,
    _ errors: [Int],
    _ origins: [(arc: Int, used: Int)],
    _ width: Int
  ) throws -> Oracle {
    let ends = weighted.order.nodes.filter { weighted.endScores[$0] != nil }
    func cell(_ node: Int, _ used: Int) -> Int { weighted.order.places[node] * width + used }
    guard let last = ends.min(by: { errors[cell($0, width - 1)] < errors[cell($1, width - 1)] })
    else { throw error("has no path from its start to an end") }
    var node = last
    var used = width - 1
    var text: [String] = []
    while node != start {
      let origin = origins[cell(node, used)]
      used = origin.used
      if origin.arc < 0 { continue }
      let word = weighted.arcWords[origin.arc]
      if word >= 0 { text.append(weighted.words[word]) }
      node = arcs[origin.arc].source
    }
    return Oracle(
      errors: errors[cell(last, width - 1)],
      text: text.reversed().joined(separator: " "),
      referenceWords: width - 1
    )
  }
}
