import Gramdex
public import GramdexCore
import GramdexNeural
import GramdexNeuralModels
import GramdexScoring
import GramdexStorage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Which models remember a name: P(right name) and P(wrong name) at the end of generated stories (`Stories`), over the
/// number of sentences between, for an n-gram model, recurrent networks and mixtures of both.
///
/// The index of n-grams and the networks are made in a temporary folder from the same stories, by the same library calls
/// as `gramdex build` and `gramdex train`.
public struct ClozeStudy: Sendable {
  /// The networks.
  public var cells: [StudyCell] = [.sigmoid, .irnn, .lstm]
  /// The order of the n-gram model.
  public var order = 5
  /// Stories to learn from.
  public var stories = 6000
  /// The most filler sentences of a story to learn from.
  public var fillers = 6
  /// The numbers of filler sentences of stories to be asked.
  public var askedFillers = [0, 1, 2, 3, 4, 6, 8, 10]
  /// Stories to be asked, of each number of filler sentences.
  public var asked = 50
  /// Hidden units.
  public var hidden = 64
  /// The most epochs.
  public var epochs = 12
  /// The learning rate of Adam.
  public var rate: Float = 0.005
  /// Decides stories and weights.
  public var seed: UInt64 = 1
  /// The memory that a job may take.
  public var memoryBytes = BuildOptions.defaultMemoryBytes

  /// The usual study.
  public init() {}

  /// What a model says at the end of the stories with one number of filler sentences.
  public struct Answer: Sendable {
    /// The model or the mixture.
    public var model: String
    /// Filler sentences.
    public var fillers: Int
    /// The mean number of words between.
    public var distance: Double
    /// The mean of P(right name).
    public var right: Double
    /// The mean of P(wrong name): that of the other one in the story.
    public var wrong: Double
    /// The mean of the sum over the names that are not in the story.
    public var others: Double
    /// The share of stories in which no name is likelier than the right one.
    public var best: Double
  }

  /// Makes the models, and asks them.
  ///
  /// - Parameters:
  ///   - temporary: a folder in which a folder for the index and the texts is made, and removed at the end.
  ///   - threads: the threads.
  ///   - observer: is told of progress.
  ///   - cancellation: stops it when it is set.
  /// - Throws: errors of building, training and asking, `Interrupted`, and `StorageError`.
  public func run(
    in temporary: String,
    threads: Int,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> StudyReport {
    let workspace = try Workspace(in: temporary)
    let index = workspace.path + "/index"
    let texts = try write(to: workspace.path)
    var build = BuildOptions(inputs: [texts.training])
    build.order = order
    build.threads = threads
    build.memoryBytes = memoryBytes
    try IndexBuilder.build(build, to: index, cancellation: cancellation)
    for (number, cell) in cells.enumerated() {
      observer.progress(
        ProgressUpdate(
          stage: 1,
          stages: 2,
          name: "train \(cell.rawValue)",
          completed: UInt64(number),
          total: UInt64(cells.count),
          unit: "networks"
        )
      )
      var train = TrainOptions(
        texts: [texts.training],
        validTexts: [texts.development],
        name: cell.rawValue
      )
      train.training = training(cell)
      train.threads = threads
      train.memoryBytes = memoryBytes
      try IndexTrainer.run(train, in: index, cancellation: cancellation)
    }
    let answers = try ask(index, observer, cancellation)
    withExtendedLifetime(workspace) {}
    return report(answers)
  }

  private func write(to folder: String) throws -> (training: String, development: String) {
    let stories = Stories(seed: seed)
    func write(_ name: String, _ count: Int) throws -> String {
      let text = (0..<count).map { number in
        stories.story(name, number: number, fillers: number % (fillers + 1)).text + "\n"
      }
      let path = folder + "/\(name).txt"
      try Files.replace(path, contents: Array(text.joined().utf8))
      return path
    }
    return (
      try write("training", self.stories), try write("development", max(self.stories / 10, 1))
    )
  }

  private func training(_ cell: StudyCell) -> TrainingOptions {
    var options = TrainingOptions()
    options.network = cell.options(hidden: hidden)
    options.optimizer = Optimizer(.adam, rate: cell == .irnn ? rate / 5 : rate)
    // A window holds a story with all its fillers.
    options.steps = 20 + 7 * fillers
    options.epochs = epochs
    options.threshold = 0
    options.clip = 1
    options.sentenceState = .reset
    options.precision = .float32
    options.seed = seed
    return options
  }

  private func ask(
    _ index: String,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws -> [Answer] {
    let ngram = BuildOptions.defaultModelName
    let names = [ngram] + cells.map(\.rawValue) + cells.map { "\(ngram):0.5,\($0.rawValue):0.5" }
    var answers: [Answer] = []
    for (number, name) in names.enumerated() {
      let model = try ModelSelection(index: index, models: name).open()
      for fillers in askedFillers {
        try cancellation.check()
        answers.append(ask(model, name: name, fillers: fillers))
      }
      observer.progress(
        ProgressUpdate(
          stage: 2,
          stages: 2,
          name: "ask",
          completed: UInt64(number + 1),
          total: UInt64(names.count),
          unit: "models"
        )
      )
    }
    return answers
  }

  private func ask(_ model: some LanguageModel, name: String, fillers: Int) -> Answer {
    let stories = Stories(seed: seed)
    var answer = Answer(
      model: name,
      fillers: fillers,
      distance: 0,
      right: 0,
      wrong: 0,
      others: 0,
      best: 0
    )
    let share = 1 / Double(max(asked, 1))
    for number in 0..<asked {
      let story = stories.story("asked \(fillers)", number: number, fillers: fillers)
      var state = model.beginSentenceState
      for word in story.words { _ = model.score(word, advancing: &state) }
      var probabilities: [String: Double] = [:]
      for name in Stories.names {
        probabilities[name] = pow(
          10,
          Double(model.score(name, after: state).score.log10Probability)
        )
      }
      let right = probabilities[story.answer] ?? 0
      answer.distance += share * Double(story.distance)
      answer.right += share * right
      answer.wrong += share * (probabilities[story.other] ?? 0)
      for name in Stories.names where name != story.answer && name != story.other {
        answer.others += share * (probabilities[name] ?? 0)
      }
      if Stories.names.allSatisfy({ (probabilities[$0] ?? 0) <= right }) { answer.best += share }
    }
    return answer
  }

  private func report(_ answers: [Answer]) -> StudyReport {
    var table = StudyTable(
      "answers",
      columns: [
        "model", "fillers", "distance", "right_name", "wrong_name", "other_names", "right_first",
      ]
    )
    for answer in answers {
      table.rows.append([
        .text(answer.model), .integer(answer.fillers), .number(answer.distance, digits: 1),
        .number(answer.right, digits: 3), .number(answer.wrong, digits: 3),
        .number(answer.others, digits: 3), .number(answer.best, digits: 2),
      ])
    }
    let story = Stories(seed: seed).story("training", number: 1, fillers: 1)
    return StudyReport(
      study: "cloze",
      settings: [
        "networks": .array(cells.map { .string($0.rawValue) }), "order": .integer(Int64(order)),
        "stories": .integer(Int64(stories)), "fillers": .integer(Int64(fillers)),
        "asked": .integer(Int64(asked)), "hidden": .integer(Int64(hidden)),
        "epochs": .integer(Int64(epochs)), "rate": .number(Double(rate)),
        "seed": .integer(Int64(clamping: seed)),
      ],
      summaries: [
        summary("right name", answers, \.right), summary("wrong name", answers, \.wrong),
      ],
      notes: [
        "A story: \(story.text)",
        """
        Means over \(asked) stories that were not learned from; those that were have at most \(fillers) \
        sentences between. By chance the right name, one of the \(Stories.names.count - 1) that do not speak, has \
        \(Readable.fixed(1 / Double(Stories.names.count - 1), 3)).
        """,
      ],
      tables: [table],
      drawings: [
        .init(
          name: "",
          svg: LinePlot.svg([
            plot("P(right name)", answers, \.right), plot("P(wrong name)", answers, \.wrong),
          ])
        )
      ]
    )
  }

  private func models(_ answers: [Answer]) -> [String] {
    answers.filter { $0.fillers == askedFillers.first }.map(\.model)
  }

  /// How mixtures are called in heads of columns.
  private func short(_ model: String) -> String {
    model.replacing(":0.5,", with: "+").replacing(":0.5", with: "")
  }

  private func summary(
    _ what: String,
    _ answers: [Answer],
    _ value: (Answer) -> Double
  ) -> StudyTable {
    let models = models(answers)
    var table = StudyTable(what, columns: ["P(\(what))", "words"] + models.map(short))
    for fillers in askedFillers {
      let own = answers.filter { $0.fillers == fillers }
      table.rows.append(
        [.text("\(fillers) between"), .number(own.first?.distance ?? 0, digits: 0)]
          + own.map { .number(value($0), digits: 3) }
      )
    }
    return table
  }

  private func plot(
    _ title: String,
    _ answers: [Answer],
    _ value: (Answer) -> Double
  ) -> LinePlot {
    LinePlot(
      title: title,
      xTitle: "words between the name and its place",
      yTitle: "probability",
      lines: models(answers).map { model in
        LinePlot.Line(
          name: short(model),
          points: answers.filter { $0.model == model }.map {
            LinePlot.Point(x: $0.distance, y: value($0))
          }
        )
      }
    )
  }
}
