import Foundation
import GramdexCore
import GramdexIndex
import GramdexText

/// What the bytes of a built index depend on: two runs of equal identity do the same work.
///
/// Memory, threads and the temporary folder are no part of it.
struct JobIdentity: Codable, Equatable, Sendable {
  private var toolVersion: String
  /// Versions of the formats of the index and of its scores.
  private var formats: [Int]
  private var inputs: [TextInput]
  private var wordLists: [TextInput]
  private var classes: [TextInput]
  private var jsonField: String?
  private var inputsAreCounts: Bool
  private var weightsInLines: Bool
  private var removesDuplicates: Bool
  private var tokenizer: TokenizerOptions
  private var convention: TextConvention
  private var order: Int
  private var pruning: PruningThresholds
  private var smoothing: SmoothingOptions
  private var estimation: EstimationOptions?
  private var layout: ScoreLayout
  private var keepsCounts: Bool
  private var modelName: String

  init(_ options: BuildOptions, inputs: TextInputs) throws {
    toolVersion = GramdexVersion.current
    formats = [Manifest.currentFormatVersion, Int(ModelHeader.version)]
    self.inputs = inputs.files
    let lists = [options.vocabulary, options.limitVocabulary].compactMap { $0 }
    wordLists = lists.isEmpty ? [] : try TextInputs(InputOptions(paths: lists)).files
    classes = try options.classes.map { try TextInputs(InputOptions(paths: [$0])).files } ?? []
    jsonField = options.jsonField
    inputsAreCounts = options.inputsAreCounts
    weightsInLines = options.weightsInLines
    removesDuplicates = options.removeDuplicates
    tokenizer = options.tokenizer
    convention = options.convention
    order = options.order
    pruning = options.pruning
    smoothing = options.smoothing
    estimation = options.estimation
    layout = options.layout
    keepsCounts = options.keepCounts
    modelName = options.modelName
  }

  /// One line of JSON.
  func encoded() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// Reads what `encoded()` wrote; nil when another version wrote it.
  init?(_ text: String) {
    guard let identity = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else {
      return nil
    }
    self = identity
  }

  /// What is not as it was in `earlier`, or nil.
  func difference(from earlier: Self) -> String? {
    if toolVersion != earlier.toolVersion {
      return "gramdex \(earlier.toolVersion) began it, this is \(toolVersion)"
    }
    if formats != earlier.formats { return "a gramdex of another index format began it" }
    if let change = Self.change(inputs, earlier.inputs, "inputs") { return change }
    if let change = Self.change(wordLists, earlier.wordLists, "word lists") { return change }
    if let change = Self.change(classes, earlier.classes, "classes") { return change }
    let settings: [(String, Bool)] = [
      ("--json-field", jsonField == earlier.jsonField),
      ("--counts", inputsAreCounts == earlier.inputsAreCounts),
      ("--weights-in-lines", weightsInLines == earlier.weightsInLines),
      ("--remove-duplicates", removesDuplicates == earlier.removesDuplicates),
      ("the tokenizer", tokenizer == earlier.tokenizer),
      ("--lmplz-compatible", convention == earlier.convention),
      ("--prune", pruning == earlier.pruning),
      ("the smoothing", smoothing == earlier.smoothing && estimation == earlier.estimation),
      ("--no-counts", keepsCounts == earlier.keepsCounts),
      ("the model's name", modelName == earlier.modelName),
    ]
    if order != earlier.order { return "--order was \(earlier.order) and is \(order)" }
    if layout != earlier.layout { return "--layout was \(earlier.layout) and is \(layout)" }
    return settings.first { !$0.1 }.map { "\($0.0) is not what it was" }
  }

  private static func change(
    _ files: [TextInput],
    _ earlier: [TextInput],
    _ what: String
  ) -> String? {
    if files.map(\.path) != earlier.map(\.path) { return "the \(what) are not the same files" }
    let changed = zip(files, earlier).first { $0 != $1 }
    return changed.map { "\($0.0.name) has changed since" }
  }
}

/// An unfinished build cannot be gone on with.
public enum ResumeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What it was made from is not what it would be made from now.
  case changed(path: String, what: String)

  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .changed(let path, let what):
      """
      cannot resume the unfinished build of \(path): \(what); \
      build without --resume to begin anew, or undo the change
      """
    }
  }
}
