public import GramdexCore
package import GramdexIndex
package import GramdexStorage

/// The words that a model knows, with ids from 0 on, `unknown` for all others.
///
/// A vocabulary can hold words that a model left out; a lexicon does not.
public struct Lexicon: Sendable {
  /// Words, the reserved ones included; the ids are 0 ..< count.
  public let count: Int
  private let vocabulary: Vocabulary

  /// The first `count` words of `vocabulary`.
  package init(_ vocabulary: Vocabulary, count: Int) {
    self.vocabulary = vocabulary
    self.count = min(count, vocabulary.count)
  }

  /// The id of `word`, `unknown` when the model does not know it.
  public func id(of word: String) -> WordID {
    known(vocabulary.id(of: word) ?? .unknown)
  }

  /// The word with this id, or nil when there is none; bytes that are no UTF-8 become U+FFFD.
  public func word(_ id: WordID) -> String? {
    bytes(of: id).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of the word with this id, as they were in the text, or nil when there is none.
  public func bytes(of id: WordID) -> [UInt8]? {
    contains(id) ? vocabulary.bytes(of: id) : nil
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
    unsafe vocabulary.lookUp(words, count: wordCount, in: text, into: ids)
  }
}
