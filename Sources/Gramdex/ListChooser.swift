import GramdexRescoring

/// Chooses the words of an utterance from its lists, once for each scale that is tried.
struct ListChooser: Sendable {
  private let choice: ListEvaluationOptions.Choice
  /// The scales of the systems, for each way of scaling that is tried; one way when there is no scale.
  private let ways: [[Double]]

  /// The words that were chosen, and the mesh from which, if they are its.
  struct Chosen: Sendable {
    var text: String
    var mesh: WordMesh?
  }

  init(_ options: ListEvaluationOptions) throws(ListEvaluationError) {
    choice = options.choice
    let systems = options.systems.count
    if !options.choice.needsScale {
      ways = [[]]
    } else if let scales = options.scales {
      guard scales.count == 1 || scales.count == systems else {
        throw .scales(scales.count, systems: systems)
      }
      ways = [scales.count == 1 ? [Double](repeating: scales[0], count: systems) : scales]
    } else {
      ways = ListEvaluationOptions.scaleCandidates.map { [Double](repeating: $0, count: systems) }
    }
  }

  /// How many scales are tried.
  var wayCount: Int { ways.count }

  /// The scales of a way.
  func scales(_ way: Int) -> [Double] { ways[way] }

  /// What each way chooses from the lists of one utterance, one list for each system.
  ///
  /// Nothing was heard where all lists are empty.
  func chosen(from lists: [NBestList], withMesh: Bool) throws -> [Chosen] {
    let systems = lists.indices.filter { !lists[$0].hypotheses.isEmpty }
    guard let first = systems.first.map({ lists[$0] }) else {
      return ways.map { _ in Chosen(text: "") }
    }
    guard let rule = choice.rule else { return [Chosen(text: first.hypotheses[0].text)] }
    let totals = try lists.map { try rule.totals(of: $0) }
    return ways.map { scales in
      switch choice {
      case .first, .total:
        return Chosen(text: first.hypotheses[Self.best(totals[systems[0]])].text)
      case .minimumBayesRisk:
        let texts = weighted(lists[systems[0]], totals[systems[0]], scales[systems[0]])
        let mesh = withMesh ? mesh(lists, totals, scales, systems) : nil
        let hypothesis = MinimumBayesRisk.choice(texts).hypothesis
        return Chosen(text: first.hypotheses[hypothesis].text, mesh: mesh)
      case .consensus:
        let mesh = mesh(lists, totals, scales, systems)
        return Chosen(text: mesh.consensus, mesh: mesh)
      }
    }
  }

  private static func best(_ totals: [Double]) -> Int {
    totals.indices.reduce(0) { totals[$1] > totals[$0] ? $1 : $0 }
  }

  private func weighted(
    _ list: NBestList,
    _ totals: [Double],
    _ scale: Double,
    numbers: TokenNumbers = TokenNumbers()
  ) -> WeightedTexts {
    WeightedTexts(
      texts: list.hypotheses.map(\.text),
      totals: totals,
      scale: scale,
      numbers: numbers
    )
  }

  /// The mesh of the systems, one after the other, with equal shares.
  private func mesh(
    _ lists: [NBestList],
    _ totals: [[Double]],
    _ scales: [Double],
    _ systems: [Int]
  ) -> WordMesh {
    var builder = WordMeshBuilder()
    var numbers = TokenNumbers()
    for system in systems {
      let texts = weighted(lists[system], totals[system], scales[system], numbers: numbers)
      builder.add(texts, share: 1 / Double(systems.count))
      numbers = texts.numbers
    }
    return builder.mesh(name: lists[0].utterance, numbers: numbers)
  }
}
