import GramdexCore
import Testing

@testable import GramdexRescoring

@Suite("Search for weights")
struct WeightSearchTests {
  /// Lists whose hypotheses differ from their references at random, with features that tell a little about how much.
  private static func lists(
    seed: UInt64,
    count: Int = 12,
    size: Int = 6,
    features: Int = 3,
    criterion: Criterion = .wer
  ) throws -> TuningLists {
    var random = SplitMix64(seed: seed)
    var lists = TuningLists(
      featureNames: (0..<features).map { "f\($0)" },
      criterion: criterion
    )
    for _ in 0..<count {
      let reference = (0..<(4 + random.next(below: 5))).map { _ in "w\(random.next(below: 9))" }
      var texts: [String] = []
      var values: [Double] = []
      for _ in 0..<(1 + random.next(below: size)) {
        let hypothesis = reference.map { random.next(below: 4) == 0 ? "x" : $0 }
        texts.append(hypothesis.joined(separator: " "))
        let errors = Double(hypothesis.count { $0 == "x" })
        for feature in 0..<features {
          values.append(
            10 * random.nextUnit() - errors * Double(feature + 1) / 2
              + Double(random.next(below: 3))
          )
        }
      }
      try lists.append(
        texts: texts,
        features: values,
        reference: reference.joined(separator: " ")
      )
    }
    return lists
  }

  private static func weights(_ count: Int) -> [TunableWeight] {
    (0..<count).map { TunableWeight("f\($0)", initial: $0 == 0 ? 1 : 0, isFixed: $0 == 0) }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64], Criterion.allCases)
  func `with one free weight, no place of a fine grid has fewer errors`(
    seed: UInt64,
    criterion: Criterion
  ) throws {
    let lists = try Self.lists(seed: seed, features: 2, criterion: criterion)
    let search = WeightSearch(method: .errorRate, restarts: 0)
    let result = try search.result(for: lists, weights: Self.weights(2))
    let found = lists.loss(weights: result.weights)
    for step in -4_000...4_000 {
      let place = Double(step) / 100
      #expect(found <= lists.loss(weights: [1, place]), "seed \(seed), weight \(place)")
    }
    #expect(result.weights[0] == 1)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `every interval of a line has the loss that its middle has`(seed: UInt64) throws {
    let lists = try Self.lists(seed: seed, count: 20)
    let search = LineSearch(lists, axes: [0, 1, 2])
    var random = SplitMix64(seed: seed)
    for _ in 0..<20 {
      let weights = (0..<3).map { _ in 4 * random.nextUnit() - 2 }
      let direction = (0..<3).map { _ in 4 * random.nextUnit() - 2 }
      let range = -3.0...5.0
      let best = try #require(search.best(from: weights, along: direction, within: range))
      let middle = zip(weights, direction).map { $0 + best.middle * $1 }
      #expect(abs(best.loss - lists.loss(weights: middle)) < 1e-12)
      #expect(best.low >= range.lowerBound && best.high <= range.upperBound)
      for step in 0...800 {
        let length = -3 + Double(step) / 100
        let place = zip(weights, direction).map { $0 + length * $1 }
        #expect(best.loss <= lists.loss(weights: place) + 1e-12, "seed \(seed), step \(length)")
      }
    }
  }

  @Test
  func `the search along an axis is the search along that direction`() throws {
    let lists = try Self.lists(seed: 4, count: 30)
    let search = LineSearch(lists, axes: [0, 1, 2])
    let weights = [0.5, -1, 0.25]
    for axis in 0..<3 {
      var direction = [0.0, 0, 0]
      direction[axis] = 1
      let range = -10.0...10.0
      let alongAxis = try #require(search.best(from: weights, alongAxis: axis, within: range))
      let along = try #require(search.best(from: weights, along: direction, within: range))
      #expect(alongAxis.low == along.low && alongAxis.high == along.high)
      #expect(alongAxis.loss == along.loss)
    }
  }

  @Test(arguments: WeightSearch.Method.allCases, Criterion.allCases)
  func `what is found is not worse than the beginning, and the same on any number of threads`(
    method: WeightSearch.Method,
    criterion: Criterion
  ) throws {
    let lists = try Self.lists(seed: 11, count: 40, size: 10, features: 4, criterion: criterion)
    let search = WeightSearch(method: method, restarts: 5, seed: 3)
    let weights = Self.weights(4)
    let one = try search.result(for: lists, weights: weights, threads: 1)
    let three = try search.result(for: lists, weights: weights, threads: 3)
    #expect(one == three)
    let before = lists.loss(weights: weights.map(\.initial))
    #expect(lists.loss(weights: one.weights) <= before)
    #expect(one.measure == lists.measure(choices: lists.choices(weights: one.weights)))
  }

  @Test(arguments: WeightSearch.Method.allCases)
  func `bounds hold and fixed weights stay`(method: WeightSearch.Method) throws {
    let lists = try Self.lists(seed: 21, count: 40, size: 10, features: 4)
    var weights = Self.weights(4)
    weights[0].initial = 2.5
    weights[1].bounds = 0...0.125
    weights[2].bounds = -3 ... -0.5
    weights[2].initial = -1
    let search = WeightSearch(method: method, restarts: 6)
    let found = try search.result(for: lists, weights: weights).weights
    #expect(found[0] == 2.5)
    #expect(weights[1].bounds.contains(found[1]), "\(found)")
    #expect(weights[2].bounds.contains(found[2]), "\(found)")
  }

  @Test(arguments: Criterion.allCases)
  func `the gradient of the expected loss is that of finite differences`(criterion: Criterion)
    throws
  {
    let lists = try Self.lists(seed: 31, count: 15, criterion: criterion)
    let loss = ExpectedLoss(
      lists,
      penalties: ExpectedLoss.Penalties(sharpness: 0.01, deviation: 0.02),
      spreads: lists.spreads,
      initial: [1, 0.5, 0]
    )
    let place = [0.3, -0.2, 0.1]
    let gradient = loss.value(at: place).gradient
    for index in place.indices {
      var (above, below) = (place, place)
      above[index] += 1e-5
      below[index] -= 1e-5
      let difference = (loss.value(at: above).loss - loss.value(at: below).loss) / 2e-5
      // Central differences: an error of the size of the third derivative times 1e-10, and of rounding 1e-16 / 1e-5.
      #expect(abs(difference - gradient[index]) < 1e-7, "feature \(index)")
    }
  }

  @Test
  func `very sharp distributions expect the errors of the best hypotheses`() throws {
    let lists = try Self.lists(seed: 41, count: 15)
    let weights = [0.7, -0.3, 0.2]
    let loss = ExpectedLoss(
      lists,
      penalties: ExpectedLoss.Penalties(sharpness: 0, deviation: 0),
      spreads: lists.spreads,
      initial: weights
    )
    let sharp = loss.value(at: weights.map { $0 * 1e6 }).loss
    #expect(abs(sharp - lists.loss(weights: weights)) < 1e-9)
  }

  @Test
  func `cross-validation measures each list with weights that did not see it`() throws {
    let lists = try Self.lists(seed: 51, count: 23, size: 8)
    let search = WeightSearch(restarts: 2, seed: 5)
    let weights = Self.weights(3)
    let validation = try CrossValidation(of: search, lists: lists, weights: weights, folds: 4)
    #expect((0..<4).map { fold in validation.folds.count { $0 == fold } }.sorted() == [5, 6, 6, 6])
    for fold in 0..<4 {
      let seen = validation.folds.indices.filter { validation.folds[$0] != fold }
      let again = try search.result(for: lists.selecting(seen), weights: weights)
      #expect(again.weights == validation.foldWeights[fold])
      let choices = lists.choices(weights: again.weights)
      for list in validation.folds.indices where validation.folds[list] == fold {
        #expect(choices[list] == validation.choices[list])
      }
    }
    #expect(validation.measure == lists.measure(choices: validation.choices))
    let threaded = try CrossValidation(
      of: search,
      lists: lists,
      weights: weights,
      folds: 4,
      threads: 3
    )
    #expect(threaded == validation)
  }

  @Test
  func `a tie goes to the earlier hypothesis`() throws {
    var lists = TuningLists(featureNames: ["a"], criterion: .wer)
    try lists.append(texts: ["x", "y", "z"], features: [1, 2, 2], reference: "y")
    #expect(lists.choices(weights: [1]) == [1])
    #expect(lists.choices(weights: [0]) == [0])
  }

  @Test
  func `what cannot be tuned is refused with a reason`() throws {
    var lists = TuningLists(featureNames: ["a", "b"], criterion: .wer)
    let search = WeightSearch()
    let weights = [TunableWeight("a", initial: 1, isFixed: true), TunableWeight("b", initial: 0)]
    #expect(throws: TuningError.noLists) { try search.result(for: lists, weights: weights) }
    #expect(throws: TuningError.emptyList(list: 1)) {
      try lists.append(texts: [], features: [], reference: "x")
    }
    #expect(
      throws: TuningError.notFinite(list: 1, hypothesis: 2, feature: "b", value: -.infinity)
    ) {
      try lists.append(texts: ["x", "y"], features: [1, 2, 3, -.infinity], reference: "x")
    }
    try lists.append(texts: ["x", "y"], features: [1, 2, 3, 4], reference: "")
    #expect(throws: TuningError.emptyReferences) { try search.result(for: lists, weights: weights) }
    try lists.append(texts: ["x", "y"], features: [1, 2, 3, 4], reference: "x")
    #expect(throws: TuningError.folds(3, lists: 2)) {
      try CrossValidation(of: search, lists: lists, weights: weights, folds: 3)
    }
    var bounded = weights
    bounded[1].bounds = 1...2
    #expect(throws: TuningError.bounds(weight: "b", initial: 0, bounds: 1...2)) {
      try search.result(for: lists, weights: bounded)
    }
  }
}
