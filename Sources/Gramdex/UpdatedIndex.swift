import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage
import GramdexText

/// An index that is to be updated: its counts, its words, and how its text was read.
struct UpdatedIndex {
  let path: String
  let manifest: Manifest
  /// The model that was built with the counts; nil when it was removed.
  let built: ModelEntry?
  /// The models that were estimated over the counts later.
  let estimated: [ModelEntry]
  let counts: CountStore
  let vocabulary: Vocabulary
  /// Which words are counted as their classes; nil when all are counted as themselves.
  let memberships: WordMemberships?
  /// Which words are counted as themselves.
  let rule: Manifest.CountedWords

  /// A model that knows the size of the text and the vocabulary; all do.
  let main: ModelEntry

  /// Opens what `writer` is going to replace.
  init(_ writer: IndexWriter) throws {
    path = writer.folder.path
    manifest = try writer.current ?? writer.folder.manifest()
    guard let main = manifest.models.first(where: { $0.source != .arpa && $0.hasRawCounts }) else {
      if manifest.models.allSatisfy({ $0.source == .index }) {
        throw UpdateError.derived(path: path)
      }
      throw UpdateError.noCounts(
        path: path,
        isImported: manifest.models.allSatisfy { $0.source == .arpa }
      )
    }
    self.main = main
    let countsFile = main.countsFile ?? main.file
    let models = manifest.models.filter { ($0.countsFile ?? $0.file) == countsFile }
    estimated = models.filter { $0.estimation != nil }
    let built = models.first { $0.estimation == nil }
    self.built = built
    if let built, built.order > 1, built.smoothingOptions?.lmplzCompatible == true {
      throw UpdateError.lmplzCompatible(path: path)
    }
    guard let rule = manifest.countedWords else { throw UpdateError.unknownWords(path: path) }
    self.rule = rule
    let words = try OpenedModel(writer.folder, main, manifest: manifest).words
    guard let counts = try CountStore(words),
      built.map({ $0.order == counts.directory.order }) ?? true
    else {
      throw TableError.damagedCounts(
        rule: "they are not those of the model that the manifest names"
      )
    }
    self.counts = counts
    vocabulary = try Vocabulary(file: words)
    memberships = try WordMemberships(file: words, wordCount: vocabulary.count)
    guard vocabulary.count == counts.directory.vocabularySize,
      main.vocabularySize <= UInt64(vocabulary.count)
    else { throw TableError.damagedCounts(rule: "they do not fit the vocabulary") }
  }

  /// For each word the id that it is counted as, that of its class; empty when all are counted as themselves.
  var standIns: [UInt32] {
    memberships.map { memberships in
      (0..<UInt32(vocabulary.count)).map { memberships.resolve($0).id }
    } ?? []
  }

  /// Writes which words belong to which classes: those that did before, by their new ids.
  func writeMemberships(_ result: borrowing RankedVocabulary, to file: TableFileWriter) throws {
    guard let memberships else { return }
    var members: [(classID: UInt32, probability: Double)] = []
    for id in result.keptCount..<result.count {
      let old = memberships.resolve(result.provisionalIDs[id])
      let probability = DecimalLogarithm.power(Double(old.log10Probability))
      members.append((result.finalIDs[Int(old.id)], probability))
    }
    var labels: [UInt32] = []
    for label in memberships.classes { labels.append(result.finalIDs[Int(label)]) }
    try VocabularyStage.write(
      classes: labels,
      members: members,
      firstMember: result.keptCount,
      to: file
    )
  }

  /// Models of the index that cannot be estimated anew, by name.
  var lost: [String] {
    let kept = Set((estimated + [built].compactMap { $0 }).map(\.name))
    return manifest.models.map(\.name).filter { !kept.contains($0) }
  }

  /// What a build of all text would be asked to do.
  func buildOptions(_ options: UpdateOptions) -> BuildOptions {
    var result = options.buildOptions
    result.tokenizer = manifest.tokenizer
    result.convention = main.convention
    result.order = counts.directory.order
    if let built {
      result.pruning = built.pruning
      result.smoothing = built.smoothingOptions ?? SmoothingOptions()
      result.layout = built.layout
      result.modelName = built.name
    }
    return result
  }

  /// What estimating `model` anew asks for.
  func estimateOptions(_ options: UpdateOptions, model: ModelEntry) -> EstimateOptions {
    var result = EstimateOptions(model.estimation ?? EstimationOptions(), name: model.name)
    result.layout = model.layout
    result.memoryBytes = options.memoryBytes
    result.threads = options.threads
    return result
  }

  /// How the vocabulary changes.
  func vocabularyUpdate(
    _ corpus: borrowing EncodedCorpus,
    removes: Bool,
    limit: [[UInt8]]?
  ) throws -> VocabularyUpdate {
    guard let counts = counts.unigramCounts() else {
      throw TableError.damagedCounts(rule: "the counts of the words are missing")
    }
    let base = VocabularyUpdate.Base(counts: counts, keptCount: Int(main.vocabularySize))
    if removes {
      do throws(CountMergeError) {
        return try VocabularyUpdate(
          removing: corpus.wordCounts,
          of: corpus.words,
          from: base,
          isClosed: rule == .listed
        ) { id in
          memberships.map { Int(id) >= $0.firstMember || $0.isClass(id) } ?? false
        }
      } catch {
        throw named(error) { id in unsafe corpus.words.withSpelling(id) { unsafe Array($0) } }
      }
    }
    let listed = try limit.map { try listedWords($0, corpus.words) }
    return VocabularyUpdate(adding: corpus.wordCounts, of: corpus.words, to: base) { id in
      listed.map { !$0.contains(id) } ?? false
    }
  }

  /// The ids of the words of a list that is the one that the index was built with, as far as old words can tell.
  private func listedWords(_ list: [[UInt8]], _ table: borrowing WordTable) throws -> Set<UInt32> {
    var listed = Set<UInt32>()
    for word in list {
      let id = table.id(of: word)
      if id != WordTable.notFound { listed.insert(id) }
    }
    for id in WordID.reservedCount..<UInt32(vocabulary.count) {
      if listed.contains(id) == (UInt64(id) < main.vocabularySize) { continue }
      throw UpdateError.otherWordList(
        path: path,
        word: vocabulary.word(WordID(rawValue: id)) ?? "",
        isListed: listed.contains(id)
      )
    }
    return listed
  }

  /// The same error with words in place of ids.
  func named(_ error: CountMergeError, _ spelling: (UInt32) -> [UInt8]) -> UpdateError {
    func word(_ id: UInt32) -> String { String(decoding: spelling(id), as: UTF8.self) }
    return switch error {
    case .missingWord(let id, let present, let removed):
      .missingWord(word: word(id), present: present, removed: removed)
    case .missingNGram(let ids, let present, let removed):
      .missingNGram(
        ngram: ids.map(word).joined(separator: " "),
        present: present,
        removed: removed
      )
    }
  }

  /// The list of texts after the update.
  func corpus(with files: [TextInput], removes: Bool) -> [Manifest.CorpusFile] {
    var corpus = manifest.corpus
    for file in files {
      let entry = Manifest.CorpusFile(path: file.path, bytes: file.sizeBytes ?? 0)
      if !removes {
        corpus.append(entry)
      } else if let index = corpus.firstIndex(of: entry) {
        corpus.remove(at: index)
      } else {
        var removed = entry
        removed.isRemoved = true
        corpus.append(removed)
      }
    }
    return corpus
  }
}
