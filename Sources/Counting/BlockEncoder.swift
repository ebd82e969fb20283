import GramdexCore
import GramdexStorage
import GramdexText

/// One thread's part of reading a corpus: a block of text becomes ids.
///
/// Words that the table does not know yet get a mark, and their place is kept for `forEachNewWord`.
struct BlockEncoder: ~Copyable {
  /// A word that was not in the table when the block was read.
  private struct NewWord: BitwiseCopyable {
    var position: UInt32
    var offset: UInt32
    var length: UInt32
  }

  private let normalizer: TextNormalizer
  private let convention: TextConvention
  private let isClosed: Bool
  private let weights: TextWeights
  private let inputs: TextInputs
  private let hashesWords: Bool
  /// The hash of each word's spelling, where it is asked for.
  private var wordHashes = RecordBuffer<UInt64>(uninitialized: 0)
  /// The weight of each line that ends in a sentence, nil where the line began in an earlier block; then that of the line
  /// that the block ends within.
  private var sentenceWeights: [UInt32?] = []
  private let scratch = TextBlock(capacity: 0)
  private var block: TextBlock?
  private var ids = RecordBuffer<UInt32>(uninitialized: 0)
  private var newWords = RecordBuffer<NewWord>(uninitialized: 1024)
  private var newWordCount = 0
  /// Ids written.
  private(set) var idCount = 0
  /// Whether the first id is a sentence's end without a word in this block.
  private(set) var startsWithSentenceEnd = false
  /// Reserved words of this block.
  private(set) var reserved = ReservedWordCounts()
  /// What was odd in all blocks so far.
  private(set) var statistics = TextStatistics()

  init(
    normalizer: TextNormalizer,
    convention: TextConvention,
    isClosed: Bool,
    weights: TextWeights,
    inputs: TextInputs,
    hashesWords: Bool
  ) {
    self.normalizer = normalizer
    self.convention = convention
    self.isClosed = isClosed
    self.weights = weights
    self.inputs = inputs
    self.hashesWords = hashesWords
  }

  /// The number of the block that was encoded, nil when there is none.
  var blockNumber: Int? { block?.number }

  /// Whether the block goes on with a line that began in the block before.
  var continuesLine: Bool { block.map { !$0.startsLine } ?? false }

  /// The block that was encoded.
  var currentBlock: TextBlock? { block }

  @inline(__always)
  func id(at index: Int) -> UInt32 { ids[index] }

  /// The hash of the spelling of the word at `index`.
  @inline(__always)
  func wordHash(at index: Int) -> UInt64 { wordHashes[index] }

  /// The weight of the block's sentence of this number, from 0 on; nil when an earlier block has it, or nobody.
  func weight(ofSentence number: Int) -> UInt32? {
    number < sentenceWeights.count ? sentenceWeights[number] : nil
  }

  /// The first id; valid until the next block.
  @unsafe
  var idPointer: UnsafePointer<UInt32> { unsafe UnsafePointer(ids.pointer) }

  /// Forgets the block of the round before.
  mutating func clear() {
    block = nil
    idCount = 0
    newWordCount = 0
  }

  /// Turns `block` into ids.
  mutating func encode(_ block: TextBlock, _ table: borrowing WordTable) throws {
    try encode(block, table, RecordBuffer(uninitialized: 0))
  }

  /// Turns `block` into ids; an id below the number of `replacements` becomes the one that stands for it.
  mutating func encode(
    _ block: TextBlock,
    _ table: borrowing WordTable,
    _ replacements: borrowing RecordBuffer<UInt32>
  ) throws {
    let lineWeights = try weights.take(from: block, inputs)
    sentenceWeights.removeAll(keepingCapacity: true)
    statistics.add(TextStatistics(block))
    normalizer.normalize(block, scratch: scratch)
    self.block = block
    if ids.count < block.count + 2 {
      ids = RecordBuffer(uninitialized: block.count + block.count / 4 + 2)
    }
    if hashesWords && wordHashes.count < ids.count {
      wordHashes = RecordBuffer(uninitialized: ids.count)
    }
    reserved = ReservedWordCounts()
    newWordCount = 0
    var count = 0
    var line = 0
    // A continued line has its first words in the block before; whether it had any is checked there.
    var hasWords = !block.startsLine
    startsWithSentenceEnd = false
    let isLmplz = convention == .lmplz
    let unknown = WordID.unknown.rawValue
    // SAFETY: the block is followed by 64 zero bytes; offsets are within it.
    let text = unsafe block.pointer
    unsafe TokenScanner.scan(text, count: block.count) { offset, length in
      var id = unsafe table.find(text + offset, count: length)
      if id <= WordID.endOfSentence.rawValue {
        guard id == unknown else {
          if id == WordID.beginOfSentence.rawValue {
            reserved.beginOfSentence &+= 1
          } else {
            reserved.endOfSentence &+= 1
          }
          return
        }
        reserved.unknown &+= 1
        if isLmplz { return }
      } else if id == WordTable.notFound {
        if isClosed {
          id = unknown
        } else {
          addNewWord(position: count, offset: offset, length: length)
        }
      }
      ids[count] = id
      if hashesWords { wordHashes[count] = unsafe WordTable.hash(text + offset, count: length) }
      count &+= 1
      hasWords = true
    } lineEnd: { _ in
      if hasWords || isLmplz {
        if count == 0 { startsWithSentenceEnd = !isLmplz }
        ids[count] = WordID.endOfSentence.rawValue
        count &+= 1
        if line < lineWeights.count { sentenceWeights.append(lineWeights[line]) }
      }
      hasWords = false
      line &+= 1
    }
    if line < lineWeights.count { sentenceWeights.append(lineWeights[line]) }
    idCount = count
    if replacements.count == 0 { return }
    for index in 0..<count {
      let id = Int(truncatingIfNeeded: ids[index])
      if id < replacements.count { ids[index] = replacements[id] }
    }
  }

  @inline(never)
  private mutating func addNewWord(position: Int, offset: Int, length: Int) {
    if newWordCount == newWords.count {
      let larger = RecordBuffer<NewWord>(uninitialized: newWords.count * 2)
      // SAFETY: the larger buffer holds all that are there.
      unsafe larger.pointer.update(from: newWords.pointer, count: newWordCount)
      newWords = larger
    }
    newWords[newWordCount] = NewWord(
      position: UInt32(truncatingIfNeeded: position),
      offset: UInt32(truncatingIfNeeded: offset),
      length: UInt32(truncatingIfNeeded: length)
    )
    newWordCount += 1
  }

  /// Calls `insert` with every new word in order; the id it returns replaces the mark.
  func forEachNewWord(_ insert: (UnsafePointer<UInt8>, Int) throws -> UInt32) rethrows {
    guard let block else { return }
    for i in 0..<newWordCount {
      let word = newWords[i]
      // SAFETY: offset and length were found in this block.
      ids[Int(word.position)] = try unsafe insert(
        block.pointer + Int(word.offset),
        Int(word.length)
      )
    }
  }
}
