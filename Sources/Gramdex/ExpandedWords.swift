import GramdexCore
import GramdexIndex
import GramdexScoring

/// The words of a class model, those of classes among the others, by descending probability.
struct ExpandedWords {
  /// A word that stands for a class, or for itself.
  struct Member {
    /// Its new id.
    var id: UInt32
    /// log10 p(word | class); 0 for a word that stands for itself.
    var log10Share: Float
  }

  private var vocabulary = ArpaVocabulary(joinsCapitalUnknown: false)
  private var log10Probabilities: [Float] = []
  private var log10Backoffs: [Float] = []
  /// For each id of the class model the words that it stands for; none for a class without words.
  private var members: [[Member]]

  /// Puts the words of `model` in order, whose classes `memberships` tells.
  init(_ model: ListedModel, _ memberships: WordMemberships) throws {
    struct Word {
      var bytes: [UInt8]
      var source: UInt32
      var log10Share: Float
      var log10Probability: Float
      var log10Backoff: Float
    }
    func damaged() -> ExportError {
      .damaged(index: model.path, reason: "a word or its score cannot be read")
    }
    var words: [Word] = []
    func add(_ word: UInt32, of source: UInt32, _ log10Share: Float) throws {
      guard Int(source) < model.vocabularySize,
        let bytes = model.vocabulary.bytes(of: WordID(rawValue: word)),
        let scores = model.tables.unigram(WordID(rawValue: source)),
        scores.probability.isFinite, scores.backoff.isFinite
      else { throw damaged() }
      words.append(
        Word(
          bytes: bytes,
          source: source,
          log10Share: log10Share,
          log10Probability: min(scores.probability + log10Share, 0),
          log10Backoff: scores.backoff + 0
        )
      )
    }
    for word in 0..<UInt32(model.vocabularySize) where !memberships.isClass(word) {
      try add(word, of: word, 0)
    }
    let reserved = Int(WordID.reservedCount)
    guard words.count >= reserved else { throw damaged() }
    for number in 0..<memberships.memberCount {
      let word = UInt32(memberships.firstMember + number)
      let membership = memberships.resolve(word)
      try add(word, of: membership.id, membership.log10Probability)
    }
    words[reserved...].sort { left, right in
      left.log10Probability != right.log10Probability
        ? left.log10Probability > right.log10Probability
        : left.bytes.lexicographicallyPrecedes(right.bytes)
    }
    members = [[Member]](repeating: [], count: model.vocabularySize)
    for (index, word) in words.enumerated() {
      let id = vocabulary.insert(word.bytes.span, 0, word.bytes.count)
      guard id.map(Int.init) == index else { throw damaged() }
      members[Int(word.source)].append(Member(id: UInt32(index), log10Share: word.log10Share))
      let isBegin = index == Int(WordID.beginOfSentence.rawValue)
      log10Probabilities.append(isBegin ? -99 : word.log10Probability)
      log10Backoffs.append(word.log10Backoff)
    }
  }

  /// The number of words.
  var count: Int { log10Probabilities.count }

  /// Memory that the table of members takes.
  var memoryBytes: Int { 40 * members.count + 8 * count }

  /// The words that a word of the class model stands for.
  func members(of word: UInt32) -> [Member] { members[Int(word)] }

  /// The words with their probabilities, and no n-grams yet.
  func scored(name: String) -> ScoredModel {
    ScoredModel(
      name: name,
      summary: ArpaSummary(ngrams: [UInt64(count)]),
      vocabulary: vocabulary,
      log10Probabilities: log10Probabilities,
      log10Backoffs: log10Backoffs,
      given: []
    )
  }
}
