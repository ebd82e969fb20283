import Gramdex
public import GramdexCore
public import GramdexNeural
public import GramdexNeuralModels
import GramdexScoring
import GramdexText

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How a recurrent network's gradient shrinks or grows with distance: ‖∂h_t/∂h_k‖₂ over t − k, beside its bound.
///
/// For an Elman layer h_t = f(W x_t + U h_{t−1} + b),
///
///     ∂h_t/∂h_k = Π diag(f′) U,   so   ‖∂h_t/∂h_k‖₂ ≤ (β_W β_h)^(t−k)
///
/// with β_W = ‖U‖₂ and β_h the greatest derivative of f: 1/4 for σ, 1 for tanh and ReLU (Bengio 1994, section IV;
/// Pascanu 2013, section 2.1). Textbooks often take β_h = 1 for σ too; that looser bound is told beside it. Gated units
/// have no such bound.
///
/// The Jacobians are exact (`StateJacobians`), their spectral norms are found by power iteration (`MatrixNorms`), and both
/// are taken at several ends t: the mean is the geometric one.
public struct DistanceStudy: Sendable {
  /// The norms over one distance.
  public struct Point: Hashable, Sendable {
    /// t − k.
    public var distance: Int
    /// log10 of the geometric mean of ‖∂h_t/∂h_k‖₂ over the ends; −∞ when one of them is 0.
    public var log10Mean: Double
    /// log10 of the least.
    public var log10Least: Double
    /// log10 of the greatest.
    public var log10Greatest: Double
    /// log10 of the geometric mean of the Frobenius norms.
    public var log10Frobenius: Double
    /// log10 of the geometric mean of ‖∂h_t/∂c_k‖₂; long short-term memory only.
    public var log10Cell: Double?
  }

  /// One network's norms.
  public struct Series: Sendable {
    /// The network's name.
    public var name: String
    /// β_W = ‖U‖₂; nil where there is no bound.
    public var weightNorm: Double?
    /// β_h; nil where there is no bound.
    public var slope: Double?
    /// The norms, by distance from 1.
    public var points: [Point]

    /// log10 of (β_W β_h)^distance.
    public func log10Bound(_ distance: Int) -> Double? {
      guard let weightNorm, let slope else { return nil }
      return Double(distance) * log10(weightNorm * slope)
    }

    /// log10 of β_W^distance: the bound with β_h = 1.
    public func log10LooserBound(_ distance: Int) -> Double? {
      weightNorm.map { Double(distance) * log10($0) }
    }
  }

  /// The greatest distance.
  public var distance = 100
  /// How many ends t are averaged.
  public var ends = 5
  /// The steps between two ends.
  static let stride = 7

  /// The usual study.
  public init() {}

  /// The steps that all ends need.
  var steps: Int { distance + 1 + (ends - 1) * Self.stride }

  /// Measures a layer.
  ///
  /// - Parameters:
  ///   - layer: the layer.
  ///   - name: what the series is called.
  ///   - inputs: what it reads, in one lane [T × I]; at least `distance` + 1 rows.
  ///   - team: the threads.
  ///   - cancellation: stops it when it is set.
  /// - Throws: `NeuralError`, `Interrupted`.
  public func measure(
    _ layer: RecurrentLayer,
    name: String,
    inputs: FloatMatrix,
    team: Team,
    cancellation: Cancellation = Cancellation()
  ) throws -> Series {
    let jacobians = try StateJacobians(layer, inputs: inputs, team: team)
    var logs = [[Logs]](repeating: [], count: distance)
    for end in Swift.stride(from: inputs.rows - 1, through: distance, by: -Self.stride).prefix(ends)
    {
      try jacobians.goBack(from: end, distance: distance) { step in
        try cancellation.check()
        logs[step.distance - 1].append(Logs(step))
      }
    }
    var series = Series(
      name: name,
      weightNorm: nil,
      slope: nil,
      points: logs.enumerated().map { Logs.point($1, distance: $0 + 1) }
    )
    if case .elman(let activation) = layer.cell {
      series.weightNorm = MatrixNorms.spectral(
        layer.recurrent.values,
        tolerance: 1e-12,
        iterations: 5000
      )
      series.slope = activation.greatestSlope
    }
    return series
  }

  /// Measures the layer of a network that reads words.
  ///
  /// - Parameters:
  ///   - network: the network.
  ///   - name: what the series is called.
  ///   - words: numbers of its words; more than `distance`.
  ///   - layer: which of its recurrent layers, from 1; nil for the topmost.
  ///   - team: the threads.
  ///   - cancellation: stops it when it is set.
  /// - Throws: `StudyError`, `NeuralError`, `Interrupted`.
  public func measure(
    _ network: WordNetwork,
    name: String,
    words: [Int32],
    layer number: Int? = nil,
    team: Team,
    cancellation: Cancellation = Cancellation()
  ) throws -> Series {
    let layers = network.recurrent
    if layers.isEmpty || network.options.cell == nil { throw StudyError.notRecurrent(model: name) }
    let top = number ?? layers.count
    guard (1...layers.count).contains(top) else { throw StudyError.noLayer(top, of: layers.count) }
    let vectors = Tensor(
      rows: words.count,
      columns: network.options.embedding,
      precision: .float32
    )
    try network.embedding.forward(words, output: vectors, team: team)
    var inputs = vectors.values
    for layer in layers.prefix(top - 1) {
      inputs = try StateJacobians(layer, inputs: inputs, team: team).output
    }
    return try measure(
      layers[top - 1],
      name: name,
      inputs: inputs,
      team: team,
      cancellation: cancellation
    )
  }

  /// log10 of the norms of one Jacobian.
  private struct Logs {
    var spectral: Double
    var frobenius: Double
    var cell: Double?

    init(_ step: StateJacobians.Step) {
      let shift = Double(step.exponent) * StateJacobians.Step.log10OfTwo
      spectral = log10(MatrixNorms.spectral(step.hidden)) + shift
      frobenius = log10(MatrixNorms.frobenius(step.hidden)) + shift
      cell = step.cell.map { log10(MatrixNorms.spectral($0)) + shift }
    }

    static func point(_ logs: [Logs], distance: Int) -> Point {
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
      let spectral = logs.map(\.spectral)
      let cells = logs.compactMap(\.cell)
      return Point(
        distance: distance,
        log10Mean: mean(spectral),
        log10Least: spectral.min() ?? -.infinity,
        log10Greatest: spectral.max() ?? -.infinity,
        log10Frobenius: mean(logs.map(\.frobenius)),
        log10Cell: cells.isEmpty ? nil : mean(cells)
      )
    }
  }
}

extension DistanceStudy {
  /// A network that has learned nothing, as training begins with it, and random words.
  public struct Fresh: Sendable {
    /// The networks to compare.
    public var cells: [StudyCell] = [.sigmoid, .tanh, .relu, .irnn, .gru, .lstm]
    /// Hidden units a layer.
    public var hidden = 100
    /// Layers; the topmost is measured unless told otherwise.
    public var layers = 1
    /// The layer to measure, from 1; nil for the topmost.
    public var layer: Int?
    /// What the identity of IRNNs is multiplied by.
    public var identityScale: Float = 1
    /// Decides weights and words.
    public var seed: UInt64 = 1

    /// The usual networks.
    public init() {}
  }

  private static let freshWords = 1000

  /// Compares networks that have learned nothing.
  ///
  /// - Parameters:
  ///   - fresh: the networks.
  ///   - threads: the threads.
  ///   - cancellation: stops it when it is set.
  /// - Throws: `StudyError`, `NeuralError`, `Interrupted`.
  public func run(
    _ fresh: Fresh = Fresh(),
    threads: Int,
    cancellation: Cancellation = Cancellation()
  ) throws -> StudyReport {
    let team = try Team(threads: threads)
    var random = CountedRandom(seed: fresh.seed, purpose: "words of the distance study")
    let words = (0..<steps).map { _ in Int32(random.next() % UInt64(Self.freshWords)) }
    let series = try fresh.cells.map { cell in
      let network = WordNetwork(
        cell.options(
          hidden: fresh.hidden,
          layers: fresh.layers,
          identityScale: fresh.identityScale
        ),
        vocabularySize: Self.freshWords,
        learns: false,
        precision: .float32
      )
      network.initialize(
        seed: fresh.seed,
        frequencies: Array(repeating: 1, count: Self.freshWords)
      )
      return try measure(
        network,
        name: cell.rawValue,
        words: words,
        layer: fresh.layer,
        team: team,
        cancellation: cancellation
      )
    }
    return report(
      series,
      of: "networks that have learned nothing",
      settings: [
        "networks": .array(fresh.cells.map { .string($0.rawValue) }),
        "hidden": .integer(Int64(fresh.hidden)),
        "layers": .integer(Int64(fresh.layers)),
        "identityScale": .number(Double(fresh.identityScale)),
        "seed": .integer(Int64(clamping: fresh.seed)),
      ]
    )
  }

  /// Measures trained models of an index on the first words of a text, read as one sequence.
  ///
  /// - Parameters:
  ///   - path: the index folder.
  ///   - models: names of recurrent models in it.
  ///   - text: a file; its first words count.
  ///   - layer: which recurrent layer, from 1; nil for the topmost.
  ///   - threads: the threads.
  ///   - cancellation: stops it when it is set.
  /// - Throws: `StudyError`, `NeuralError`, `Interrupted`, and errors of opening a model and of reading a text.
  public func run(
    index path: String,
    models: [String],
    text: String,
    layer: Int? = nil,
    threads: Int,
    cancellation: Cancellation = Cancellation()
  ) throws -> StudyReport {
    let team = try Team(threads: threads)
    let series = try models.map { name in
      guard let model = try IndexModel.open(path, model: name) as? NeuralModel else {
        throw StudyError.notRecurrent(model: name)
      }
      let words = try firstWords(of: text, model, cancellation)
      return try measure(
        model.network,
        name: name,
        words: words,
        layer: layer,
        team: team,
        cancellation: cancellation
      )
    }
    return report(
      series,
      of: models.count == 1 ? models[0] : "trained models",
      settings: [
        "index": .string(path),
        "models": .array(models.map(JSONValue.string)),
        "text": .string(text),
      ]
    )
  }

  /// The network's numbers of the first words of a text, `</s>` after every sentence.
  private func firstWords(
    of path: String,
    _ model: NeuralModel,
    _ cancellation: Cancellation
  ) throws -> [Int32] {
    let reader = try TextBlockReader(
      TextInputs(InputOptions(paths: [path])),
      blockBytes: 1 << 20,
      cancellation: cancellation
    )
    var words = [Int32(ShortList.sentenceEnd)]
    blocks: while let block = try reader.next() {
      for line in block.bytes.split(separator: 0x0A) {
        let sentence = model.words(of: String(decoding: line, as: UTF8.self))
        if sentence.isEmpty { continue }
        words += sentence.map { Int32(model.shortList.networkID(of: model.id(of: $0).rawValue)) }
        words.append(Int32(ShortList.sentenceEnd))
        if words.count >= steps { break blocks }
      }
    }
    guard words.count > distance else {
      throw StudyError.textTooShort(path: path, words: words.count - 1, needed: distance)
    }
    return Array(words.prefix(steps))
  }

  /// Tables and drawing of the series.
  func report(_ series: [Series], of what: String, settings: [String: JSONValue]) -> StudyReport {
    func power(_ log10: Double?) -> StudyValue { log10.map { .power(log10: $0) } ?? .missing }
    var table = StudyTable(
      "norms",
      columns: [
        "network", "distance", "norm", "least", "greatest", "frobenius", "cell_norm", "bound",
        "looser_bound",
      ]
    )
    for one in series {
      for point in one.points {
        table.rows.append([
          .text(one.name), .integer(point.distance), power(point.log10Mean),
          power(point.log10Least), power(point.log10Greatest), power(point.log10Frobenius),
          power(point.log10Cell), power(one.log10Bound(point.distance)),
          power(one.log10LooserBound(point.distance)),
        ])
      }
    }
    var settings = settings
    settings["distance"] = .integer(Int64(distance))
    settings["ends"] = .integer(Int64(ends))
    return StudyReport(
      study: "distance",
      settings: settings,
      summaries: [bounds(series), norms(series)],
      notes: notes(series),
      tables: [table],
      drawings: [.init(name: "", svg: LinePlot.svg([plot(series, of: what)]))]
    )
  }

  private func bounds(_ series: [Series]) -> StudyTable {
    StudyTable(
      "bounds",
      columns: ["network", "beta_W", "beta_h", "a step's bound", "looser", "a step's mean"],
      rows: series.map { one in
        let mean = one.points.last.map { pow(10, $0.log10Mean / Double($0.distance)) }
        func number(_ value: Double?) -> StudyValue {
          value.map { .number($0, digits: 3) } ?? .missing
        }
        return [
          .text(one.name), number(one.weightNorm), number(one.slope),
          number(one.log10Bound(1).map { pow(10, $0) }), number(one.weightNorm), number(mean),
        ]
      }
    )
  }

  /// Some distances; a single network's with its bounds.
  private func norms(_ series: [Series]) -> StudyTable {
    func power(_ log10: Double?) -> StudyValue { log10.map { .power(log10: $0) } ?? .missing }
    let shown = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000]
      .filter { $0 < distance }
    var table = StudyTable("norms", columns: ["distance"])
    for one in series {
      table.columns.append(one.name)
      if one.points.first?.log10Cell != nil { table.columns.append("\(one.name), cell") }
      if series.count == 1 { table.columns += ["least", "greatest", "bound", "looser bound"] }
    }
    for distance in shown + [distance] {
      var row: [StudyValue] = [.integer(distance)]
      for one in series {
        let point = one.points[distance - 1]
        row.append(power(point.log10Mean))
        if let cell = point.log10Cell { row.append(power(cell)) }
        if series.count == 1 {
          row += [
            power(point.log10Least), power(point.log10Greatest), power(one.log10Bound(distance)),
            power(one.log10LooserBound(distance)),
          ]
        }
      }
      table.rows.append(row)
    }
    return table
  }

  private func notes(_ series: [Series]) -> [String] {
    let heads = """
      Norms are spectral: \u{2016}dh_t/dh_k\u{2016} over the distance t - k, the geometric mean over \
      \(ends == 1 ? "one end t" : "up to \(ends) ends t"); exact products of Jacobians.
      """
    let broken = series.filter { one in
      one.points.contains { point in
        one.log10Bound(point.distance).map { point.log10Greatest > $0 + Self.boundTolerance }
          ?? false
      }
    }
    let bounded = series.filter { $0.weightNorm != nil }
    if bounded.isEmpty { return [heads] }
    let verdict =
      broken.isEmpty
      ? "No norm is above its bound (beta_W beta_h)^(t-k)."
      : "Above the bound, by more than rounding: \(broken.map(\.name).joined(separator: ", "))."
    return [heads, verdict]
  }

  /// What rounding to 32-bit floats may add to log10 of a norm: a step's rounding, 1e-6, over a thousand steps.
  static let boundTolerance = 1e-3

  private func plot(_ series: [Series], of what: String) -> LinePlot {
    func line(_ name: String, _ one: Series, _ value: (Point) -> Double?) -> LinePlot.Line {
      LinePlot.Line(
        name: name,
        points: one.points.compactMap { point in
          // Anything smaller is nothing to a network, and would squeeze the rest of the drawing.
          value(point).flatMap {
            (-40...40).contains($0)
              ? LinePlot.Point(x: Double(point.distance), y: pow(10, $0)) : nil
          }
        }
      )
    }
    var lines: [LinePlot.Line] = []
    for one in series {
      lines.append(line(one.name, one, \.log10Mean))
      if one.points.first?.log10Cell != nil {
        lines.append(line("\(one.name), cell", one, \.log10Cell))
      }
      let isAlone = series.count == 1 && one.weightNorm != nil
      if isAlone || one.name == StudyCell.sigmoid.rawValue {
        lines.append(line("bound, \(one.name)", one) { one.log10Bound($0.distance) })
        lines.append(line("looser bound", one) { one.log10LooserBound($0.distance) })
      }
    }
    return LinePlot(
      title: "Norm of the gradient over distance: \(what)",
      xTitle: "distance t - k",
      yTitle: "norm of dh_t/dh_k",
      isLogarithmic: true,
      lines: lines
    )
  }
}
