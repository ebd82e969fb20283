import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexScoring
import GramdexStorage

/// A model whose n-grams can be listed: what `export`, `prune`, `restrict` and `mix` read of an index.
///
/// N-grams come from the level blocks, in context order, and their scores from the tables.
struct ListedModel {
  /// The index folder, as it was named.
  let path: String
  let tables: ScoreTables
  let counts: CountStore
  let words: ListedWords
  /// All words of the index, those of classes included.
  let vocabulary: Vocabulary
  /// Which words are counted as their classes; nil for a model of words.
  let memberships: WordMemberships?
  private let opened: OpenedModel

  var entry: ModelEntry { opened.entry }
  var tokenizer: TokenizerOptions { opened.manifest.tokenizer }
  var corpus: [Manifest.CorpusFile] { opened.manifest.corpus }
  /// Element k−1 is the number of n-grams of order k.
  var ngrams: [UInt64] { entry.ngrams }
  /// Words with a probability.
  var vocabularySize: Int { Int(tables.header.vocabularySize) }
  var order: Int { tables.header.order }
  /// Whether n-grams have raw counts.
  var hasRawCounts: Bool { entry.source.isCounted && entry.hasRawCounts && entry.tokens > 0 }

  /// The model as it answers queries, of whatever kind.
  func answering() throws -> any LanguageModel { try IndexModel.open(opened) }

  /// Whether both have the same classes of the same words with the same shares, or neither has any.
  ///
  /// Cost: a look-up for each word of a class.
  func hasSameClasses(as other: Self) -> Bool {
    guard let own = memberships, let others = other.memberships else {
      return memberships == nil && other.memberships == nil
    }
    guard own.memberCount == others.memberCount, own.classes.count == others.classes.count else {
      return false
    }
    func bytes(_ id: UInt32, in vocabulary: Vocabulary) -> [UInt8]? {
      vocabulary.bytes(of: WordID(rawValue: id))
    }
    return (0..<own.memberCount).allSatisfy { number in
      let id = UInt32(own.firstMember + number)
      guard let word = bytes(id, in: vocabulary), let twin = other.vocabulary.id(of: word) else {
        return false
      }
      let (left, right) = (own.resolve(id), others.resolve(twin.rawValue))
      return Int(twin.rawValue) >= others.firstMember
        && abs(left.log10Probability - right.log10Probability) < Self.shareTolerance
        && bytes(left.id, in: vocabulary) == bytes(right.id, in: other.vocabulary)
    }
  }

  /// How far log10 shares may differ by the rounding of a model that was written anew.
  private static let shareTolerance: Float = 1e-5

  /// Sizes of the model with its words and counts, which models of an index may share.
  var bytes: BuildSummary.Bytes {
    func usage(_ name: String) -> Manifest.File? {
      opened.manifest.files.first { $0.name == name }
    }
    guard let scores = usage(entry.file) else {
      return .init(file: 0, scores: 0, counts: 0, vocabulary: 0)
    }
    var bytes = BuildSummary.Bytes(fileBytes: scores.layout.bytes, scores.databases)
    if let name = entry.countsFile, name != entry.file, let shared = usage(name) {
      let other = BuildSummary.Bytes(fileBytes: shared.layout.bytes, shared.databases)
      bytes.counts = other.counts
      bytes.vocabulary = other.vocabulary
      bytes.file += other.counts + other.vocabulary
    }
    return bytes
  }

  /// Refuses a model whose values are no probabilities.
  func requireDistribution() throws(DerivationError) {
    if case .smoothed(let smoothing) = entry.smoothing, !smoothing.isDistribution {
      throw .noDistribution(index: path, model: entry.name)
    }
  }

  /// Opens a model of the index at `path`.
  ///
  /// - Throws: `ExportError`, `IndexError`, and errors of the index's files.
  static func open(_ path: String, model: String) throws -> Self {
    try IndexFolder(path).withCurrent { try Self(path, model: model, $0) }
  }

  private init(_ path: String, model: String, _ manifest: Manifest) throws {
    func damaged(_ reason: String) -> ExportError { .damaged(index: path, reason: reason) }
    guard let opened = try OpenedModel(IndexFolder(path), name: model, manifest: manifest) else {
      throw ExportError.noModel(index: path, model: model, available: manifest.models.map(\.name))
    }
    let entry = opened.entry
    let file = opened.scores
    tables = try ScoreTables(model: entry.name) { key in
      guard let value = try file.value(.scores, key: key) else { return nil }
      // SAFETY: the file keeps its values mapped, and the region keeps the file.
      return unsafe value.withUnsafeBytes { unsafe TableRegion($0, owner: file) }
    }
    guard let counts = try CountStore(opened.words) else {
      throw ExportError.noCounts(index: path, model: entry.name)
    }
    guard counts.directory.order >= tables.header.order,
      entry.ngrams.count == tables.header.order,
      entry.ngrams[0] == tables.header.vocabularySize,
      UInt64(counts.directory.vocabularySize) >= tables.header.vocabularySize,
      tables.header.vocabularySize >= UInt64(WordID.reservedCount)
    else { throw damaged("its counts, scores and manifest are not of the same model") }
    let size = Int(tables.header.vocabularySize)
    guard let words = try ListedWords(opened.words, count: size) else {
      throw damaged("its vocabulary is not complete")
    }
    vocabulary = try Vocabulary(file: opened.words)
    memberships = try WordMemberships(file: opened.words, wordCount: vocabulary.count)
    self.path = path
    self.opened = opened
    self.counts = counts
    self.words = words
  }
}

/// The words of an index in the order of their ids.
struct ListedWords {
  /// How many words there are.
  let count: Int
  private let offsets: MappedBytes
  private let bytes: MappedBytes

  /// The words in `file`; nil when there are fewer than `count`.
  init?(_ file: TableFile, count: Int) throws {
    guard let offsets = try file.value(.vocabulary, key: Array("offsets".utf8)),
      let bytes = try file.value(.vocabulary, key: Array("bytes".utf8)),
      offsets.count >= (count + 1) * 8
    else { return nil }
    self.count = count
    self.offsets = offsets
    self.bytes = bytes
  }

  /// The bytes of a word, nil when they lie outside the vocabulary.
  subscript(id: UInt32) -> MappedBytes? {
    guard let start = offsets.load(at: 8 * Int(id), as: UInt64.self),
      let end = offsets.load(at: 8 * Int(id) + 8, as: UInt64.self),
      let from = Int(exactly: UInt64(littleEndian: start)),
      let to = Int(exactly: UInt64(littleEndian: end)), from <= to
    else { return nil }
    return bytes.slice(at: from, count: to - from)
  }

  /// Appends the bytes of a word to the line; false when they lie outside the vocabulary.
  @inline(__always)
  func append(word id: UInt32, to writer: inout ArpaWriter) -> Bool {
    guard let word = self[id] else { return false }
    unsafe word.withUnsafeBytes { bytes in
      // SAFETY: the bytes stay mapped for the call, and the span is used within it only.
      let words = unsafe bytes.assumingMemoryBound(to: UInt8.self)
      writer.appendWord(unsafe Span(_unsafeElements: words))
    }
    return true
  }

  /// Inserts a word into `vocabulary` and returns its id there, nil when its bytes lie outside this one.
  func insert(word id: UInt32, into vocabulary: inout ArpaVocabulary) -> UInt32? {
    guard let word = self[id] else { return nil }
    let bytes = word.copy()
    return vocabulary.insert(bytes.span, 0, bytes.count)
  }
}
