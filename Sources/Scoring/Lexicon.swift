public import GramdexCore
package import GramdexIndex
package import GramdexStorage

/// The words that a model knows, with ids from 0 on, `unknown` for all others.
///
/// A vocabulary can hold words that a model left out; a lexicon does not. Models of different vocabularies are
/// asked together through the union of their lexicons.
public struct Lexicon: Sendable {
  /// Words, the reserved ones included; the ids are 0 ..< count.
  public let count: Int
  private let source: Source

  /// Where words and ids come from.
  private enum Source {
    case vocabulary(Vocabulary)
    case list(WordList)
    case union(LexiconUnion)
  }

  /// The first `count` words of `vocabulary`.
  package init(_ vocabulary: Vocabulary, count: Int) {
    source = .vocabulary(vocabulary)
    self.count = min(count, vocabulary.count)
  }

  /// The reserved words and `words`, with ids in their order; one that occurs again has its first id.
  package init(words: [[UInt8]]) {
    let list = WordList(words)
    source = .list(list)
    count = list.words.count
  }

  /// The words of a union.
  init(_ union: LexiconUnion) {
    source = .union(union)
    count = union.count
  }

  /// The id of `word`, `unknown` when the model does not know it.
  public func id(of word: String) -> WordID {
    id(of: Array(word.utf8))
  }

  /// The id of the word with these bytes, `unknown` when the model does not know it.
  public func id(of word: [UInt8]) -> WordID {
    switch source {
    case .vocabulary(let vocabulary): known(vocabulary.id(of: word) ?? .unknown)
    case .list(let list): list.id(of: word)
    case .union(let union): union.id(of: word)
    }
  }

  /// The word with this id, or nil when there is none; bytes that are no UTF-8 become U+FFFD.
  public func word(_ id: WordID) -> String? {
    bytes(of: id).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of the word with this id, as they were in the text, or nil when there is none.
  public func bytes(of id: WordID) -> [UInt8]? {
    if !contains(id) { return nil }
    return switch source {
    case .vocabulary(let vocabulary): vocabulary.bytes(of: id)
    case .list(let list): list.words[Int(id.rawValue)]
    case .union(let union): union.bytes(of: id)
    }
  }

  /// Whether a word has this id.
  @inline(__always)
  public func contains(_ id: WordID) -> Bool {
    Int(id.rawValue) < count
  }

  /// `id`, or `unknown` when no word has it.
  @inline(__always)
  public func known(_ id: WordID) -> WordID {
    contains(id) ? id : .unknown
  }

  /// Whether both have the same words under the same ids, as far as that is seen at once: from shared vocabularies.
  func isClearlyEqual(to other: Lexicon) -> Bool {
    guard count == other.count, case .vocabulary(let left) = source,
      case .vocabulary(let right) = other.source
    else { return false }
    return left.hasSameWords(as: right)
  }

  /// Looks many words of a text up; memory accesses of a batch overlap.
  ///
  /// - Parameters:
  ///   - words: where the words are.
  ///   - wordCount: how many there are.
  ///   - text: the text, with at least 8 readable bytes after the last word.
  ///   - ids: receives an id for each word; one of `count` or above is an unknown word, too.
  @unsafe
  package func lookUp(
    _ words: borrowing RecordBuffer<WordPlace>,
    count wordCount: Int,
    in text: UnsafeRawPointer,
    into ids: borrowing RecordBuffer<UInt32>
  ) {
    switch source {
    case .vocabulary(let vocabulary):
      unsafe vocabulary.lookUp(words, count: wordCount, in: text, into: ids)
    case .list(let list): unsafe list.lookUp(words, count: wordCount, in: text, into: ids)
    case .union(let union): unsafe union.lookUp(words, count: wordCount, in: text, into: ids)
    }
  }
}

/// A few words in memory, such as names that no model knows.
private final class WordList: Sendable {
  /// The words in id order, the reserved ones first.
  let words: [[UInt8]]
  private let ids: [[UInt8]: UInt32]

  init(_ others: [[UInt8]]) {
    let reserved = [
      ReservedWord.unknown, ReservedWord.beginOfSentence, ReservedWord.endOfSentence,
    ].map { Array($0.utf8) }
    var words: [[UInt8]] = []
    var ids: [[UInt8]: UInt32] = [:]
    for word in reserved + others where ids[word] == nil {
      ids[word] = UInt32(words.count)
      words.append(word)
    }
    self.words = words
    self.ids = ids
  }

  func id(of word: [UInt8]) -> WordID {
    WordID(rawValue: ids[word] ?? WordID.unknown.rawValue)
  }

  @unsafe
  func lookUp(
    _ places: borrowing RecordBuffer<WordPlace>,
    count: Int,
    in text: UnsafeRawPointer,
    into result: borrowing RecordBuffer<UInt32>
  ) {
    for index in 0..<count {
      let place = places[index]
      // SAFETY: the caller's text has the bytes of each word.
      let bytes = unsafe UnsafeRawBufferPointer(
        start: text + Int(place.offset),
        count: Int(place.count)
      )
      result[index] = unsafe id(of: Array(bytes)).rawValue
    }
  }
}
