#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Lines over a plane, drawn as SVG.
public struct LinePlot: Sendable {
  /// A place on the plane.
  public struct Point: Hashable, Sendable {
    /// Rightwards.
    public var x: Double
    /// Upwards.
    public var y: Double

    /// A place.
    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// A line through points, with a name.
  public struct Line: Sendable {
    /// What the legend says.
    public var name: String
    /// The points, in order.
    public var points: [Point]
    /// Whether the points are drawn without the line.
    public var isScattered: Bool

    /// A line.
    public init(name: String, points: [Point], isScattered: Bool = false) {
      self.name = name
      self.points = points
      self.isScattered = isScattered
    }
  }

  /// What stands above.
  public var title: String
  /// What the horizontal axis is.
  public var xTitle: String
  /// What the vertical axis is.
  public var yTitle: String
  /// Whether the vertical axis is logarithmic; points at or below 0 are left out then.
  public var isLogarithmic: Bool
  /// The lines.
  public var lines: [Line]

  /// A plot.
  public init(
    title: String,
    xTitle: String,
    yTitle: String,
    isLogarithmic: Bool = false,
    lines: [Line]
  ) {
    self.title = title
    self.xTitle = xTitle
    self.yTitle = yTitle
    self.isLogarithmic = isLogarithmic
    self.lines = lines
  }

  /// Colors that are told apart by all eyes (Okabe & Ito 2008).
  package static let colors = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999",
  ]
  /// The width of a plot.
  package static let width = 640.0
  private static let height = 360.0

  /// A drawing of plots, one below the other.
  public static func svg(_ plots: [LinePlot]) -> String {
    let total = height * Double(plots.count)
    var text =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(number(width)) \(number(total))\" "
      + "font-family=\"sans-serif\" font-size=\"11\">\n"
      + "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    for (place, plot) in plots.enumerated() {
      text += "<g transform=\"translate(0 \(number(height * Double(place))))\">\n\(plot.body)</g>\n"
    }
    return text + "</svg>\n"
  }

  private var body: String {
    let (left, right, top, bottom) = (70.0, Self.width - 190, 30.0, Self.height - 45)
    let shown = lines.map { line in
      line.points.filter { $0.x.isFinite && $0.y.isFinite && (!isLogarithmic || $0.y > 0) }
    }
    var text =
      "<text x=\"\(Self.number(left))\" y=\"18\" font-size=\"13\">\(Self.escaped(title))</text>\n"
    let all = shown.joined()
    guard let xs = Self.range(all.map(\.x)), let ys = Self.range(all.map { height($0.y) }) else {
      return text
    }
    func x(_ value: Double) -> Double {
      left + (value - xs.low) / (xs.high - xs.low) * (right - left)
    }
    func y(_ value: Double) -> Double {
      bottom - (value - ys.low) / (ys.high - ys.low) * (bottom - top)
    }
    for tick in Self.ticks(xs.low, xs.high) {
      text += Self.line(x(tick), bottom, x(tick), top, "#e0e0e0")
      text += Self.label(x(tick), bottom + 14, "middle", Self.short(tick))
    }
    for tick in Self.ticks(ys.low, ys.high) {
      text += Self.line(left, y(tick), right, y(tick), "#e0e0e0")
      text += Self.label(
        left - 5,
        y(tick) + 4,
        "end",
        Self.short(isLogarithmic ? pow(10, tick) : tick)
      )
    }
    text +=
      Self.line(left, bottom, right, bottom, "black") + Self.line(left, top, left, bottom, "black")
    text += Self.label((left + right) / 2, bottom + 32, "middle", xTitle)
    text +=
      "<text transform=\"translate(14 \(Self.number((top + bottom) / 2))) rotate(-90)\" "
      + "text-anchor=\"middle\">\(Self.escaped(yTitle))</text>\n"
    for (place, points) in shown.enumerated() {
      let color = Self.colors[place % Self.colors.count]
      let places = points.map { (x($0.x), y(height($0.y))) }
      if lines[place].isScattered || places.count == 1 {
        for point in places {
          text +=
            "<circle cx=\"\(Self.number(point.0))\" cy=\"\(Self.number(point.1))\" r=\"2\" fill=\"\(color)\"/>\n"
        }
      } else if !places.isEmpty {
        let path = places.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
        text +=
          "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.5\"/>\n"
      }
      let legend = top + 14 * Double(place)
      text += Self.line(right + 10, legend, right + 26, legend, color)
      text += Self.label(right + 31, legend + 4, "start", lines[place].name)
    }
    return text
  }

  private func height(_ value: Double) -> Double { isLogarithmic ? log10(value) : value }

  private static func range(_ values: [Double]) -> (low: Double, high: Double)? {
    guard let low = values.min(), let high = values.max() else { return nil }
    return low < high ? (low, high) : (low - 0.5, high + 0.5)
  }

  /// Round numbers between two, four to nine of them.
  package static func ticks(_ low: Double, _ high: Double) -> [Double] {
    let power = pow(10, (log10((high - low) / 4)).rounded(.down))
    let step = [5, 2, 1].map { $0 * power }.first { (high - low) / $0 >= 4 } ?? power
    let first = (low / step).rounded(.up)
    return (0..<12).map { (first + Double($0)) * step }.filter { $0 <= high }
  }

  /// An element of a line.
  package static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String)
    -> String
  {
    "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" "
      + "stroke=\"\(color)\"/>\n"
  }

  /// An element of text.
  package static func label(_ x: Double, _ y: Double, _ anchor: String, _ text: String) -> String {
    "<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>\n"
  }

  /// A coordinate.
  package static func number(_ value: Double) -> String { Readable.fixed(value, 1) }

  /// The number beside a tick.
  package static func short(_ value: Double) -> String {
    let size = abs(value)
    if size >= 1e6 { return Readable.fixed(value / 1e6, size < 1e7 ? 1 : 0) + "M" }
    if size >= 1e4 { return Readable.fixed(value / 1e3, 0) + "k" }
    if size == 0 { return "0" }
    if size < 1e-3 { return "1e\(Int(log10(size).rounded()))" }
    return Readable.fixed(value, size >= 100 ? 0 : size >= 1 ? 1 : 3)
  }

  /// Text as SVG has it.
  package static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }
}
