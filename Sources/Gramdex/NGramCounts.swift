import GramdexCore
import GramdexIndex
import GramdexScoring
import GramdexStorage
import GramdexText

/// The raw counts of an index: how often n-grams occurred in the text of its build.
///
/// May be used from any number of threads at once; keeps its file mapped.
public final class NGramCounts: Sendable {
  /// The length of the longest n-grams that were counted.
  public let order: Int
  private let counts: CountStore
  private let vocabulary: Vocabulary
  private let normalizer: TextNormalizer

  /// Opens the counts of a model of the index at `path`, or of the first model that has counts.
  ///
  /// - Throws: `NGramCountsError` when there are none, `ScoringError` when there is no such model, and errors of
  ///   the index's files.
  public convenience init(path: String, model name: String? = nil) throws {
    let folder = IndexFolder(path)
    let opened = try folder.withCurrent { manifest in
      let name =
        name ?? manifest.models.first(where: \.hasRawCounts)?.name
        ?? manifest.models.first?.name ?? BuildOptions.defaultModelName
      guard let opened = try OpenedModel(folder, name: name, manifest: manifest) else {
        throw ScoringError.noModel(name: name, path: path, names: manifest.models.map(\.name))
      }
      guard opened.entry.hasRawCounts else {
        throw NGramCountsError.noCounts(path: path, isImported: opened.entry.source != .text)
      }
      return opened
    }
    guard let counts = try CountStore(opened.words) else {
      throw NGramCountsError.noCounts(path: path, isImported: false)
    }
    self.init(counts, try Vocabulary(file: opened.words), opened.manifest.tokenizer)
  }

  private init(_ counts: CountStore, _ vocabulary: Vocabulary, _ tokenizer: TokenizerOptions) {
    self.counts = counts
    self.vocabulary = vocabulary
    order = counts.directory.order
    normalizer = TextNormalizer(tokenizer)
  }

  /// How often the words of `text` occurred one after the other; `<s>` and `</s>` may be among them.
  ///
  /// Words are cut as the text of the build was; 0 when one of them is unknown.
  public func count(of text: String) throws -> UInt64 {
    let words = words(of: text)
    if words.isEmpty || words.count > order {
      throw NGramCountsError.wrongLength(text: text, words: words.count, order: order)
    }
    var ids: [UInt32] = []
    for word in words {
      guard let id = vocabulary.id(of: word) else { return 0 }
      ids.append(id.rawValue)
    }
    return try counts.rawCount(of: ids) ?? 0
  }

  private func words(of text: String) -> [[UInt8]] {
    let reserved = [
      ReservedWord.beginOfSentence, ReservedWord.endOfSentence, ReservedWord.unknown,
    ].map { Array($0.utf8) }
    return text.utf8.split(whereSeparator: TextPolicy.isSeparator).flatMap { piece -> [[UInt8]] in
      if reserved.contains(Array(piece)) { return [Array(piece)] }
      let bytes = normalizer.normalize(Array(piece))
      return TokenScanner.lines(of: bytes).joined().map { Array(bytes[$0]) }
    }
  }
}

/// A question about counts that an index cannot answer.
public enum NGramCountsError: Error, Equatable, Sendable {
  /// The index has no raw counts.
  case noCounts(path: String, isImported: Bool)
  /// There are no words, or more than the counts go up to.
  case wrongLength(text: String, words: Int, order: Int)
}

extension NGramCountsError: CustomStringConvertible {
  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .noCounts(let path, true):
      """
      the index \(path) was imported from an ARPA file or made from another index, so it has no counts; \
      ask one that was built from text
      """
    case .noCounts(let path, false):
      "the index \(path) has no counts; build it again without --no-counts"
    case .wrongLength(let text, let words, let order):
      "\"\(text)\" has \(words) words; the index counts n-grams of 1 to \(order)"
    }
  }
}
