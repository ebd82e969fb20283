import GramdexCore
import GramdexNeural
import Testing

@testable import GramdexStudies

@Suite("The gradient over layers")
struct LayerStudyTests {
  @Test func `has spirals of equal arms within the unit circle`() {
    let data = SpiralData(classes: 3, pointsPerClass: 20, seed: 4)
    #expect(data.labels.count == 60)
    for label in 0..<3 {
      #expect(data.labels.count { $0 == Int32(label) } == 20)
    }
    for row in 0..<60 {
      let (x, y) = (data.points[row, 0], data.points[row, 1])
      let radius = (x * x + y * y).squareRoot()
      #expect(abs(radius - Float(row % 20) / 19) < 1e-6)
    }
    #expect(
      data.points.elements == SpiralData(classes: 3, pointsPerClass: 20, seed: 4).points.elements
    )
    #expect(
      data.points.elements != SpiralData(classes: 3, pointsPerClass: 20, seed: 5).points.elements
    )
  }

  @Test(arguments: [Activation.sigmoid, .tanh])
  func `has gradients that are slopes`(activation: Activation) throws {
    let network = DeepNetwork(
      activation,
      layers: 3,
      hidden: 5,
      data: SpiralData(classes: 3, pointsPerClass: 4, seed: 1),
      seed: 2,
      team: try Team(threads: 1)
    )
    for weight in network.weights {
      _ = try network.computeGradient()
      let gradient = try #require(weight.gradient).elements
      for place in 0..<weight.count {
        let value = weight.values[place]
        let change: Float = 1e-2
        weight.values[place] = value + change
        let above = try network.computeGradient()
        weight.values[place] = value - change
        let below = try network.computeGradient()
        weight.values[place] = value
        // Losses have errors of 1e-7 in 32-bit floats; the third derivative adds 1e-4 at most.
        let slope = (above - below) / Double(2 * change)
        #expect(abs(slope - Double(gradient[place])) < 1e-3, "\(weight.name)[\(place)]")
      }
    }
  }

  @Test func `shrinks from layer to layer with sigmoid and much less with ReLU`() throws {
    var study = LayerStudy()
    study.hidden = 30
    study.pointsPerClass = 40
    study.steps = 40
    study.cells = 4
    let data = SpiralData(classes: 3, pointsPerClass: 40, seed: 1)
    let courses = try [Activation.sigmoid, .relu].map {
      try study.learn($0, data, threads: 1, Cancellation())
    }
    let sigmoid = try #require(LayerStudy.ratio(courses[0].norms))
    let relu = try #require(LayerStudy.ratio(courses[1].norms))
    #expect(sigmoid < 0.7)
    #expect(relu > 0.7)
    // The first hidden layer's weights get the least of what a sigmoid network learns.
    #expect(courses[0].norms[0][1] < 0.1 * courses[0].norms[0][4])
  }

  @Test func `has the same report for any number of threads`() throws {
    var study = LayerStudy()
    study.layers = 3
    study.hidden = 10
    study.pointsPerClass = 70
    study.steps = 5
    study.cells = 20
    let reports = try [1, 3].map { try study.run(threads: $0) }
    #expect(reports[0].text == reports[1].text)
    #expect(reports[0].drawings == reports[1].drawings)
    #expect(reports[0].drawings.map(\.name) == ["", "boundary"])
    // Steps 0 to 5 of two networks.
    #expect(reports[0].tables[0].rows.count == 12)
  }
}
