import Gramdex

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A recurrent network of one hidden unit without input (Pascanu 2013, section 2.3 and figure 6):
///
///     x_t = w σ(x_{t−1}) + b,   x_0 = 1/2,   error = (σ(x_T) − 0.7)²
public struct OneUnitNetwork: Sendable {
  /// T.
  public var steps = 50
  /// What σ(x_T) should be.
  public var target = 0.7
  /// x_0.
  public var start = 0.5

  /// The network of the paper.
  public init() {}

  /// The error.
  public func error(w: Double, b: Double) -> Double {
    var x = start
    for _ in 0..<steps { x = w * Self.sigmoid(x) + b }
    let difference = Self.sigmoid(x) - target
    return difference * difference
  }

  /// ∂error/∂w and ∂error/∂b, by back-propagation through time.
  public func gradient(w: Double, b: Double) -> (w: Double, b: Double) {
    var outputs: [Double] = []
    var x = start
    for _ in 0..<steps {
      let output = Self.sigmoid(x)
      outputs.append(output)
      x = w * output + b
    }
    let last = Self.sigmoid(x)
    var dx = 2 * (last - target) * last * (1 - last)
    var sum = (w: 0.0, b: 0.0)
    for output in outputs.reversed() {
      sum.w += dx * output
      sum.b += dx
      dx *= w * output * (1 - output)
    }
    return sum
  }

  static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}

/// The wall in the error surface of a one-unit recurrent network, and gradient descent that meets it with and without
/// clipping (Pascanu 2013, figure 6 and algorithm 1).
///
/// Along the valley the gradient is small; at the wall it is so large that one step throws the parameters far away. A
/// gradient whose norm is above the threshold is scaled down to it, and the step stays in the neighborhood.
public struct WallStudy: Sendable {
  /// A place of the descent.
  public struct Step: Hashable, Sendable {
    /// w.
    public var w: Double
    /// b.
    public var b: Double
    /// The error there.
    public var error: Double
    /// The norm of the gradient there.
    public var gradientNorm: Double
    /// The length of the step from here to the next place.
    public var length: Double
  }

  /// The network.
  public var network = OneUnitNetwork()
  /// Where descent begins.
  public var start = (w: 5.0, b: -1.6)
  /// The learning rate.
  public var rate = 1.0
  /// The threshold of clipping.
  public var clip = 0.05
  /// How many steps.
  public var steps = 60
  /// The part of the surface that is drawn: w.
  public var widths = 3.0...7.0
  /// The part of the surface that is drawn: b.
  public var heights = -3.5...2.0
  /// Cells of the drawing along each axis.
  public var cells = 110

  /// The usual study.
  public init() {}

  /// Gradient descent; with a threshold, clipped.
  public func descend(clip: Double?) -> [Step] {
    var place = start
    return (0...max(steps, 0)).map { _ in
      let gradient = network.gradient(w: place.w, b: place.b)
      let norm = hypot(gradient.w, gradient.b)
      // g ← threshold · g / ‖g‖ where ‖g‖ > threshold (algorithm 1).
      let factor = clip.map { norm > $0 ? $0 / norm : 1 } ?? 1
      let step = Step(
        w: place.w,
        b: place.b,
        error: network.error(w: place.w, b: place.b),
        gradientNorm: norm,
        length: rate * factor * norm
      )
      place.w -= rate * factor * gradient.w
      place.b -= rate * factor * gradient.b
      return step
    }
  }

  /// The steps and the surface.
  public func run() -> StudyReport {
    let (plain, clipped) = (descend(clip: nil), descend(clip: clip))
    var table = StudyTable(
      "steps",
      columns: ["step", "descent", "w", "b", "error", "gradient_norm", "step_length"]
    )
    for (name, steps) in [("plain", plain), ("clipped", clipped)] {
      for (number, step) in steps.enumerated() {
        table.rows.append([
          .integer(number), .text(name), .number(step.w, digits: 4), .number(step.b, digits: 4),
          .number(step.error, digits: 5), .number(step.gradientNorm, digits: 4),
          .number(step.length, digits: 4),
        ])
      }
    }
    let surface = surface()
    return StudyReport(
      study: "wall",
      settings: [
        "w": .number(start.w), "b": .number(start.b), "rate": .number(rate),
        "clip": .number(clip), "descentSteps": .integer(Int64(steps)),
        "networkSteps": .integer(Int64(network.steps)), "target": .number(network.target),
      ],
      summaries: [summary(plain, clipped)],
      notes: notes(plain, clipped),
      tables: [table, surface],
      drawings: [.init(name: "", svg: MapPlot.svg([map(surface, plain, clipped)]))]
    )
  }

  private func summary(_ plain: [Step], _ clipped: [Step]) -> StudyTable {
    func row(_ name: String, _ steps: [Step]) -> [StudyValue] {
      let last = steps[steps.count - 1]
      return [
        .text(name), .number(steps.map(\.gradientNorm).max() ?? 0, digits: 3),
        .number(steps.map(\.length).max() ?? 0, digits: 3),
        .number(steps.map(\.error).min() ?? 0, digits: 5), .number(last.w, digits: 3),
        .number(last.b, digits: 3), .number(last.error, digits: 5),
      ]
    }
    return StudyTable(
      "descents",
      columns: [
        "descent", "greatest gradient", "longest step", "least error", "last w", "last b",
        "last error",
      ],
      rows: [row("plain", plain), row("clipped", clipped)]
    )
  }

  private func notes(_ plain: [Step], _ clipped: [Step]) -> [String] {
    func longest(_ steps: [Step]) -> (Int, Step) {
      let number = steps.indices.max { steps[$0].length < steps[$1].length } ?? 0
      return (number, steps[number])
    }
    let (number, step) = longest(plain)
    return [
      """
      Without clipping, step \(number + 1) from (\(Readable.fixed(step.w, 3)), \
      \(Readable.fixed(step.b, 3))) is \(Readable.fixed(step.length, 3)) long: the gradient at the wall \
      is \(Readable.fixed(step.gradientNorm, 3)).
      """,
      """
      With a threshold of \(clip), no step is longer than \(Readable.fixed(longest(clipped).1.length, 3)), \
      rate times threshold.
      """,
    ]
  }

  /// The error at the middle of every cell.
  private func surface() -> StudyTable {
    var table = StudyTable("surface", columns: ["w", "b", "error", "gradient_norm"])
    for row in 0..<cells {
      for column in 0..<cells {
        let w = Self.middle(column, of: cells, in: widths)
        let b = Self.middle(row, of: cells, in: heights)
        let gradient = network.gradient(w: w, b: b)
        table.rows.append([
          .number(w, digits: 3), .number(b, digits: 3),
          .number(network.error(w: w, b: b), digits: 5),
          .number(hypot(gradient.w, gradient.b), digits: 4),
        ])
      }
    }
    return table
  }

  private static func middle(_ place: Int, of count: Int, in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (Double(place) + 0.5) / Double(count) * (range.upperBound - range.lowerBound)
  }

  private func map(_ surface: StudyTable, _ plain: [Step], _ clipped: [Step]) -> MapPlot {
    let palette = MapPlot.scale(16)
    let errors = surface.rows.map { row in
      if case .number(let error, _) = row[2] { error } else { 0.0 }
    }
    let most = errors.max() ?? 1
    // Roots spread the small errors of the valley over more colors.
    let cells = errors.map { error in
      min(Int((error / max(most, 1e-12)).squareRoot() * Double(palette.count)), palette.count - 1)
    }
    func trace(_ name: String, _ color: String, _ steps: [Step]) -> MapPlot.Trace {
      MapPlot.Trace(
        name: name,
        color: color,
        points: steps.map { LinePlot.Point(x: $0.w, y: $0.b) },
        isLine: true
      )
    }
    return MapPlot(
      title: "The error of a recurrent network of one unit, and gradient descent on it",
      xTitle: "w",
      yTitle: "b",
      x: widths,
      y: heights,
      columns: self.cells,
      cells: cells,
      palette: palette,
      legend: [
        (palette[0], "error 0"), (palette[palette.count / 2], "a quarter of the greatest"),
        (palette[palette.count - 1], "error \(Readable.fixed(most, 2))"),
      ],
      traces: [
        trace("without clipping", "#ff3b30", plain),
        trace("clipped at \(clip)", "white", clipped),
      ]
    )
  }
}
