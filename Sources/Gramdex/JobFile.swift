import Foundation
import GramdexCore
import GramdexNeuralModels
import Yams

/// A build and its evaluation, declared in a YAML file.
///
/// ```yaml
/// inputs: [train.txt]          # one text or a list: files, folders, globs
/// files-from: list.txt         # instead of inputs, or beside them
/// json-field: text             # the inputs are JSON lines
/// input-form: text             # or counts: the inputs are count files
/// weights: {train.txt: 3}      # how often the lines of inputs count, by the name of the input
/// weights-in-lines: false      # every line begins with how often it counts
/// remove-duplicates: false     # only the first of equal lines is counted
/// tokenizer: {kind: words, lowercase: true, strip-punctuation: false, unicode: nfkc}
///                              # or {kind: sentencepiece, model: news.model}
/// order: 5
/// memory: 512M
/// threads: 2
/// temporary: /tmp
/// smoothing: {interpolate-unigrams: true, vocabulary-padding: 0, discount-fallback: [0.5, 1, 1.5],
///             strict: false, lmplz-compatible: false, method: modified-kneser-ney, form: interpolated}
///                              # and what belongs to the method, as in estimate
/// prune: [0, 0, 1]
/// layout: exact                # or compact
/// counts: true
/// vocabulary: words.txt        # or limit-vocabulary
/// estimate:                    # further models over the same counts
///   - {smoothing: witten-bell}
///   - {smoothing: modified-kneser-ney, form: interpolated, name: tuned, tune: valid.txt, order: 4,
///      prune: [0, 0, 1], discounts: [0.5, 1, 1.5], added: 1, backoff-weight: 0.4,
///      good-turing-maximum: [1, 7], closed-vocabulary: false, srilm-compatible: false}
/// train:                       # networks, trained into the index when the models are there
///   - {architecture: lstm, valid: valid.txt, hidden: 200, softmax: noise, epochs: 10, seeds: 3}
/// evaluation: [valid.txt]      # texts whose perplexity is reported, for each model
/// output: news.gramdex
/// replace: true
/// keep-previous: false         # keep what is replaced, for gramdex roll-back
/// resume: true                 # go on with an unfinished run of the same job; the default
/// ```
/// Only `output` and one of `inputs` and `files-from` must be there; the rest has the defaults of
/// `gramdex build`. A path that is not absolute starts at the job file's folder.
public struct JobFile: Sendable, Equatable {
  /// The build.
  public var build: BuildOptions
  /// The index folder that the build writes.
  public var output: String
  /// Further models, estimated over the counts of the build.
  public var estimates: [EstimateOptions]
  /// Networks that are trained on the build's texts, or on others.
  public var trainings: [TrainOptions]
  /// Texts whose perplexity is reported after the build.
  public var evaluation: [String]

  /// The most bytes a job file may have.
  public static let maximumBytes = 256 << 10

  private static let keys = [
    "inputs", "files-from", "json-field", "input-form", "weights", "weights-in-lines",
    "remove-duplicates", "tokenizer", "order", "memory", "threads", "temporary",
    "smoothing", "prune", "layout", "counts", "vocabulary", "limit-vocabulary", "evaluation",
    "estimate", "train", "classes",
    "output", "replace", "keep-previous", "resume",
  ]
  /// What the inputs are.
  private enum InputForm: String, CaseIterable {
    case text
    case counts
  }

  private static let tokenizerKeys = ["kind", "lowercase", "strip-punctuation", "unicode", "model"]
  private static let smoothingKeys =
    [
      "interpolate-unigrams", "vocabulary-padding", "discount-fallback", "strict",
      "lmplz-compatible", "method",
    ] + EstimationOptions.jobKeys

  /// Reads and checks the job file at `path`; texts are not opened yet.
  public init(path: String) throws {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw JobFileError.unreadable(path: path, reason: Self.reason(error))
    }
    if data.count > Self.maximumBytes {
      throw JobFileError.unreadable(path: path, reason: "it is larger than 256K, no job is")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw JobFileError.syntax(path: path, line: 1, problem: "it is not UTF-8")
    }
    try self.init(yaml: text, path: path)
  }

  /// Reads and checks the text of a job file; `path` is for messages and relative names.
  public init(yaml: String, path: String) throws {
    let job = try JobFileMapping(
      Self.compose(yaml, path: path),
      name: "",
      path: path,
      allowed: Self.keys
    )
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let texts = "a file, folder or glob pattern, or a list of them"

    let inputs = try job.strings("inputs", expected: texts) ?? []
    var build = BuildOptions(inputs: inputs.map { Self.resolve($0, in: folder) })
    build.filesFrom = try job.string("files-from").map { Self.resolve($0, in: folder) }
    build.jsonField = try job.string("json-field")
    build.inputsAreCounts = try job.choice("input-form", InputForm.self) == .counts
    for (name, weight) in try job.weights("weights") ?? [:] {
      build.inputWeights[Self.resolve(name, in: folder)] = weight
    }
    build.weightsInLines = try job.boolean("weights-in-lines") ?? build.weightsInLines
    build.removeDuplicates = try job.boolean("remove-duplicates") ?? build.removeDuplicates
    build.temporary = try job.string("temporary").map { Self.resolve($0, in: folder) }
    build.vocabulary = try job.string("vocabulary").map { Self.resolve($0, in: folder) }
    build.limitVocabulary = try job.string("limit-vocabulary").map { Self.resolve($0, in: folder) }
    build.classes = try job.string("classes").map { Self.resolve($0, in: folder) }
    build.order = try job.integer("order") ?? build.order
    build.memoryBytes = try job.size("memory") ?? build.memoryBytes
    build.threads = try job.integer("threads") ?? build.threads
    build.pruning = PruningThresholds(try job.counts("prune") ?? [])
    build.layout = try job.choice("layout", ScoreLayout.self) ?? build.layout
    build.keepCounts = try job.boolean("counts") ?? build.keepCounts
    build.replace = try job.boolean("replace") ?? build.replace
    build.keepPrevious = try job.boolean("keep-previous") ?? build.keepPrevious
    build.resume = try job.boolean("resume") ?? true ? .ifSame : .never
    if let mapping = try job.mapping("tokenizer", allowed: Self.tokenizerKeys) {
      build.tokenizer = try Self.tokenizer(mapping)
      build.tokenizerModel = try mapping.string("model").map { Self.resolve($0, in: folder) }
    }
    if let mapping = try job.mapping("smoothing", allowed: Self.smoothingKeys) {
      build.smoothing = try Self.smoothing(mapping)
      if build.smoothing.lmplzCompatible { build.convention = .lmplz }
      let estimation = try EstimationOptions(mapping, method: "method")
      if estimation != EstimationOptions() { build.estimation = estimation }
      if estimation.isSRILMCompatible && build.pruning.values.isEmpty {
        build.pruning = PruningThresholds(Array([0, 0, 1].prefix(max(build.order, 1))))
      }
    }
    var estimates: [EstimateOptions] = []
    for mapping in try job.mappings("estimate", allowed: EstimateOptions.jobKeys) {
      let options = try EstimateOptions(mapping, build: build) { Self.resolve($0, in: folder) }
      if ([build.modelName] + estimates.map(\.name)).contains(options.name) {
        throw JobFileError.options(path: path, error: .modelNameTwice(options.name))
      }
      estimates.append(options)
    }
    self.estimates = estimates
    var trainings: [TrainOptions] = []
    for mapping in try job.mappings("train", allowed: TrainOptions.jobKeys) {
      let options = try TrainOptions(mapping, build: build) { Self.resolve($0, in: folder) }
      let names = [build.modelName] + estimates.map(\.name) + trainings.map(\.name)
      if names.contains(options.name) {
        throw JobFileError.options(path: path, error: .modelNameTwice(options.name))
      }
      if let problem = options.problem {
        throw JobFileError.options(path: path, error: .training(problem))
      }
      if options.validTexts.isEmpty {
        throw JobFileError.options(path: path, error: .noDevelopmentText)
      }
      trainings.append(options)
    }
    self.trainings = trainings
    let evaluation = try job.strings("evaluation", expected: texts) ?? []
    self.evaluation = evaluation.map { Self.resolve($0, in: folder) }
    guard let output = try job.string("output", expected: "the name of the index folder") else {
      throw JobFileError.missingKey(path: path, key: "output", example: "output: news.gramdex")
    }
    self.output = Self.resolve(output, in: folder)
    if build.inputs.isEmpty && build.filesFrom == nil {
      throw JobFileError.missingKey(path: path, key: "inputs", example: "inputs: [news.txt]")
    }
    do {
      self.build = try build.validated()
      for options in estimates { _ = try options.validated() }
    } catch {
      throw JobFileError.options(path: path, error: error)
    }
  }

  private static func tokenizer(_ mapping: JobFileMapping) throws -> TokenizerOptions {
    var options = TokenizerOptions()
    options.kind = try mapping.choice("kind", TokenizerOptions.Kind.self) ?? options.kind
    options.lowercase = try mapping.boolean("lowercase") ?? options.lowercase
    options.stripPunctuation =
      try mapping.boolean("strip-punctuation") ?? options.stripPunctuation
    options.unicode = try mapping.choice("unicode", TokenizerOptions.UnicodeForm.self)
    return options
  }

  private static func smoothing(_ mapping: JobFileMapping) throws -> SmoothingOptions {
    var options = SmoothingOptions()
    options.interpolateUnigrams =
      try mapping.boolean("interpolate-unigrams") ?? options.interpolateUnigrams
    options.vocabularyPadding =
      try mapping.count("vocabulary-padding") ?? options.vocabularyPadding
    options.discountFallback = try mapping.numbers("discount-fallback") ?? options.discountFallback
    options.isStrict = try mapping.boolean("strict") ?? options.isStrict
    options.lmplzCompatible = try mapping.boolean("lmplz-compatible") ?? options.lmplzCompatible
    return options
  }

  private static func resolve(_ name: String, in folder: String) -> String {
    name.hasPrefix("/") || name == "-" || folder.isEmpty ? name : folder + "/" + name
  }

  private static func reason(_ error: any Error) -> String {
    switch (error as? CocoaError)?.code {
    case .fileReadNoSuchFile, .fileNoSuchFile: "no such file"
    case .fileReadNoPermission: "permission denied"
    default: "\((error as NSError).localizedDescription)"
    }
  }

  private static func compose(_ yaml: String, path: String) throws(JobFileError) -> Node {
    do {
      guard let node = try Yams.compose(yaml: yaml) else {
        throw JobFileError.missingKey(path: path, key: "inputs", example: "inputs: [news.txt]")
      }
      return node
    } catch let error as JobFileError {
      throw error
    } catch let error as YamlError {
      throw Self.translate(error, path: path)
    } catch {
      throw .syntax(path: path, line: 1, problem: "\(error)")
    }
  }

  private static func translate(_ error: YamlError, path: String) -> JobFileError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      .syntax(path: path, line: mark.line, problem: problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      .duplicateKey(path: path, line: context.mark.line, key: duplicates.first ?? "")
    case .reader(let problem, _, _, _):
      .syntax(path: path, line: 1, problem: problem)
    default:
      .syntax(path: path, line: 1, problem: "\(error)")
    }
  }
}
