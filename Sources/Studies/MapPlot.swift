public import Gramdex

/// A plane of colored cells with lines and dots over it, drawn as SVG.
public struct MapPlot: Sendable {
  /// A line or a set of dots.
  public struct Trace: Sendable {
    /// What the legend says; empty for nothing.
    public var name: String
    /// The color, as SVG has it.
    public var color: String
    /// The points, in order.
    public var points: [LinePlot.Point]
    /// Whether they are joined.
    public var isLine: Bool
  }

  /// What stands above.
  public var title: String
  /// What the horizontal axis is.
  public var xTitle: String
  /// What the vertical axis is.
  public var yTitle: String
  /// From the left to the right border.
  public var x: ClosedRange<Double>
  /// From the lower to the upper border.
  public var y: ClosedRange<Double>
  /// Cells from left to right.
  public var columns: Int
  /// The color of each cell, a place in `palette`, rows from the lowest up, each from the left.
  public var cells: [Int]
  /// The colors, as SVG has them.
  public var palette: [String]
  /// What the legend says of some colors.
  public var legend: [(color: String, text: String)]
  /// What is drawn over the cells; only what lies within the borders is seen.
  public var traces: [Trace]

  private static let height = 440.0

  /// A drawing of maps, one below the other.
  static func svg(_ maps: [MapPlot]) -> String {
    let total = height * Double(maps.count)
    var text =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(LinePlot.number(LinePlot.width)) "
      + "\(LinePlot.number(total))\" font-family=\"sans-serif\" font-size=\"11\">\n"
      + "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    for (place, map) in maps.enumerated() {
      text +=
        "<g transform=\"translate(0 \(LinePlot.number(height * Double(place))))\">\n"
        + "\(map.body(place))</g>\n"
    }
    return text + "</svg>\n"
  }

  private func body(_ number: Int) -> String {
    let (left, right, top, bottom) = (70.0, LinePlot.width - 190, 30.0, Self.height - 45)
    func across(_ value: Double) -> Double {
      left + (value - x.lowerBound) / (x.upperBound - x.lowerBound) * (right - left)
    }
    func up(_ value: Double) -> Double {
      bottom - (value - y.lowerBound) / (y.upperBound - y.lowerBound) * (bottom - top)
    }
    var text = LinePlot.label(left, 18, "start", title)
    let rows = cells.count / max(columns, 1)
    let (wide, high) = ((right - left) / Double(columns), (bottom - top) / Double(rows))
    text +=
      "<g transform=\"translate(\(left) \(top)) scale(\(Self.exact(wide)) \(Self.exact(high)))\" "
      + "shape-rendering=\"crispEdges\">\n"
    for (color, path) in paths(rows) where !path.isEmpty {
      text += "<path fill=\"\(palette[color])\" d=\"\(path)\"/>\n"
    }
    text += "</g>\n"
    for tick in LinePlot.ticks(x.lowerBound, x.upperBound) {
      text += LinePlot.line(across(tick), bottom, across(tick), bottom + 4, "black")
      text += LinePlot.label(across(tick), bottom + 16, "middle", LinePlot.short(tick))
    }
    for tick in LinePlot.ticks(y.lowerBound, y.upperBound) {
      text += LinePlot.line(left - 4, up(tick), left, up(tick), "black")
      text += LinePlot.label(left - 7, up(tick) + 4, "end", LinePlot.short(tick))
    }
    text += LinePlot.label((left + right) / 2, bottom + 34, "middle", xTitle)
    text +=
      "<text transform=\"translate(14 \(LinePlot.number((top + bottom) / 2))) rotate(-90)\" "
      + "text-anchor=\"middle\">\(LinePlot.escaped(yTitle))</text>\n"
    text +=
      "<clipPath id=\"borders\(number)\"><rect x=\"\(left)\" y=\"\(top)\" "
      + "width=\"\(right - left)\" height=\"\(bottom - top)\"/></clipPath>\n"
    text += "<g clip-path=\"url(#borders\(number))\">\n"
    for trace in traces {
      text += Self.drawn(trace, trace.points.map { (across($0.x), up($0.y)) })
    }
    text += "</g>\n"
    let named = traces.filter { !$0.name.isEmpty }.map { ($0.color, $0.name) }
    for (place, entry) in (legend.map { ($0.color, $0.text) } + named).enumerated() {
      let above = top + 16 * Double(place)
      text +=
        "<rect x=\"\(right + 10)\" y=\"\(above)\" width=\"12\" height=\"10\" fill=\"\(entry.0)\"/>\n"
      text += LinePlot.label(right + 27, above + 9, "start", entry.1)
    }
    return text
  }

  /// For each color, the outlines of its runs of cells.
  private func paths(_ rows: Int) -> [(Int, String)] {
    var paths = [String](repeating: "", count: palette.count)
    for row in 0..<rows {
      let line = cells[row * columns..<(row + 1) * columns]
      var start = line.startIndex
      while start < line.endIndex {
        let color = line[start]
        let end = line[start...].firstIndex { $0 != color } ?? line.endIndex
        paths[color] +=
          "M\(start - line.startIndex) \(rows - 1 - row)h\(end - start)v1h\(start - end)z"
        start = end
      }
    }
    return Array(paths.enumerated())
  }

  private static func drawn(_ trace: Trace, _ places: [(Double, Double)]) -> String {
    // Far outside the borders renderers lose precision.
    let near = places.map { (min(max($0.0, -1e5), 1e5), min(max($0.1, -1e5), 1e5)) }
    var text = ""
    if trace.isLine {
      let path = near.map { "\(LinePlot.number($0.0)),\(LinePlot.number($0.1))" }
      text +=
        "<polyline points=\"\(path.joined(separator: " "))\" fill=\"none\" "
        + "stroke=\"\(trace.color)\" stroke-width=\"1.2\"/>\n"
    }
    let dots = near.map { "M\(LinePlot.number($0.0)) \(LinePlot.number($0.1))h0" }.joined()
    return text + "<path d=\"\(dots)\" stroke=\"\(trace.color)\" stroke-width=\"4\" "
      + "stroke-linecap=\"round\"/>\n"
  }

  private static func exact(_ value: Double) -> String { Readable.fixed(value, 5) }

  /// So many colors from dark blue over green to yellow, as places are seen in all kinds of sight.
  static func scale(_ count: Int) -> [String] {
    let stops: [(Double, Double, Double)] = [
      (68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37),
    ]
    return (0..<count).map { place in
      let position = Double(place) / Double(max(count - 1, 1)) * Double(stops.count - 1)
      let index = min(Int(position), stops.count - 2)
      let share = position - Double(index)
      let (from, to) = (stops[index], stops[index + 1])
      func mix(_ a: Double, _ b: Double) -> String { Readable.fixed(a + (b - a) * share, 0) }
      return "rgb(\(mix(from.0, to.0)),\(mix(from.1, to.1)),\(mix(from.2, to.2)))"
    }
  }
}
