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
  let counts: CountStore
  let vocabulary: Vocabulary
  /// Sentences of the text: what `<s>` counts.
  let sentences: UInt64
  private let memberships: WordMemberships?
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
        throw NGramCountsError.noCounts(path: path, isImported: !opened.entry.source.isCounted)
      }
      return opened
    }
    guard let counts = try CountStore(opened.words) else {
      throw NGramCountsError.noCounts(path: path, isImported: false)
    }
    let vocabulary = try Vocabulary(file: opened.words)
    self.init(
      counts,
      vocabulary,
      try WordMemberships(file: opened.words, wordCount: vocabulary.count),
      opened.entry.sentences,
      opened.manifest.tokenizer
    )
  }

  private init(
    _ counts: CountStore,
    _ vocabulary: Vocabulary,
    _ memberships: WordMemberships?,
    _ sentences: UInt64,
    _ tokenizer: TokenizerOptions
  ) {
    self.counts = counts
    self.vocabulary = vocabulary
    self.sentences = sentences
    self.memberships = memberships
    order = counts.directory.order
    normalizer = TextNormalizer(tokenizer)
  }

  /// How often the words of `text` occurred one after the other; `<s>` and `</s>` may be among them.
  ///
  /// `<s>` alone counts the sentences, and `*` stands for any one word (see `fillings`). Words are cut as the text of the
  /// build was; 0 when one of them is unknown. Where words were counted as their
  /// classes, a word stands for its class.
  public func count(of text: String) throws -> UInt64 {
    let pattern = try pattern(of: text)
    if pattern.contains(.gap) { return try fillings(of: text, top: 0).count }
    return try count(of: pattern)
  }

  /// The counts of all n-grams in the words of `text`, which may be longer than the order: of order 1 from the first on,
  /// then of order 2, and so on.
  public func allOrders(of text: String) throws -> [NGramCount] {
    let words = words(of: text)
    if words.isEmpty { throw NGramCountsError.wrongLength(text: text, words: 0, order: order) }
    var all: [NGramCount] = []
    for length in 1...min(order, words.count) {
      for start in 0...(words.count - length) {
        let part = words[start..<(start + length)]
        if part.contains(.gap) { throw NGramCountsError.gapInAllOrders(text: text) }
        let ngram = part.map { String(decoding: $0.bytes, as: UTF8.self) }
        all.append(NGramCount(words: ngram, count: try count(of: Array(part))))
      }
    }
    return all
  }

  private func count(of words: [PatternWord]) throws -> UInt64 {
    var ids: [UInt32] = []
    for word in words {
      guard let id = id(of: word.bytes) else { return 0 }
      ids.append(id)
    }
    return try count(of: ids)
  }

  /// The id under which a word was counted, that of its class if it has one; nil when it is unknown.
  func id(of word: [UInt8]) -> UInt32? {
    guard let id = vocabulary.id(of: word)?.rawValue else { return nil }
    return memberships?.resolve(id).id ?? id
  }

  /// The words and gaps of `text`.
  func pattern(of text: String) throws -> [PatternWord] {
    let words = words(of: text)
    if words.isEmpty || words.count > order {
      throw NGramCountsError.wrongLength(text: text, words: words.count, order: order)
    }
    return words
  }

  /// How often an n-gram of 1 … order ids occurred.
  func count(of ids: [UInt32]) throws -> UInt64 {
    if ids == [WordID.beginOfSentence.rawValue] { return sentences }
    return try counts.rawCount(of: ids) ?? 0
  }

  private func words(of text: String) -> [PatternWord] {
    let reserved = [
      ReservedWord.beginOfSentence, ReservedWord.endOfSentence, ReservedWord.unknown,
    ].map { Array($0.utf8) }
    // Text between reserved words and gaps is cut as a whole: a SentencePiece model looks at more than a word.
    var words: [PatternWord] = []
    var run: [UInt8] = []
    func cutRun() {
      let bytes = normalizer.normalize(run)
      words += TokenScanner.lines(of: bytes).joined().map { .word(Array(bytes[$0])) }
      run = []
    }
    for piece in text.utf8.split(whereSeparator: TextPolicy.isSeparator).map(Array.init) {
      if reserved.contains(piece) {
        cutRun()
        words.append(.word(piece))
      } else if piece == [UInt8(ascii: "*")] {
        cutRun()
        words.append(.gap)
      } else {
        run += (run.isEmpty ? [] : [0x20]) + Self.unescaped(piece)
      }
    }
    cutRun()
    return words
  }

  /// A `*` behind backslashes stands for itself, and for one backslash less.
  private static func unescaped(_ piece: [UInt8]) -> [UInt8] {
    let isEscaped =
      piece.count > 1 && piece.last == UInt8(ascii: "*")
      && piece.dropLast().allSatisfy { $0 == UInt8(ascii: "\\") }
    return isEscaped ? Array(piece.dropFirst()) : piece
  }
}

/// A word of a question about counts, or a gap for any word.
enum PatternWord: Equatable, Sendable {
  case word([UInt8])
  case gap

  /// The word's bytes, none for a gap.
  var bytes: [UInt8] {
    switch self {
    case .word(let bytes): bytes
    case .gap: []
    }
  }
}

/// An n-gram and how often it was seen.
public struct NGramCount: Sendable, Codable, Equatable {
  /// Its words, oldest first.
  public var words: [String]
  /// How often they stood one after the other.
  public var count: UInt64

  /// Makes the count of an n-gram.
  public init(words: [String], count: UInt64) {
    self.words = words
    self.count = count
  }
}

/// A question about counts that an index cannot answer.
public enum NGramCountsError: Error, Equatable, Sendable {
  /// The index has no raw counts.
  case noCounts(path: String, isImported: Bool)
  /// There are no words, or more than the counts go up to.
  case wrongLength(text: String, words: Int, order: Int)
  /// A gap where the counts of all parts are asked for.
  case gapInAllOrders(text: String)
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
    case .gapInAllOrders(let text):
      """
      "\(text)" has a gap, and --all-orders counts every part of it; leave out one of them, \
      or write \\* for a star
      """
    case .wrongLength(let text, let words, let order):
      "\"\(text)\" has \(words) words; the index counts n-grams of 1 to \(order)"
    }
  }
}
