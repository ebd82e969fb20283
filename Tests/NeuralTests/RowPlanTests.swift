import Testing

@testable import GramdexNeural

@Suite("Rows that a window touches")
struct RowPlanTests {
  /// Words of several sizes, negative ones among them.
  static let bounds: [Int32] = [1, 2, 255, 256, 257, 10_000, 70_000, 1 << 26]

  @Test(arguments: bounds)
  func `are each named once, in ascending order, with their places in order`(bound: Int32) {
    var random = CountedRandom(seed: UInt64(bound), purpose: "rows")
    for count in [0, 1, 17, 700] {
      let ids = (0..<count).map { _ in Int32.random(in: -2..<bound, using: &random) }
      let plan = RowPlan(ids)
      let expected = Dictionary(grouping: ids.indices.filter { ids[$0] >= 0 }) { ids[$0] }
      #expect(plan.rows == expected.keys.sorted())
      #expect(plan.starts.count == plan.rows.count + 1)
      for (number, row) in plan.rows.enumerated() {
        let places = plan.places[plan.starts[number]..<plan.starts[number + 1]].map { Int($0) }
        #expect(places == expected[row])
      }
    }
  }

  @Test func `sums of equal rows, in both forms of a gradient`() throws {
    let team = try Team(threads: 2)
    let ids: [Int32] = [3, 0, 3, -1, 5, 0, 3, 1]
    // Two places side by side in each row of contributions.
    let contributions = FloatMatrix(rows: 4, columns: 6)
    for place in 0..<24 { contributions[place] = Float(place + 1) }
    var expected = [[Float]](repeating: [0, 0, 0], count: 6)
    for (place, id) in ids.enumerated() where id >= 0 {
      for column in 0..<3 { expected[Int(id)][column] += Float(place * 3 + column + 1) }
    }
    for form in [Parameter.GradientForm.dense, .rows] {
      let table = Parameter("t", rows: 6, columns: 3, gradient: form, precision: .float32)
      for (adding, factor) in [(false, Float(1)), (true, 2), (false, 1)] {
        try RowGradient.sum(ids, from: contributions, of: table, adding: adding, team: team)
        for row in 0..<6 {
          let found: [Float]
          if let gradient = table.gradient {
            found = (0..<3).map { gradient[row, $0] }
          } else if let gradient = table.rowGradient,
            let place = gradient.rows.firstIndex(of: Int32(row))
          {
            found = (0..<3).map { gradient.values[place, $0] }
          } else {
            found = [0, 0, 0]
          }
          #expect(found == expected[row].map { $0 * factor }, "\(form), row \(row)")
        }
      }
    }
  }
}

@Suite("Tiles")
struct TileTests {
  @Test func `cover all rows once, and an even number of them are nearly equal`() {
    for count in [0, 1, 63, 64, 127, 128, 129, 512, 700, 800, 1212, 2240, 10_000, 33_278] {
      for least in [32, 64] {
        let tiles = Team.tiles(of: count, least: least)
        #expect(tiles.flatMap { Array($0) } == Array(0..<count))
        #expect(tiles.count <= 16 && tiles.count <= max(1, (count + 63) / least))
        if tiles.count > 1 {
          #expect(tiles.count % 2 == 0 && tiles.dropLast().allSatisfy { $0.count % 16 == 0 })
          let half = tiles.count / 2
          let first = tiles[..<half].reduce(0) { $0 + $1.count }
          #expect(abs(2 * first - count) <= 32, "\(count): \(first)")
        }
      }
    }
  }
}
