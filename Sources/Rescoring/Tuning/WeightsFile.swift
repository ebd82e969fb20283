import Foundation
import GramdexStorage

/// Weights of scores and models, as `tune` writes and `rescore` reads them: one JSON object.
///
/// | field | meaning |
/// |---|---|
/// | `version` | 1 |
/// | `weights` | the weight of each score, model or count, by name |
/// | `models` | the models whose scores are weighed, as `--model` takes them; absent for none |
/// | `criterion` | `wer`, `cer` or `bleu`: what was made best; absent for weights written by hand |
/// | `method`, `seed` | how and from which random numbers they were sought |
/// | `lists` | on how many lists |
/// | `measure` | the error rate or BLEU on the lists on which they were sought |
/// | `initialMeasure` | the same of the weights at the beginning |
/// | `crossValidation` | `folds`, and `measure`: the same on lists left out of the search |
///
/// Only `version` and `weights` must be there. All numbers are finite.
public struct WeightsFile: Hashable, Sendable, Codable {
  /// The version of the form.
  public static let currentVersion = 1

  /// The version of the form.
  public var version = currentVersion
  /// The weight of each score, model or count, by name.
  public var weights: [String: Double]
  /// The models whose scores are weighed, as `--model` takes them.
  public var models: [String]?
  /// What was made best.
  public var criterion: Criterion?
  /// How the weights were sought.
  public var method: WeightSearch.Method?
  /// What random numbers depended on.
  public var seed: UInt64?
  /// On how many lists the weights were sought.
  public var lists: Int?
  /// The error rate, or BLEU, on the lists on which the weights were sought.
  public var measure: Double?
  /// The same of the weights at the beginning of the search.
  public var initialMeasure: Double?
  /// What to expect on other lists.
  public var crossValidation: CrossValidated?

  /// What weights sought without some lists achieve on these.
  public struct CrossValidated: Hashable, Sendable, Codable {
    /// How many parts the lists were divided into.
    public var folds: Int
    /// The error rate, or BLEU.
    public var measure: Double

    /// Makes a result.
    public init(folds: Int, measure: Double) {
      self.folds = folds
      self.measure = measure
    }
  }

  /// Makes weights without a history.
  public init(weights: [String: Double], models: [String]? = nil) {
    self.weights = weights
    self.models = models
  }

  /// Reads a file.
  ///
  /// - Throws: `StorageError` when it cannot be read, `WeightsFileError` when it is none.
  public init(contentsOf path: String) throws {
    let bytes = try Files.read(path, maximumBytes: Self.maximumBytes)
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw WeightsFileError(file: path, decoding: error)
    }
    guard version == Self.currentVersion else {
      throw WeightsFileError(file: path, reason: .version(version))
    }
    if weights.isEmpty { throw WeightsFileError(file: path, reason: .noWeights) }
  }

  private static let maximumBytes = 1 << 20

  /// Writes a file, in the place of one that is there.
  ///
  /// - Throws: `StorageError`, `WeightsFileError` for a number that is not finite.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      try Files.replace(path, contents: [UInt8](encoder.encode(self)) + [0x0A])
    } catch let error as EncodingError {
      throw WeightsFileError(file: path, encoding: error)
    }
  }
}

/// Why a file of weights cannot be read or written.
public struct WeightsFileError: Error, Hashable, Sendable {
  /// What is wrong.
  public enum Reason: Hashable, Sendable {
    /// It is no JSON; the decoder's words.
    case notJSON(String)
    /// A field is missing.
    case missing(field: String)
    /// A field holds something else; the decoder's words.
    case wrong(field: String, String)
    /// Another version of the form.
    case version(Int)
    /// There are no weights in it.
    case noWeights
    /// A number that JSON has no form for.
    case notFinite(field: String)
  }

  /// The file.
  public let file: String
  /// What is wrong.
  public let reason: Reason

  init(file: String, reason: Reason) {
    self.file = file
    self.reason = reason
  }

  init(file: String, decoding error: DecodingError) {
    self.file = file
    reason =
      switch error {
      case .keyNotFound(let key, let context):
        .missing(field: Self.name(context.codingPath + [key]))
      case .typeMismatch(_, let context), .valueNotFound(_, let context):
        .wrong(field: Self.name(context.codingPath), context.debugDescription)
      case .dataCorrupted(let context) where !context.codingPath.isEmpty:
        .wrong(field: Self.name(context.codingPath), context.debugDescription)
      case .dataCorrupted(let context):
        .notJSON(Self.cause(context))
      @unknown default: .notJSON("\(error)")
      }
  }

  init(file: String, encoding error: EncodingError) {
    self.file = file
    reason =
      switch error {
      case .invalidValue(_, let context): .notFinite(field: Self.name(context.codingPath))
      @unknown default: .notFinite(field: "")
      }
  }

  private static func name(_ path: [any CodingKey]) -> String {
    path.isEmpty ? "the whole" : path.map(\.stringValue).joined(separator: ".")
  }

  /// The parser's own words, which name the line, where there are some.
  private static func cause(_ context: DecodingError.Context) -> String {
    let cause = (context.underlyingError as NSError?)?.userInfo["NSDebugDescription"] as? String
    return cause ?? context.debugDescription
  }
}

extension WeightsFileError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch reason {
    case .notJSON(let words):
      "\(file) is no file of weights: it is not JSON (\(words)); make one with gramdex tune"
    case .missing(let field):
      """
      \(file) is no file of weights: it has no field \(field); it must look like \
      {"version": 1, "weights": {"ac": 1, "lm": 6.5}}
      """
    case .wrong(let field, let words):
      "\(file): field \(field) of the weights does not hold what it should: \(words)"
    case .version(let version):
      "\(file) holds weights in version \(version) of the form; this program reads version \(WeightsFile.currentVersion)"
    case .noWeights:
      "\(file) holds no weights: its field weights is empty"
    case .notFinite(let field):
      "cannot write \(file): the number \(field) is not finite"
    }
  }
}
