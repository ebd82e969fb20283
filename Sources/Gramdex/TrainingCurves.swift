import GramdexNeuralModels
import GramdexStorage

/// How training went, as a table and as a drawing: `FILE.csv` and `FILE.svg`.
///
/// Both are rewritten whole, so that they can be looked at while training goes on; not more than once a second.
final class TrainingCurves {
  private let path: String
  private var reports: [TrainingReport]
  private var written = ContinuousClock.now

  /// Curves in files of this name with endings, which begin with what an earlier run reported.
  init(_ path: String, reports: [TrainingReport]) throws {
    self.path = path
    self.reports = reports
    try write()
  }

  /// Adds a point.
  func add(_ report: TrainingReport) throws {
    reports.append(report)
    if ContinuousClock.now - written > .seconds(1) { try write() }
  }

  /// Ends the curves.
  func finish() throws {
    try write()
  }

  private func write() throws {
    written = .now
    try Files.replace(path + ".csv", contents: Array(table.utf8))
    try Files.replace(path + ".svg", contents: Array(drawing.utf8))
  }

  /// A line a report.
  private var table: String {
    let distances = TrainingReport.distances.map { "norm_at_\($0)" }.joined(separator: ",")
    var text =
      "epoch,share,words,loss,perplexity,gradient_norm,clipped,\(distances),rate,words_per_second,"
      + "development_perplexity\n"
    for report in reports {
      let norms = TrainingReport.distances.indices.map {
        $0 < report.normsAtDistance.count ? "\(report.normsAtDistance[$0])" : ""
      }
      let fields =
        ["\(report.epoch)", "\(report.share)", "\(report.words)", "\(report.loss)"]
        + ["\(report.perplexity)", "\(report.gradientNorm)", "\(report.clipped)"] + norms
        + ["\(report.rate)", "\(report.wordsPerSecond)"]
        + [report.developmentPerplexity.map { "\($0)" } ?? ""]
      text += fields.joined(separator: ",") + "\n"
    }
    return text
  }

  private var drawing: String {
    func points(_ value: (TrainingReport) -> Double?) -> [LinePlot.Point] {
      reports.compactMap { report in
        value(report).map { LinePlot.Point(x: Double(report.words), y: $0) }
      }
    }
    let norms = TrainingReport.distances.enumerated().map { place, distance in
      LinePlot.Line(
        name: "gradient norm at distance \(distance)",
        points: points { place < $0.normsAtDistance.count ? $0.normsAtDistance[place] : nil }
      )
    }
    let perplexities = LinePlot(
      title: "Perplexity",
      xTitle: "words learned",
      yTitle: "perplexity",
      isLogarithmic: true,
      lines: [
        LinePlot.Line(name: "training text", points: points(\.perplexity)),
        LinePlot.Line(name: "development text", points: points(\.developmentPerplexity)),
      ]
    )
    let gradients = LinePlot(
      title: "Gradients",
      xTitle: "words learned",
      yTitle: "norm",
      isLogarithmic: true,
      lines: [LinePlot.Line(name: "gradient norm", points: points(\.gradientNorm))] + norms
    )
    return LinePlot.svg([perplexities, gradients])
  }
}
