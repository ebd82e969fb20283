/// The nodes of a lattice in an order in which all arcs lead onwards, and the arcs that leave each.
struct LatticeOrder {
  /// Nodes from which and to which there is a way, from the start to the ends.
  let nodes: [Int]
  /// The place of each node in `nodes`; −1 for one that lies on no path.
  let places: [Int]
  /// The arcs that leave each node and lie on a path.
  let leaving: [[Int]]

  /// Sorts the nodes of a lattice.
  ///
  /// - Throws: `NBestError` when there is a cycle, no path, or an arc to nowhere.
  init(_ lattice: Lattice) throws {
    let count = lattice.nodes.count
    var leaving = [[Int]](repeating: [], count: count)
    var entering = [[Int]](repeating: [], count: count)
    for (index, arc) in lattice.arcs.enumerated() {
      guard (0..<count).contains(arc.source), (0..<count).contains(arc.target) else {
        throw lattice.error("has an arc from \(arc.source) to \(arc.target) but \(count) nodes")
      }
      guard arc.scores.count == lattice.scoreNames.count else {
        throw lattice.error("has an arc with \(arc.scores.count) scores")
      }
      leaving[arc.source].append(index)
      entering[arc.target].append(index)
    }
    guard (0..<count).contains(lattice.start) else { throw lattice.error("has no start node") }
    guard
      lattice.ends.allSatisfy({
        (0..<count).contains($0.node) && $0.scores.count == lattice.scoreNames.count
      })
    else { throw lattice.error("has an end that is no node, or scores of another number") }
    let sorted = try Self.sort(lattice, leaving, entering)
    let onward = Self.reached(from: [lattice.start], leaving) { lattice.arcs[$0].target }
    let backward = Self.reached(from: lattice.ends.map(\.node), entering) {
      lattice.arcs[$0].source
    }
    guard backward[lattice.start] else {
      throw lattice.error("has no path from its start to an end")
    }
    nodes = sorted.filter { onward[$0] && backward[$0] }
    var places = [Int](repeating: -1, count: count)
    for (place, node) in nodes.enumerated() { places[node] = place }
    self.places = places
    self.leaving = leaving.map { arcs in
      arcs.filter { places[lattice.arcs[$0].source] >= 0 && places[lattice.arcs[$0].target] >= 0 }
    }
  }

  private static func sort(
    _ lattice: Lattice,
    _ leaving: [[Int]],
    _ entering: [[Int]]
  ) throws -> [Int] {
    var waiting = entering.map(\.count)
    var sorted = waiting.indices.filter { waiting[$0] == 0 }
    var next = 0
    while next < sorted.count {
      for arc in leaving[sorted[next]] {
        let target = lattice.arcs[arc].target
        waiting[target] -= 1
        if waiting[target] == 0 { sorted.append(target) }
      }
      next += 1
    }
    if let node = waiting.firstIndex(where: { $0 > 0 }) {
      let onCycle = Self.cycleNode(behind: node, lattice, entering, waiting)
      throw lattice.error("has a cycle, on which its \(lattice.name(ofNode: onCycle)) lies")
    }
    return sorted
  }

  /// A node on the cycle because of which `node` still waits: every waiting node has one before it, so that the way back ends in a cycle.
  private static func cycleNode(
    behind node: Int,
    _ lattice: Lattice,
    _ entering: [[Int]],
    _ waiting: [Int]
  ) -> Int {
    var node = node
    for _ in waiting {
      let before = entering[node].lazy.map { lattice.arcs[$0].source }.first { waiting[$0] > 0 }
      node = before ?? node
    }
    return node
  }

  private static func reached(
    from nodes: [Int],
    _ arcs: [[Int]],
    _ other: (Int) -> Int
  ) -> [Bool] {
    var isReached = [Bool](repeating: false, count: arcs.count)
    var open = nodes
    while let node = open.popLast() {
      if isReached[node] { continue }
      isReached[node] = true
      for arc in arcs[node] where !isReached[other(arc)] { open.append(other(arc)) }
    }
    return isReached
  }
}
