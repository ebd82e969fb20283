import Testing

@testable import GramdexStudies

@Suite("The wall in the error of one recurrent unit")
struct WallStudyTests {
  @Test(arguments: [(3.5, -1.5), (5, -1.6), (4.4, -2.1), (2, 0.5), (6, -3.2)])
  func `has the gradient that differences tell`(w: Double, b: Double) {
    let network = OneUnitNetwork()
    let gradient = network.gradient(w: w, b: b)
    let step = 1e-6
    let byW =
      (network.error(w: w + step, b: b) - network.error(w: w - step, b: b)) / (2 * step)
    let byB =
      (network.error(w: w, b: b + step) - network.error(w: w, b: b - step)) / (2 * step)
    // Central differences of a smooth function: an error of step² times the third derivative, and rounding / step.
    #expect(abs(gradient.w - byW) < 1e-5 * (1 + abs(byW)))
    #expect(abs(gradient.b - byB) < 1e-5 * (1 + abs(byB)))
  }

  @Test
  func `throws plain descent far away, and clipped descent no further than rate times threshold`() {
    let study = WallStudy()
    let plain = study.descend(clip: nil)
    let clipped = study.descend(clip: study.clip)
    #expect(plain.count == study.steps + 1)
    #expect(clipped.allSatisfy { $0.length <= study.rate * study.clip * (1 + 1e-12) })
    #expect(plain.contains { $0.length > 20 * study.rate * study.clip })
    #expect(clipped.contains { $0.gradientNorm > study.clip })
    // Where the gradient is small, clipping changes nothing.
    #expect(plain[0].gradientNorm < study.clip)
    #expect(plain[1] == clipped[1])
    for (from, to) in zip(clipped, clipped.dropFirst()) {
      let way = ((to.w - from.w) * (to.w - from.w) + (to.b - from.b) * (to.b - from.b)).squareRoot()
      #expect(abs(way - from.length) < 1e-9)
    }
  }

  @Test func `is a table of steps, a surface and a drawing`() {
    var study = WallStudy()
    study.cells = 8
    study.steps = 3
    let report = study.run()
    #expect(report.tables.map(\.name) == ["steps", "surface"])
    #expect(report.tables[0].rows.count == 8)
    #expect(report.tables[1].rows.count == 64)
    #expect(report.drawings[0].svg.hasPrefix("<svg "))
    #expect(report.text.contains("plain"))
  }
}
