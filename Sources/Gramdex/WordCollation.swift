import GramdexIndex
import GramdexStorage

/// The words of a vocabulary in the order in which `LC_ALL=C sort` puts lines that hold them.
///
/// A word inside an n-gram is followed by a space and the last one by a tab, and bytes below those may be part of words,
/// so a word has a place of its own as the last one. No word has a space or a tab, so comparing places one after the
/// other compares the lines.
struct WordCollation: ~Copyable {
  /// Memory for each word, with a list of words to sort.
  static let bytesAWord = 20

  /// The number of words.
  var count: Int { places.count }
  private let places: RecordBuffer<UInt32>
  private let words: RecordBuffer<UInt32>
  /// The place of each word among those that end an n-gram.
  let lastPlaces: RecordBuffer<UInt32>
  /// The words that end an n-gram, by place.
  let lastWords: RecordBuffer<UInt32>

  /// Sorts the first `count` words of `vocabulary`.
  init(_ vocabulary: Vocabulary, count: Int) {
    words = RecordBuffer(uninitialized: count)
    lastWords = RecordBuffer(uninitialized: count)
    for word in 0..<count { words[word] = UInt32(word) }
    Self.sort(words, vocabulary, end: 0x20)
    // Most often the order is the same, which sorting finds at once.
    for place in 0..<count { lastWords[place] = words[place] }
    Self.sort(lastWords, vocabulary, end: 0x09)
    places = Self.inverse(words)
    lastPlaces = Self.inverse(lastWords)
  }

  /// The place of a word, which must be below `count`.
  func place(_ word: UInt32, isLast: Bool) -> UInt32 {
    isLast ? lastPlaces[Int(word)] : places[Int(word)]
  }

  /// The word at a place.
  func word(_ place: UInt32, isLast: Bool) -> UInt32 {
    isLast ? lastWords[Int(place)] : words[Int(place)]
  }

  private static func sort(
    _ words: borrowing RecordBuffer<UInt32>,
    _ vocabulary: Vocabulary,
    end: UInt8
  ) {
    // SAFETY: the buffer has `count` initialized elements.
    var order = unsafe UnsafeMutableBufferPointer(start: words.pointer, count: words.count)
    unsafe order.sort { vocabulary.precedes($0, $1, end: end) }
  }

  private static func inverse(_ words: borrowing RecordBuffer<UInt32>) -> RecordBuffer<UInt32> {
    let places = RecordBuffer<UInt32>(uninitialized: words.count)
    for place in 0..<words.count { places[Int(words[place])] = UInt32(place) }
    return places
  }
}
