package import GramdexCore
package import GramdexScoring
package import GramdexStorage

/// The words of a network, and which words of an index they are.
///
/// Network id 0 is `<unk>`, which stands for all other words; 1 is `</s>`, which also begins sentences, as in RNNLM; then
/// words by descending frequency in the training text, ties by index id. A network keeps its words as strings, so it can be
/// asked through any index; a word that the index lacks has no index id there.
/// Memory: 4 bytes a word of the lexicon and 4 a word of the network.
package final class ShortList: Sendable {
  /// `<unk>`, the network id of every word outside the list.
  package static let unknown: UInt32 = 0
  /// `</s>`, which also stands before the first word of a sentence.
  package static let sentenceEnd: UInt32 = 1
  /// How many network ids are reserved.
  package static let reservedCount = 2
  /// In place of the index id of a word that the lexicon lacks.
  private static let missing = UInt32.max

  /// Words of the network, `<unk>` and `</s>` among them: V.
  package let count: Int
  /// Element i: the network id of the index's word i.
  private let networkIDs: RecordBuffer<UInt32>
  /// Element i: the index id of the network's word i, or `missing`.
  private let indexIDs: RecordBuffer<UInt32>

  /// Bytes of memory that a list needs.
  package static func memoryBytes(lexicon: Lexicon, count: Int) -> Int {
    4 * (lexicon.count + count)
  }

  /// The most frequent words of a text, so many that the network has at most `limit` words, `<unk>` and `</s>` included
  /// (at least those two); all words of the text by default.
  ///
  /// While it runs, memory: 4 bytes more a word of the lexicon.
  package init(of text: TrainingText, limit: Int = .max) {
    let lexiconCount = text.counts.count
    let ranked = RecordBuffer<UInt32>(uninitialized: lexiconCount)
    var seen = 0
    for id in Int(WordID.reservedCount)..<max(lexiconCount, Int(WordID.reservedCount))
    where text.counts[id] > 0 {
      ranked[seen] = UInt32(id)
      seen += 1
    }
    // SAFETY: the first `seen` elements are written.
    var sorted = unsafe UnsafeMutableBufferPointer(start: ranked.pointer, count: seen)
    unsafe sorted.sort { left, right in
      let (a, b) = (text.counts[Int(left)], text.counts[Int(right)])
      return a == b ? left < right : a > b
    }
    let chosen = min(seen, max(limit - Self.reservedCount, 0))
    let indexIDs = RecordBuffer<UInt32>(uninitialized: chosen + Self.reservedCount)
    indexIDs[Int(Self.unknown)] = WordID.unknown.rawValue
    indexIDs[Int(Self.sentenceEnd)] = WordID.endOfSentence.rawValue
    for place in 0..<chosen { indexIDs[Self.reservedCount + place] = ranked[place] }
    networkIDs = Self.inverse(indexIDs, lexiconCount: lexiconCount)
    count = indexIDs.count
    self.indexIDs = indexIDs
  }

  /// The list of a stored network, for the words of `lexicon`.
  ///
  /// - Parameters:
  ///   - words: the network's words in the order of their ids.
  ///   - lexicon: the words of the index.
  ///   - model: the network's name, for messages.
  /// - Throws: `NeuralModelError.damagedWords` when the reserved words do not stand first, or a word occurs twice.
  package init(words: [[UInt8]], lexicon: Lexicon, model: String) throws(NeuralModelError) {
    if let rule = Self.flaw(in: words) { throw .damagedWords(model: model, rule: rule) }
    let indexIDs = RecordBuffer<UInt32>(uninitialized: words.count)
    indexIDs[Int(Self.unknown)] = WordID.unknown.rawValue
    indexIDs[Int(Self.sentenceEnd)] = WordID.endOfSentence.rawValue
    for place in words.indices.dropFirst(Self.reservedCount) {
      let id = lexicon.id(of: words[place])
      indexIDs[place] = id == .unknown ? Self.missing : id.rawValue
    }
    networkIDs = Self.inverse(
      indexIDs,
      lexiconCount: max(lexicon.count, Int(WordID.reservedCount))
    )
    count = words.count
    self.indexIDs = indexIDs
  }

  /// What is wrong with the words of a network, or nil.
  package static func flaw(in words: [[UInt8]]) -> String? {
    let reserved = [ReservedWord.unknown, ReservedWord.endOfSentence].map { Array($0.utf8) }
    if words.count < reservedCount || Array(words.prefix(reservedCount)) != reserved {
      return "the first two are not <unk> and </s>"
    }
    var seen: Set<[UInt8]> = [Array(ReservedWord.beginOfSentence.utf8)]
    for (place, word) in words.enumerated() {
      let text = String(decoding: word, as: UTF8.self)
      if word.isEmpty || word.contains(TextPolicy.lineEnd) { return "word \(place) is no word" }
      if !seen.insert(word).inserted { return "\(text) is no word, or is there twice" }
    }
    return nil
  }

  private static func inverse(
    _ indexIDs: borrowing RecordBuffer<UInt32>,
    lexiconCount: Int
  ) -> RecordBuffer<UInt32> {
    let networkIDs = RecordBuffer<UInt32>(repeating: unknown, count: lexiconCount)
    networkIDs[Int(WordID.beginOfSentence.rawValue)] = sentenceEnd
    for place in 0..<indexIDs.count where indexIDs[place] != missing {
      networkIDs[Int(indexIDs[place])] = UInt32(place)
    }
    return networkIDs
  }

  /// The network's id of an index's word: `unknown` for words outside the list.
  @inline(__always)
  package func networkID(of word: UInt32) -> UInt32 {
    Int(word) < networkIDs.count ? networkIDs[Int(word)] : Self.unknown
  }

  /// The index's id of a network's word; nil when the index lacks it.
  package func indexID(of word: UInt32) -> WordID? {
    let id = indexIDs[Int(word)]
    return id == Self.missing ? nil : WordID(rawValue: id)
  }

  /// Whether an index's word is in the list; `<unk>` is not, `<s>` is (as `</s>`).
  @inline(__always)
  package func contains(_ word: UInt32) -> Bool { networkID(of: word) != Self.unknown }

  /// The words in the order of their network ids, as they are stored.
  ///
  /// - Parameter lexicon: the one that the list was made for.
  /// - Returns: `count` words.
  package func words(in lexicon: Lexicon) -> [[UInt8]] {
    var words = [ReservedWord.unknown, ReservedWord.endOfSentence].map { Array($0.utf8) }
    for place in Self.reservedCount..<max(count, Self.reservedCount) {
      guard let id = indexID(of: UInt32(place)), let word = lexicon.bytes(of: id) else { continue }
      words.append(word)
    }
    return words
  }

  /// How often each of the network's words occurs in a text; all words outside the list are occurrences of `<unk>`.
  ///
  /// Their sum is the text's number of tokens.
  package func frequencies(in text: TrainingText) -> RecordBuffer<UInt64> {
    let frequencies = RecordBuffer<UInt64>(repeating: 0, count: count)
    for id in 0..<text.counts.count where text.counts[id] > 0 {
      let place = Int(networkID(of: UInt32(id)))
      frequencies[place] = frequencies[place] + text.counts[id]
    }
    return frequencies
  }
}
