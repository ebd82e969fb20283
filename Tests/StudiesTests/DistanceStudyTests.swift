import GramdexNeural
import GramdexNeuralModels
import Testing

@testable import GramdexStudies

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite("The gradient over distance")
struct DistanceStudyTests {
  private static func study(_ distance: Int = 60, ends: Int = 3) -> DistanceStudy {
    var study = DistanceStudy()
    study.distance = distance
    study.ends = ends
    return study
  }

  private static func series(_ cell: StudyCell, hidden: Int = 24, seed: UInt64 = 1) throws
    -> DistanceStudy.Series
  {
    let network = WordNetwork(
      cell.options(hidden: hidden),
      vocabularySize: 50,
      learns: false,
      precision: .float32
    )
    network.initialize(seed: seed, frequencies: Array(repeating: 1, count: 50))
    let study = study()
    var random = CountedRandom(seed: seed, purpose: "test")
    let words = (0..<study.steps).map { _ in Int32(random.next() % 50) }
    return try study.measure(network, name: cell.rawValue, words: words, team: Team(threads: 1))
  }

  @Test(arguments: [StudyCell.sigmoid, .tanh, .relu, .irnn], [1, 2, 3])
  func `is never above the bound`(cell: StudyCell, seed: UInt64) throws {
    let series = try Self.series(cell, seed: seed)
    for point in series.points {
      let bound = try #require(series.log10Bound(point.distance))
      let looser = try #require(series.log10LooserBound(point.distance))
      #expect(point.log10Greatest <= bound + DistanceStudy.boundTolerance, "\(point)")
      #expect(bound <= looser)
      #expect(point.log10Least <= point.log10Mean + 1e-12)
      #expect(point.log10Mean <= point.log10Greatest + 1e-12)
      // ‖A‖₂ ≤ ‖A‖_F, up to the rounding of sums.
      #expect(!(point.log10Mean > point.log10Frobenius + 1e-6))
    }
  }

  @Test func `vanishes in a fresh sigmoid network and not in an IRNN`() throws {
    let sigmoid = try Self.series(.sigmoid)
    let identity = try Self.series(.irnn)
    // At most (‖U‖ / 4)^60 with ‖U‖ < 2.
    #expect(sigmoid.points[59].log10Greatest < -18)
    // A diagonal of ones where units are alive: its norm is 1 exactly while one of them lives through.
    #expect(abs(identity.points[59].log10Mean) < 1e-6)
    let weights = try #require(identity.weightNorm)
    #expect(abs(weights - 1) < 1e-6)
    #expect(sigmoid.slope == 0.25 && identity.slope == 1)
  }

  @Test func `has no bound for gated units, and a cell for long short-term memory`() throws {
    let (gru, lstm) = (try Self.series(.gru), try Self.series(.lstm))
    #expect(gru.log10Bound(1) == nil && lstm.log10LooserBound(1) == nil)
    #expect(gru.points.allSatisfy { $0.log10Cell == nil })
    #expect(lstm.points.allSatisfy { $0.log10Cell != nil })
  }

  @Test func `is the same for any number of threads`() throws {
    var fresh = DistanceStudy.Fresh()
    fresh.hidden = 40
    let reports = try [1, 2, 3].map { try Self.study(12).run(fresh, threads: $0) }
    #expect(reports[0].csv == reports[1].csv && reports[0].csv == reports[2].csv)
    #expect(reports[0].drawings == reports[1].drawings)
    #expect(reports[0].csv.split(separator: "\n").count == 1 + 6 * 12)
  }

  @Test func `goes back through the layer that was asked for`() throws {
    var fresh = DistanceStudy.Fresh()
    fresh.cells = [.sigmoid]
    fresh.hidden = 16
    fresh.layers = 2
    let top = try Self.study(5).run(fresh, threads: 1)
    fresh.layer = 2
    let second = try Self.study(5).run(fresh, threads: 1)
    fresh.layer = 1
    let first = try Self.study(5).run(fresh, threads: 1)
    #expect(top.csv == second.csv)
    #expect(top.csv != first.csv)
    fresh.layer = 3
    #expect(throws: StudyError.noLayer(3, of: 2)) { try Self.study(5).run(fresh, threads: 1) }
  }
}
