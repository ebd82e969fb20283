import Gramdex
public import GramdexCore
import GramdexNeural
import GramdexStorage
import Synchronization

/// Over which lengths recurrent networks learn the adding problem within a budget of steps (Hochreiter & Schmidhuber
/// 1997; Le 2015, figure 1).
///
/// Every network of every length is one run, in one thread; runs go side by side. A run ends when the mean square error of
/// the test sequences is a tenth of the baseline's, or with the budget.
public struct AddingStudy: Sendable {
  /// The networks.
  public var cells: [StudyCell] = [.sigmoid, .tanh, .irnn, .gru, .lstm]
  /// The lengths of sequences.
  public var lengths = [10, 25, 50, 100, 150]
  /// Hidden units.
  public var hidden = 64
  /// Sequences of a batch.
  public var lanes = 32
  /// The most batches that are learned.
  public var steps = 2000
  /// The learning rate of Adam; nil for that of each network.
  public var rate: Float?
  /// The greatest norm of a gradient.
  public var clip = 1.0
  /// Decides sequences and weights.
  public var seed: UInt64 = 1

  /// The usual study.
  public init() {}

  /// Below this error the problem counts as learned.
  public static let learnedError = AddingProblem.baseline / 10
  /// Batches between two tests.
  static let interval = 50
  /// Batches of a test.
  static let testBatches = 8

  /// What became of a network.
  public struct Run: Sendable {
    /// The network.
    public var cell: StudyCell
    /// The length of sequences.
    public var length: Int
    /// The mean square error of the test sequences after every `interval` batches.
    public var errors: [Double] = []
    /// After how many batches the problem was learned; nil for never.
    public var learnedAfter: Int?
    /// Whether the numbers became infinite.
    public var hasExploded = false
  }

  private func rate(of cell: StudyCell) -> Float {
    if let rate { return rate }
    return switch cell {
    case .sigmoid, .gru, .lstm: 0.01
    case .tanh, .relu, .irnn: 0.002
    }
  }

  /// Teaches one network.
  func run(
    _ cell: StudyCell,
    length: Int,
    cancellation: Cancellation = Cancellation()
  ) throws -> Run {
    let problem = AddingProblem(length: length, seed: seed)
    let network = SequenceNetwork(
      cell,
      hidden: hidden,
      length: length,
      lanes: lanes,
      rate: rate(of: cell),
      clip: clip,
      seed: seed,
      team: try Team(threads: 1)
    )
    var run = Run(cell: cell, length: length)
    for step in 1...max(steps, 1) {
      try cancellation.check()
      guard try network.learn(problem, number: step).isFinite else {
        run.hasExploded = true
        break
      }
      if step % Self.interval == 0 || step == steps {
        let error = try network.test(problem, batches: Self.testBatches)
        run.errors.append(error)
        if error < Self.learnedError {
          run.learnedAfter = step
          break
        }
      }
    }
    return run
  }

  /// Teaches all networks.
  ///
  /// - Parameters:
  ///   - threads: how many runs go side by side.
  ///   - observer: is told of progress.
  ///   - cancellation: stops it when it is set.
  /// - Throws: `NeuralError`, `Interrupted`.
  public func run(
    threads: Int,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> StudyReport {
    // The longest first, so that no thread is left with one of them at the end.
    let jobs = cells.flatMap { cell in lengths.map { (cell, $0) } }
      .enumerated().sorted { ($0.element.1, $1.offset) > ($1.element.1, $0.offset) }
    let results = Mutex([Run?](repeating: nil, count: jobs.count))
    let next = Atomic(0)
    let finished = Atomic(0)
    try Parallel.run(threads: min(threads, jobs.count)) { _ in
      while true {
        let place = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if place >= jobs.count { return }
        let (offset, (cell, length)) = jobs[place]
        let run = try run(cell, length: length, cancellation: cancellation)
        results.withLock { $0[offset] = run }
        let count = finished.wrappingAdd(1, ordering: .relaxed).newValue
        observer.progress(
          ProgressUpdate(
            stage: 1,
            stages: 1,
            name: "learn",
            completed: UInt64(count),
            total: UInt64(jobs.count),
            unit: "networks"
          )
        )
      }
    }
    return report(results.withLock { $0 }.compactMap(\.self))
  }

  private func report(_ runs: [Run]) -> StudyReport {
    var table = StudyTable(
      "runs",
      columns: ["network", "length", "error", "learned_after", "exploded"]
    )
    var courses = StudyTable("courses", columns: ["network", "length", "step", "error"])
    for run in runs {
      let error: StudyValue = run.errors.last.map { .number($0, digits: 4) } ?? .missing
      table.rows.append([
        .text(run.cell.rawValue), .integer(run.length), error,
        run.learnedAfter.map { .integer($0) } ?? .missing,
        .text(run.hasExploded ? "yes" : "no"),
      ])
      for (place, error) in run.errors.enumerated() {
        courses.rows.append([
          .text(run.cell.rawValue), .integer(run.length),
          .integer(min((place + 1) * Self.interval, steps)), .number(error, digits: 4),
        ])
      }
    }
    return StudyReport(
      study: "adding",
      settings: [
        "networks": .array(cells.map { .string($0.rawValue) }),
        "lengths": .array(lengths.map { .integer(Int64($0)) }),
        "hidden": .integer(Int64(hidden)), "lanes": .integer(Int64(lanes)),
        "steps": .integer(Int64(steps)), "clip": .number(clip),
        "rates": .object(
          Dictionary(
            cells.map { ($0.rawValue, JSONValue.number(Double(rate(of: $0)))) },
            uniquingKeysWith: { first, _ in first }
          )
        ),
        "seed": .integer(Int64(clamping: seed)), "baseline": .number(AddingProblem.baseline),
      ],
      summaries: [summary(runs)],
      notes: [
        """
        Mean square error of \(Self.testBatches * lanes) test sequences; who always answers 1 has \
        \(Readable.fixed(AddingProblem.baseline, 3)). "after N": below a tenth of that after N batches of \
        \(lanes); else the error after \(steps) batches.
        """
      ] + cells.map { note($0, runs) },
      tables: [table, courses],
      drawings: [.init(name: "", svg: LinePlot.svg([plot(runs)]))]
    )
  }

  private func summary(_ runs: [Run]) -> StudyTable {
    var table = StudyTable("learned", columns: ["length"] + cells.map(\.rawValue))
    for length in lengths {
      table.rows.append(
        [.integer(length)]
          + cells.map { cell in
            guard let run = runs.first(where: { $0.cell == cell && $0.length == length }) else {
              return .missing
            }
            if let steps = run.learnedAfter { return .text("after \(steps)") }
            if run.hasExploded { return .text("exploded") }
            return run.errors.last.map { .number($0, digits: 3) } ?? .missing
          }
      )
    }
    return table
  }

  /// Where a network stops to learn.
  private func note(_ cell: StudyCell, _ runs: [Run]) -> String {
    let own = runs.filter { $0.cell == cell }.sorted { $0.length < $1.length }
    guard let failed = own.first(where: { $0.learnedAfter == nil }) else {
      return "\(cell.rawValue) learns all of these lengths."
    }
    let before = own.last { $0.length < failed.length }
    return before.map {
      "\(cell.rawValue) learns length \($0.length) and stops at \(failed.length)."
    } ?? "\(cell.rawValue) does not learn length \(failed.length), the least."
  }

  private func plot(_ runs: [Run]) -> LinePlot {
    var lines = cells.map { cell in
      LinePlot.Line(
        name: cell.rawValue,
        points: runs.filter { $0.cell == cell }.sorted { $0.length < $1.length }.compactMap { run in
          run.errors.last.map { LinePlot.Point(x: Double(run.length), y: $0) }
        }
      )
    }
    let ends = [lengths.min() ?? 0, lengths.max() ?? 0]
    lines.append(
      LinePlot.Line(
        name: "always 1",
        points: ends.map { LinePlot.Point(x: Double($0), y: AddingProblem.baseline) }
      )
    )
    return LinePlot(
      title: "The adding problem: error after \(steps) batches at most",
      xTitle: "length of sequences",
      yTitle: "mean square error",
      isLogarithmic: true,
      lines: lines
    )
  }
}
