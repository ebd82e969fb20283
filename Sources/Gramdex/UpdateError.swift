/// An index that cannot be updated, or a text that cannot be taken away from it.
public enum UpdateError: Error, Equatable, Sendable {
  /// The index has no raw counts.
  case noCounts(path: String, isImported: Bool)
  /// The index holds models that were made from other models, which have no counts.
  case derived(path: String)
  /// The counts of counts of the index depend on where words stood in its text.
  case lmplzCompatible(path: String)
  /// The index does not say which words of a text were counted.
  case unknownWords(path: String)
  /// New words are in the limited vocabulary or outside of it, and only its list can tell.
  case needsWordList(path: String)
  /// A list was given for an index that was built without.
  case needlessWordList(path: String)
  /// The list has a word that it did not have when the index was built, or the reverse.
  case otherWordList(path: String, word: String, isListed: Bool)
  /// A text that is taken away has a word more often than the index.
  case missingWord(word: String, present: UInt64, removed: UInt64)
  /// A text that is taken away has an n-gram more often than the index.
  case missingNGram(ngram: String, present: UInt64, removed: UInt64)
  /// No text would be left.
  case nothingLeft(path: String)
  /// The new counts do not allow a model what it was estimated with.
  case cannotEstimate(model: String, path: String, reason: String)

  /// Whether the command was wrong, and not the data.
  public var isUsage: Bool {
    switch self {
    case .needsWordList, .needlessWordList: true
    default: false
    }
  }
}

extension UpdateError: CustomStringConvertible {
  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .noCounts(let path, true):
      """
      the index \(path) was imported from an ARPA file, which has no counts to add to; \
      build an index from text
      """
    case .noCounts(let path, false):
      "the index \(path) has no counts to add to; build it again without --no-counts"
    case .derived(let path):
      """
      the index \(path) was made from another index (prune, restrict, mix) and has no counts to add to; update that \
      index, then make this one again
      """
    case .lmplzCompatible(let path):
      """
      the index \(path) was built with --lmplz-compatible, whose counts of counts depend on the order of the \
      text's words and not on counts alone; build it again from all text
      """
    case .unknownWords(let path):
      """
      the index \(path) was built from count files, or by a version of gramdex that did not note which words it \
      counted, so text cannot be added rightly; build it again from text
      """
    case .needsWordList(let path):
      """
      the index \(path) was built with --limit-vocabulary, which says what becomes of new words; \
      give the same list again
      """
    case .needlessWordList(let path):
      "the index \(path) was built without --limit-vocabulary; leave it out here, too"
    case .otherWordList(let path, let word, let isListed):
      """
      the list given with --limit-vocabulary is not the one that \(path) was built with: \
      "\(word)" was \(isListed ? "not listed and is now" : "listed and is not now"); give the same list
      """
    case .missingWord(let word, let present, let removed):
      """
      cannot take the text away: it has "\(word)" \(Self.times(removed)), the index \(Self.times(present)); \
      name a text that was counted, nothing was changed
      """
    case .missingNGram(let ngram, let present, let removed):
      """
      cannot take the text away: it has "\(ngram)" \(Self.times(removed)), the index \(Self.times(present)); \
      name a text that was counted, nothing was changed
      """
    case .nothingLeft(let path):
      "no text would be left in \(path); remove the folder instead"
    case .cannotEstimate(let model, let path, let reason):
      """
      the model \(model) of \(path) cannot follow the new counts, nothing was changed: \(reason) (so it was made); \
      estimate it otherwise with --name \(model) --replace, or remove it, and update again
      """
    }
  }

  private static func times(_ count: UInt64) -> String {
    switch count {
    case 0: "never"
    case 1: "once"
    default: "\(count) times"
    }
  }
}
