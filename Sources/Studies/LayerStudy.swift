import Gramdex
public import GramdexCore
import GramdexNeural

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How the gradient shrinks from layer to layer of a deep network of σ, and does not with ReLU: ‖∂loss/∂W‖ of every layer
/// while both learn the spiral data set, and what they have learned of it.
///
/// Back-propagation multiplies by f′ in every layer; σ′ ≤ 1/4 (Hochreiter 1991; Glorot & Bengio 2010), ReLU′ is 0 or 1
/// (Glorot, Bordes & Bengio 2011). Both networks begin with the same weights.
public struct LayerStudy: Sendable {
  /// Hidden layers.
  public var layers = 5
  /// Hidden units a layer.
  public var hidden = 50
  /// Arms of the spiral.
  public var classes = 3
  /// Points of an arm.
  public var pointsPerClass = 100
  /// Steps of gradient descent, on all points.
  public var steps = 3000
  /// The learning rate.
  public var rate: Float = 0.2
  /// Decides points and weights.
  public var seed: UInt64 = 1
  /// Cells along each axis of the drawn boundary.
  public var cells = 90

  /// The usual study.
  public init() {}

  /// What a network did.
  struct Course: Sendable {
    var activation: Activation
    /// Before the steps of `marks`.
    var losses: [Double] = []
    /// Of each layer, before the steps of `marks`.
    var norms: [[Double]] = []
    var accuracy = 0.0
    var map: [Int] = []
  }

  /// The steps at which norms are taken: about a hundred, the first and the last among them.
  var marks: [Int] {
    let stride = max(1, steps / 100)
    return Array(Swift.stride(from: 0, to: steps, by: stride)) + [steps]
  }

  /// Teaches both networks.
  ///
  /// - Parameters:
  ///   - threads: the threads.
  ///   - cancellation: stops it when it is set.
  /// - Throws: `NeuralError`, `Interrupted`.
  public func run(threads: Int, cancellation: Cancellation = Cancellation()) throws -> StudyReport {
    let data = SpiralData(classes: classes, pointsPerClass: pointsPerClass, seed: seed)
    let courses = try [Activation.sigmoid, .relu].map {
      try learn($0, data, threads: threads, cancellation)
    }
    return report(courses, data)
  }

  func learn(
    _ activation: Activation,
    _ data: SpiralData,
    threads: Int,
    _ cancellation: Cancellation
  ) throws -> Course {
    let team = try Team(threads: threads)
    let network = DeepNetwork(
      activation,
      layers: layers,
      hidden: hidden,
      data: data,
      seed: seed,
      team: team
    )
    var course = Course(activation: activation)
    let marks = Set(marks)
    for step in 0...steps {
      try cancellation.check()
      let loss = try network.computeGradient()
      if marks.contains(step) {
        guard loss.isFinite else { throw NeuralError.notFinite("the loss; use a smaller --rate") }
        course.losses.append(loss)
        course.norms.append(try network.gradientNorms())
      }
      if step < steps { try network.descend(rate: rate, step: step + 1) }
    }
    let found = try network.classes(of: data.points)
    course.accuracy =
      Double(zip(found, data.labels).count { $0 == Int($1) }) / Double(data.labels.count)
    let grid = FloatMatrix(rows: cells * cells, columns: 2)
    for row in 0..<cells {
      for column in 0..<cells {
        grid[row * cells + column, 0] = Float(
          Self.border * (2 * (Double(column) + 0.5) / Double(cells) - 1)
        )
        grid[row * cells + column, 1] = Float(
          Self.border * (2 * (Double(row) + 0.5) / Double(cells) - 1)
        )
      }
    }
    course.map = try network.classes(of: grid)
    return course
  }

  /// The drawn plane goes from minus this to this.
  private static let border = 1.2

  /// The geometric mean, over the course, of the norm of a layer divided by that of the layer above, both H × H.
  static func ratio(_ norms: [[Double]]) -> Double? {
    // The first layer and the soft-max have other shapes.
    let logs = norms.flatMap { norms in
      zip(norms.dropFirst().dropLast(), norms.dropFirst(2).dropLast()).map { log($0 / $1) }
    }
    .filter(\.isFinite)
    return logs.isEmpty ? nil : exp(logs.reduce(0, +) / Double(logs.count))
  }

  private func report(_ courses: [Course], _ data: SpiralData) -> StudyReport {
    let names = (1...layers).map { "layer_\($0)" } + ["softmax"]
    var table = StudyTable("norms", columns: ["network", "step", "loss"] + names)
    var summary = StudyTable(
      "course",
      columns: ["network", "step", "loss"] + (1...layers).map { "layer \($0)" } + ["soft-max"]
    )
    var found = StudyTable(
      "result",
      columns: ["network", "accuracy", "loss", "layer / layer above"]
    )
    var plots: [LinePlot] = []
    for course in courses {
      let name = course.activation.rawValue
      let shown = Set([0, 1, 2, 3, 4].map { (marks.count - 1) * $0 / 4 })
      for (place, norms) in course.norms.enumerated() {
        let row: [StudyValue] =
          [.text(name), .integer(marks[place]), .number(course.losses[place], digits: 4)]
          + norms.map { .power(log10: log10($0)) }
        table.rows.append(row)
        if shown.contains(place) { summary.rows.append(row) }
      }
      found.rows.append([
        .text(name), .number(course.accuracy, digits: 3),
        .number(course.losses.last ?? 0, digits: 4),
        Self.ratio(course.norms).map { .number($0, digits: 3) } ?? .missing,
      ])
      plots.append(
        LinePlot(
          title: "Norm of the gradient of each layer's weights: \(name)",
          xTitle: "step",
          yTitle: "norm",
          isLogarithmic: true,
          lines: (0...layers).map { layer in
            LinePlot.Line(
              name: layer < layers ? "layer \(layer + 1)" : "soft-max",
              points: course.norms.enumerated().map {
                LinePlot.Point(x: Double(marks[$0]), y: $1[layer])
              }
            )
          }
        )
      )
    }
    return StudyReport(
      study: "layers",
      settings: [
        "layers": .integer(Int64(layers)), "hidden": .integer(Int64(hidden)),
        "classes": .integer(Int64(classes)), "pointsPerClass": .integer(Int64(pointsPerClass)),
        "steps": .integer(Int64(steps)), "rate": .number(Double(rate)),
        "seed": .integer(Int64(clamping: seed)),
      ],
      summaries: [summary, found],
      notes: [
        """
        Norms are Frobenius, of the gradient with respect to a layer's weights. The last column is the \
        geometric mean, over the course, of the norm of a hidden layer divided by that of the one above, \
        between layers of equal shape.
        """
      ],
      tables: [table, found],
      drawings: [
        .init(name: "", svg: LinePlot.svg(plots)),
        .init(name: "boundary", svg: MapPlot.svg(courses.map { map($0, data) })),
      ]
    )
  }

  private func map(_ course: Course, _ data: SpiralData) -> MapPlot {
    let palette = ["#bcd9ec", "#f6cfae", "#b5e2d3", "#ecd3e2", "#f8e3b3", "#cfe9f8"]
    let strong = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
    return MapPlot(
      title:
        "What \(course.activation.rawValue) has learned: \(Readable.percent(course.accuracy)) right",
      xTitle: "x",
      yTitle: "y",
      x: -Self.border...Self.border,
      y: -Self.border...Self.border,
      columns: cells,
      cells: course.map.map { $0 % palette.count },
      palette: palette,
      legend: [],
      traces: (0..<data.classes).map { label in
        MapPlot.Trace(
          name: "class \(label + 1)",
          color: strong[label % strong.count],
          points: data.labels.indices.filter { data.labels[$0] == Int32(label) }.map {
            LinePlot.Point(x: Double(data.points[$0, 0]), y: Double(data.points[$0, 1]))
          },
          isLine: false
        )
      }
    )
  }
}
