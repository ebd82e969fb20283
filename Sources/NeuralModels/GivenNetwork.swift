import Foundation
import GramdexStorage

/// What a file without our metadata does not say of its network: what it is made of, and its words.
///
/// Options are one JSON object with the names of `NetworkOptions`, and besides them `sentenceState` and `sharesUnknown`;
/// `architecture`, `embedding` and `hidden` are always needed, others where the network has what they speak of:
/// see docs/INTERCHANGE.md.
package struct GivenNetwork: Sendable {
  /// The network, and what is remembered between sentences; all else is the default.
  package var training: TrainingOptions
  /// Whether P(`<unk>`) is shared by the words that the network does not know.
  package var sharesUnknown: Bool
  /// The words in the order of their rows.
  package var words: [[UInt8]]

  private static let maximumOptionBytes = 1 << 20
  private static let maximumWordBytes = 1 << 30

  /// Reads both files.
  ///
  /// - Parameters:
  ///   - options: the path of the JSON object.
  ///   - words: the path of the words, one a line.
  /// - Throws: `NetworkInterchange.Failure.badOptions` or `badWords`, `StorageError` when a file cannot be read.
  package init(options: String, words: String) throws {
    func bad(_ reason: String) -> NetworkInterchange.Failure {
      .badOptions(path: options, reason: reason)
    }
    let bytes = try Files.read(options, maximumBytes: Self.maximumOptionBytes)
    guard let json = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
      throw bad("it is no JSON object")
    }
    var defaults = NetworkOptions()
    (defaults.softmax, defaults.dropout) = (.full, 0)
    guard
      var merged = try JSONSerialization.jsonObject(with: JSONEncoder().encode(defaults))
        as? [String: Any]
    else { throw bad("it is no JSON object") }
    let extra = ["sentenceState", "sharesUnknown"]
    for (key, value) in json.sorted(by: { $0.key < $1.key }) where !extra.contains(key) {
      guard merged[key] != nil else { throw bad("\(key) is no option of a network") }
      merged[key] = value
    }
    var training = TrainingOptions()
    do {
      training.network = try JSONDecoder().decode(
        NetworkOptions.self,
        from: JSONSerialization.data(withJSONObject: merged)
      )
    } catch let error as DecodingError {
      throw bad(Self.reason(error))
    }
    if let lacking = Self.needed(training.network).first(where: { json[$0] == nil }) {
      throw bad("it lacks \(lacking)")
    }
    if let value = json["sentenceState"] {
      guard let state = (value as? String).flatMap(SentenceState.init(rawValue:)) else {
        throw bad("sentenceState must be carry or reset")
      }
      training.sentenceState = state
    }
    sharesUnknown = true
    if let value = json["sharesUnknown"] {
      guard let shares = value as? Bool else { throw bad("sharesUnknown must be true or false") }
      sharesUnknown = shares
    }
    let text = try Files.read(words, maximumBytes: Self.maximumWordBytes)
    var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    if lines.last == [] { lines.removeLast() }
    if let flaw = ShortList.flaw(in: lines) {
      throw NetworkInterchange.Failure.badWords(path: words, reason: flaw)
    }
    if let flaw = training.network.flaw(vocabularySize: lines.count) { throw bad(flaw) }
    self.training = training
    self.words = lines
  }

  /// The options that have no default for such a network.
  private static func needed(_ options: NetworkOptions) -> [String] {
    var names = ["architecture", "embedding", "hidden"]
    switch options.architecture {
    case .feedForward: names += ["activation", "order"]
    case .elman: names += ["activation"]
    case .irnn, .gru, .lstm: break
    }
    if options.softmax == .adaptive { names.append("cutoffs") }
    if options.ngramOrder > 0 { names.append("ngramBits") }
    return names
  }

  private static func reason(_ error: DecodingError) -> String {
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      let name = context.codingPath.first?.stringValue ?? "its JSON"
      return "\(name) has no such value (\(context.debugDescription))"
    case .keyNotFound(let key, _):
      return "it lacks \(key.stringValue)"
    @unknown default:
      return "its JSON cannot be read"
    }
  }
}
