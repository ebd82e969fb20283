import GramdexCore
import GramdexCounting
import GramdexStorage

/// Notes in which sentences words occur, sentence by sentence, within a memory budget.
///
/// Pairs of a word and a sentence's number are sorted in memory and in temporary files, 8 bytes a pair.
struct WordOccurrencesWriter: ~Copyable {
  private let vocabularySize: Int
  private let temporaryFolder: String
  private var sorter: TupleSorter
  private var sentences: UInt64 = 0

  /// Notes occurrences of words with ids below `vocabularySize`, with files in `temporaryFolder`, which must exist.
  init(vocabularySize: Int, memoryBudgetBytes: Int, temporaryFolder: String) {
    self.vocabularySize = vocabularySize
    self.temporaryFolder = temporaryFolder
    sorter = TupleSorter(
      keyWidth: 2,
      payloadWidth: 0,
      memoryBudgetBytes: memoryBudgetBytes,
      temporaryFolder: temporaryFolder
    )
  }

  /// Notes the words of the next sentence, each of which stands once.
  mutating func append(_ sentence: [UInt32]) throws {
    // Beyond 2³² sentences the last ones count as one, which only keeps more n-grams.
    let number = UInt32(clamping: sentences)
    sentences += 1
    var pairs: [UInt32] = []
    pairs.reserveCapacity(2 * sentence.count)
    for word in sentence
    where word >= UInt32(WordID.reservedCount) && Int(word) < vocabularySize {
      pairs += [word, number]
    }
    try sorter.append(pairs.span)
  }

  /// Ends the text; contexts that are asked for then have at most `contextWords` words, with ids below `vocabularySize`.
  consuming func finish(contextWords: Int) throws -> WordOccurrences {
    let (folder, vocabularySize) = (temporaryFolder, vocabularySize)
    return try WordOccurrences(
      sorter.finish(),
      vocabularySize: vocabularySize,
      contextWords: contextWords,
      temporaryFolder: folder
    )
  }
}

/// In which sentences of a text each word occurs.
///
/// `<unk>`, `<s>` and `</s>` count as words of every sentence.
/// Memory: 8 bytes a word of the vocabulary. Temporary files: 4 bytes for each word of each sentence, and 4 for each
/// sentence of the most frequent word and word of a context.
struct WordOccurrences {
  /// A set of sentences: ascending numbers at some places.
  fileprivate struct List {
    let numbers: MappedNumbers
    let places: Range<Int>

    var count: Int { places.count }
    subscript(_ number: Int) -> UInt32 { numbers[places.lowerBound + number] }
  }

  /// A set of sentences; what a context has is valid until another context is asked for.
  struct Sentences {
    fileprivate enum Choice {
      case all
      case some(List)
    }

    fileprivate let choice: Choice
  }

  /// The words that occur, ascending.
  let words: [UInt32]
  /// The most that temporary files took.
  let temporaryBytes: Int64
  /// The sentences of each word, one word after the other; those of word w are at `starts[w]` ..< `starts[w + 1]`.
  private let numbers: MappedNumbers
  private let starts: [Int]
  /// Room for the sentences with the last words of a context: element k for the last k + 2.
  private let rooms: [MappedNumbers]
  /// The context asked for last, most recent word first, and for each of its ends the sentences with all its words.
  private var context: [UInt32] = []
  private var ends: [Sentences.Choice] = []

  /// Takes sorted pairs of word and sentence.
  fileprivate init(
    _ pairs: TupleStore,
    vocabularySize: Int,
    contextWords: Int,
    temporaryFolder: String
  ) throws {
    let numbers = try MappedNumbers(count: Int(clamping: pairs.count), folder: temporaryFolder)
    var starts = [Int](repeating: 0, count: vocabularySize + 1)
    var words: [UInt32] = []
    var reader = TupleReader(pairs)
    let buffer = RecordBuffer<UInt32>(uninitialized: 2 << 12)
    var place = 0
    while true {
      let count = reader.read(into: buffer)
      if count == 0 { break }
      for pair in 0..<count {
        let word = buffer[2 * pair]
        precondition(Int(word) < vocabularySize, "words have ids below the vocabulary's size")
        if words.last != word { words.append(word) }
        numbers[place] = buffer[2 * pair + 1]
        place += 1
        starts[Int(word) + 1] = place
      }
    }
    for word in 0..<vocabularySize { starts[word + 1] = max(starts[word + 1], starts[word]) }
    let longest = zip(starts, starts.dropFirst()).reduce(0) { max($0, $1.1 - $1.0) }
    rooms = try (0..<max(contextWords - 1, 0)).map { _ in
      try MappedNumbers(count: longest, folder: temporaryFolder)
    }
    temporaryBytes =
      numbers.fileBytes + max(pairs.temporaryBytes, rooms.map(\.fileBytes).reduce(0, +))
    self.numbers = numbers
    self.starts = starts
    self.words = words
  }

  private func sentences(with word: UInt32) -> List {
    List(numbers: numbers, places: starts[Int(word)]..<starts[Int(word) + 1])
  }

  /// The sentences in which all words of a context, oldest first, occur.
  ///
  /// What the context has in common with the one before, in context order most of it, is not looked for again.
  mutating func sentences(withAll words: [UInt32]) -> Sentences {
    var known = 0
    for (old, new) in zip(context, words.reversed()) {
      if old != new { break }
      known += 1
    }
    context.removeSubrange(known...)
    ends.removeSubrange(known...)
    for word in words.reversed().dropFirst(known) {
      context.append(word)
      ends.append(add(word, to: ends.last ?? .all))
    }
    return Sentences(choice: ends.last ?? .all)
  }

  private func add(_ word: UInt32, to common: Sentences.Choice) -> Sentences.Choice {
    if word < UInt32(WordID.reservedCount) { return common }
    let own = sentences(with: word)
    guard case .some(let others) = common else { return .some(own) }
    let room = rooms[context.count - 2]
    var count = 0
    Self.forEachCommon(others, own) { number in
      room[count] = number
      count += 1
      return true
    }
    return .some(List(numbers: room, places: 0..<count))
  }

  /// Whether `word` occurs in one of `sentences`.
  func has(_ word: UInt32, in sentences: Sentences) -> Bool {
    let isReserved = word < UInt32(WordID.reservedCount)
    switch sentences.choice {
    case .all: return isReserved || self.sentences(with: word).count > 0
    case .some(let list):
      if isReserved || list.count == 0 { return list.count > 0 }
      var isFound = false
      Self.forEachCommon(list, self.sentences(with: word)) { _ in
        isFound = true
        return false
      }
      return isFound
    }
  }

  /// Calls `body` with the numbers that two ascending lists have in common, ascending, until it returns false.
  ///
  /// Cost: the shorter list times the logarithm of the longer one.
  private static func forEachCommon(_ left: List, _ right: List, _ body: (UInt32) -> Bool) {
    let (short, long) = left.count < right.count ? (left, right) : (right, left)
    var start = 0
    for index in 0..<short.count {
      let number = short[index]
      var low = start
      var high = long.count
      while low < high {
        let middle = (low + high) / 2
        if long[middle] < number { low = middle + 1 } else { high = middle }
      }
      if low == long.count { return }
      start = low
      if long[low] == number && !body(number) { return }
    }
  }
}
