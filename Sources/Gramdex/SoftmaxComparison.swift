public import GramdexCore
import GramdexIndex
import GramdexNeural
public import GramdexNeuralModels
import GramdexScoring
import GramdexStorage
import GramdexText

/// What forms of soft-max cost and what they give: the same network trained with each of them, as in table 2 of Mikolov
/// 2011 ("Extensions of recurrent neural network language model").
public struct SoftmaxComparison: Sendable, Codable, Equatable {
  /// One form.
  public struct Row: Sendable, Codable, Equatable {
    /// The form: `full`, `noise`, `adaptive` or `classes`.
    public var softmax: NetworkOptions.Softmax
    /// How many classes there are; nil for other forms.
    public var classes: Int?
    /// Numbers that are learned.
    public var parameters: Int
    /// Words a processor second of training.
    public var wordsPerCPUSecond: Double
    /// Processor seconds of an epoch.
    public var cpuSecondsPerEpoch: Double
    /// The test text's perplexity, unknown words included.
    public var perplexity: Double
    /// That of the even mixture with the n-gram model.
    public var mixedPerplexity: Double
  }

  /// The index folder.
  public var index: String
  /// The network and its training; the soft-max of each row stands in its place.
  public var training: TrainingOptions
  /// The n-gram model of the mixtures.
  public var ngramModel: String
  /// The test text's perplexity in the n-gram model alone.
  public var ngramPerplexity: Double
  /// Words and ends of sentences of the training text.
  public var tokens: UInt64
  /// A row a form.
  public var rows: [Row]

  /// What to compare.
  public struct Options: Sendable {
    /// How the networks are trained: texts, sizes, threads.
    public var train: TrainOptions
    /// The numbers of classes.
    public var classes: [Int]
    /// The other forms.
    public var forms: [NetworkOptions.Softmax]
    /// The n-gram model of the mixtures.
    public var ngramModel = NGramModel.defaultName
    /// The texts whose perplexity is told.
    public var testTexts: [String]

    /// Compares class soft-maxes of these numbers of classes with other forms.
    public init(
      train: TrainOptions,
      classes: [Int],
      forms: [NetworkOptions.Softmax],
      testTexts: [String]
    ) {
      self.train = train
      self.classes = classes
      self.forms = forms
      self.testTexts = testTexts
    }
  }

  /// Trains a network for each form, one after the other, and measures that of its best epoch; nothing is stored.
  ///
  /// - Parameters:
  ///   - options: what to compare.
  ///   - path: the index folder, for its words and its n-gram model.
  ///   - observer: is told of progress and warnings.
  ///   - cancellation: stops the work when it is set.
  ///   - report: is told each row.
  /// - Returns: the table.
  /// - Throws: as `IndexTrainer.run`.
  public static func run(
    _ options: Options,
    in path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation(),
    report: (Row) throws -> Void = { _ in }
  ) throws -> SoftmaxComparison {
    let folder = IndexFolder(path)
    let (manifest, ngram) = try folder.withCurrent { manifest in
      (manifest, try NGramModel.open(path, model: options.ngramModel))
    }
    let work = try Workspace(in: folder.path(IndexFolder.workName), removesParent: true)
    let forms = options.forms.map { ($0, Int?.none) } + options.classes.map { (.classes, $0) }
    let texts = try IndexTrainer.read(
      options.train,
      manifest,
      ngram.lexicon,
      work.path,
      observer,
      cancellation,
      stages: forms.count + 1
    )
    let shortList = ShortList(of: texts.text, limit: options.train.training.vocabulary)
    let share = UnknownShare(ngram, shortList)
    func perplexity(_ model: some LanguageModel) throws -> Double {
      try model.perplexity(
        of: TextInputs(
          InputOptions(paths: options.testTexts, jsonField: options.train.jsonField)
        ),
        threads: options.train.threads,
        cancellation: cancellation
      ).perplexity
    }
    var table = SoftmaxComparison(
      index: path,
      training: options.train.training,
      ngramModel: options.ngramModel,
      ngramPerplexity: try perplexity(ngram),
      tokens: texts.text.tokens,
      rows: []
    )
    let trainings = forms.map { softmax, classes in
      var training = options.train.training
      training.network.softmax = softmax
      if let classes { training.network.classes = classes }
      return training
    }
    for training in trainings {
      var train = options.train
      train.training = training
      if let problem = train.problem { throw OptionsError.training(problem) }
      try IndexTrainer.checkMemory(train, ngram.lexicon, words: shortList.count)
    }
    for (place, (softmax, classes)) in forms.enumerated() {
      let training = trainings[place]
      // Written after each epoch, so that the best one is there at the end.
      let checkpoints = try Checkpoints(
        folder: work.path + "/training",
        identity: Checkpoints.Identity(
          training: training,
          texts: [texts.text.checksum, texts.development.checksum],
          vocabularySize: shortList.count
        ),
        interval: .windows(.max),
        resumes: false
      )
      let job = try NetworkTraining(
        training,
        text: texts.text,
        development: texts.development,
        shortList: shortList,
        checkpoints: checkpoints,
        threads: options.train.threads,
        cancellation: cancellation
      )
      let name = classes.map { "\($0) classes" } ?? softmax.rawValue
      let stage = JobStage(
        observer: observer,
        number: place + 2,
        stages: forms.count + 1,
        name: name,
        unit: "words"
      )
      let result = try job.run { moment in
        stage.report(moment.words, of: moment.total)
      } report: { _ in
      }
      try checkpoints.remove()
      let model = NeuralModel(
        job.network,
        shortList: shortList,
        lexicon: ngram.lexicon,
        tokenizer: manifest.tokenizer,
        share: share,
        history: training.history,
        sentenceState: training.sentenceState
      )
      let mixture = try Mixture([
        Mixture.Component(ngram, weight: 0.5), Mixture.Component(model, weight: 0.5),
      ])
      let epochs = Double(max(result.developmentPerplexities.count, 1))
      let row = Row(
        softmax: softmax,
        classes: classes,
        parameters: job.network.parameterCount,
        wordsPerCPUSecond: Double(texts.text.tokens) * epochs / max(result.learnCPUSeconds, 1e-9),
        cpuSecondsPerEpoch: result.learnCPUSeconds / epochs,
        perplexity: try perplexity(model),
        mixedPerplexity: try perplexity(mixture)
      )
      table.rows.append(row)
      try report(row)
    }
    return table
  }

  /// The table for people.
  public var text: String {
    var table = TextTable([
      "softmax", "parameters", "words/CPU s", "CPU s/epoch", "perplexity", "with \(ngramModel)",
    ])
    for row in rows {
      table.add([
        row.classes.map { "\($0) classes" } ?? row.softmax.rawValue,
        Readable.grouped(UInt64(row.parameters)),
        Readable.grouped(UInt64(row.wordsPerCPUSecond.rounded())),
        Readable.fixed(row.cpuSecondsPerEpoch, 1),
        Readable.fixed(row.perplexity, 2),
        Readable.fixed(row.mixedPerplexity, 2),
      ])
    }
    table.add([
      ngramModel + " alone", "", "", "", Readable.fixed(ngramPerplexity, 2), "",
    ])
    return table.text
  }

  /// Speed and perplexity by the number of classes, the other forms as points at the right.
  public var drawing: String {
    let byClasses = rows.filter { $0.classes != nil }.sorted {
      ($0.classes ?? 0) < ($1.classes ?? 0)
    }
    func line(_ name: String, _ value: (Row) -> Double) -> LinePlot.Line {
      LinePlot.Line(
        name: name,
        points: byClasses.map { LinePlot.Point(x: Double($0.classes ?? 0), y: value($0)) }
      )
    }
    let last = Double(byClasses.last?.classes ?? 1)
    func others(_ value: (Row) -> Double) -> [LinePlot.Line] {
      rows.filter { $0.classes == nil }.map {
        LinePlot.Line(
          name: $0.softmax.rawValue,
          points: [LinePlot.Point(x: last, y: value($0))],
          isScattered: true
        )
      }
    }
    return LinePlot.svg([
      LinePlot(
        title: "Speed by the number of classes",
        xTitle: "classes",
        yTitle: "words a processor second",
        lines: [line("classes", \.wordsPerCPUSecond)] + others(\.wordsPerCPUSecond)
      ),
      LinePlot(
        title: "Perplexity by the number of classes",
        xTitle: "classes",
        yTitle: "perplexity",
        lines: [line("classes", \.perplexity), line("with \(ngramModel)", \.mixedPerplexity)]
          + others(\.perplexity)
      ),
    ])
  }
}
