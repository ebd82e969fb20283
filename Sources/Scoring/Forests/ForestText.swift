import GramdexCore
import GramdexIndex
import GramdexStorage
import GramdexText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Sentences on their way into a forest: text is collected, cut into words as the models' text was, and looked up at once.
///
/// Used by one thread at a time; keeps its memory. Memory: about 20 bytes a byte of text.
final class ForestText {
  private let lexicon: Lexicon
  private let normalizer: TextNormalizer
  private let block = TextBlock(capacity: 0)
  private let scratch = TextBlock(capacity: 0)
  private var finder = WordFinder()
  private var ids = RecordBuffer<UInt32>(uninitialized: 0)
  /// Where the words of each sentence begin, and where the last ones end.
  private var starts: [Int] = [0]
  /// How many words of each sentence are not in the lexicon.
  private(set) var unknownCounts: [Int] = []
  private var distinct = DistinctWords()
  private let planted = PrefixForest()
  private var isPlanted = false

  init(lexicon: Lexicon, tokenizer: TokenizerOptions) {
    self.lexicon = lexicon
    normalizer = TextNormalizer(tokenizer)
  }

  /// How many words sentence `index` has; `<s>` and `</s>` are none.
  func wordCount(_ index: Int) -> Int { starts[index + 1] - starts[index] }

  /// Begins anew.
  func removeAll() {
    block.removeAll()
  }

  /// Adds a sentence; line ends in it are spaces.
  func append(_ sentence: String) {
    var sentence = sentence
    sentence.withUTF8 { unsafe block.appendLine(UnsafeRawBufferPointer($0)) }
  }

  /// Finds the words of the sentences that were added.
  func read() {
    normalizer.normalize(block, scratch: scratch)
    let limit = WordFinder.limit(block)
    if ids.count < limit { ids = RecordBuffer(uninitialized: limit) }
    let (words, lines) = finder.find(in: block)
    // SAFETY: a block has 64 readable bytes after its text.
    unsafe distinct.find(finder.found, count: words, in: block.pointer, into: ids)
    unsafe distinct.lookUp(lexicon, in: block.pointer)
    gather(lines)
    isPlanted = false
  }

  /// The sentences as a forest, made when it is first asked for.
  var forest: PrefixForest {
    if !isPlanted { planted.plant(ids, starts: starts) }
    isPlanted = true
    return planted
  }

  /// log10 P of each sentence by a scorer that needs no forest.
  func sums(_ scorer: any SentenceScorer, after state: AnyModelState) -> [Double] {
    scorer.sums(ids, starts: starts, after: state)
  }

  /// Leaves sentence marks out and gives words that nobody knows the unknown word's id.
  private func gather(_ lines: Int) {
    starts.removeAll(keepingCapacity: true)
    starts.append(0)
    unknownCounts.removeAll(keepingCapacity: true)
    var word = 0
    var kept = 0
    for line in 0..<lines {
      let end = Int(finder.lineEnds[line])
      let unknown = distinct.translate(ids, word..<max(end, word), to: &kept, lexicon.count)
      word = max(end, word)
      starts.append(kept)
      unknownCounts.append(unknown)
    }
  }
}

/// The distinct words of a text, each of which is looked up once.
private struct DistinctWords: ~Copyable {
  /// An element of the table.
  private struct Slot: BitwiseCopyable {
    /// The bytes of a word of up to 8, or the hash of a longer one.
    var key: UInt64
    var number: UInt32
    /// Which text it belongs to, counted over all.
    var stamp: UInt32
  }

  private var slots = RecordBuffer<Slot>(repeating: Slot(key: 0, number: 0, stamp: 0), count: 4096)
  private var stamp: UInt32 = 0
  private var places = RecordBuffer<WordPlace>(uninitialized: 2048)
  private var ids = RecordBuffer<UInt32>(uninitialized: 2048)
  private var count = 0

  /// Gives each word the number of its distinct word.
  @unsafe
  mutating func find(
    _ words: borrowing RecordBuffer<WordPlace>,
    count wordCount: Int,
    in text: UnsafePointer<UInt8>,
    into numbers: borrowing RecordBuffer<UInt32>
  ) {
    count = 0
    begin()
    var next = 0
    while next < wordCount {
      next = unsafe Self.find(
        words,
        next..<wordCount,
        text,
        numbers,
        slots,
        stamp,
        places,
        &count
      )
      if next < wordCount { unsafe grow(text) }
    }
  }

  private mutating func begin() {
    if stamp == .max {
      for slot in 0..<slots.count { slots[slot].stamp = 0 }
      stamp = 0
    }
    stamp += 1
  }

  /// Makes the table twice as large.
  @unsafe
  private mutating func grow(_ text: UnsafePointer<UInt8>) {
    let empty = Slot(key: 0, number: 0, stamp: 0)
    let old = stamp
    let larger = RecordBuffer(repeating: empty, count: 2 * slots.count)
    for place in 0..<slots.count where slots[place].stamp == old {
      var home = Self.home(slots[place].key, larger.count - 1)
      while larger[home].stamp == old { home = (home + 1) & (larger.count - 1) }
      larger[home] = slots[place]
    }
    slots = larger
    places.grow(to: slots.count / 2)
    ids.grow(to: slots.count / 2)
  }

  /// Numbers words until the table is half full; returns the first word without a number.
  @unsafe
  private static func find(
    _ words: borrowing RecordBuffer<WordPlace>,
    _ range: Range<Int>,
    _ text: UnsafePointer<UInt8>,
    _ numbers: borrowing RecordBuffer<UInt32>,
    _ slots: borrowing RecordBuffer<Slot>,
    _ stamp: UInt32,
    _ places: borrowing RecordBuffer<WordPlace>,
    _ count: inout Int
  ) -> Int {
    let mask = slots.count - 1
    for index in range {
      let place = words[index]
      let start = unsafe UnsafeRawPointer(text + Int(place.offset))
      let isShort = place.count <= 8
      // SAFETY: 64 bytes after the text are readable.
      let key: UInt64
      if isShort {
        let bytes = unsafe start.loadUnaligned(as: UInt64.self).littleEndian
        key = bytes & (UInt64.max >> (64 - 8 * UInt64(place.count)))
      } else {
        key = unsafe hash(start, Int(place.count))
      }
      var slot = home(key, mask)
      while true {
        let found = slots[slot]
        if found.stamp != stamp {
          if count == places.count { return index }
          slots[slot] = Slot(key: key, number: UInt32(count), stamp: stamp)
          places[count] = place
          numbers[index] = UInt32(count)
          count += 1
          break
        }
        if found.key == key,
          unsafe isSame(place, places[Int(found.number)], text, isShort: isShort)
        {
          numbers[index] = found.number
          break
        }
        slot = (slot + 1) & mask
      }
    }
    return range.upperBound
  }

  @inline(__always)
  private static func home(_ key: UInt64, _ mask: Int) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
  }

  /// A hash of more than 8 bytes.
  @unsafe
  private static func hash(_ start: UnsafeRawPointer, _ count: Int) -> UInt64 {
    var hash = UInt64(count)
    var offset = 0
    while offset < count {
      // The last bytes are read from the end back, so that nothing behind the word is.
      let place = min(offset, count - 8)
      let bytes = unsafe (start + place).loadUnaligned(as: UInt64.self)
      hash = (hash ^ bytes) &* 0xD6E8_FEB8_6659_FD93
      hash ^= hash >> 32
      offset += 8
    }
    return hash
  }

  /// Whether two words with one key are the same.
  @inline(__always)
  @unsafe
  private static func isSame(
    _ word: WordPlace,
    _ other: WordPlace,
    _ text: UnsafePointer<UInt8>,
    isShort: Bool
  ) -> Bool {
    // Words have no zero bytes, so that short ones are their keys.
    if isShort { return other.count <= 8 }
    return unsafe word.count == other.count
      && memcmp(text + Int(word.offset), text + Int(other.offset), Int(word.count)) == 0
  }

  /// Looks the distinct words up.
  @unsafe
  func lookUp(_ lexicon: Lexicon, in text: UnsafePointer<UInt8>) {
    unsafe lexicon.lookUp(places, count: count, in: text, into: ids)
  }

  /// Turns the numbers of a sentence's words into ids, without sentence marks.
  ///
  /// - Returns: how many of them nobody knows.
  func translate(
    _ numbers: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    to kept: inout Int,
    _ known: Int
  ) -> Int {
    Self.translate(ids, numbers, range, to: &kept, known)
  }

  private static func translate(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ numbers: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    to kept: inout Int,
    _ known: Int
  ) -> Int {
    let (unknownID, begin, end) = (
      WordID.unknown.rawValue, WordID.beginOfSentence.rawValue, WordID.endOfSentence.rawValue
    )
    var unknown = 0
    for place in range {
      let id = ids[Int(numbers[place])]
      if id == begin || id == end { continue }
      let isKnown = Int(id) < known && id != unknownID
      numbers[kept] = isKnown ? id : unknownID
      unknown += isKnown ? 0 : 1
      kept += 1
    }
    return unknown
  }
}
