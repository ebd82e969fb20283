import GramdexCore
import GramdexIndex
import GramdexStorage

/// The words of several lexicons under common ids.
///
/// The words of the first lexicon keep their ids; those that only later ones have follow, in their order.
/// Memory: 8 bytes a word for each lexicon that differs from the first.
final class LexiconUnion: Sendable {
  /// A lexicon and what its ids are in the union.
  struct Part: Sendable {
    let lexicon: Lexicon
    /// For each id of the lexicon that of the union; nil when they are the same.
    let common: [UInt32]?
    /// For each id of the union that of the lexicon, `unknown` where it lacks the word; nil when they are the same.
    let own: [UInt32]?
  }

  /// How many words there are together.
  let count: Int
  /// The lexicons in their order.
  let parts: [Part]

  /// Unites `lexicons`, of which there is at least one.
  ///
  /// Cost: a look-up for each word of a lexicon in those before it, unless its words are those of the first.
  init(_ lexicons: [Lexicon]) {
    var count = lexicons[0].count
    var commons: [[UInt32]?] = [nil]
    for lexicon in lexicons.dropFirst() {
      if lexicon.isClearlyEqual(to: lexicons[0]) {
        commons.append(nil)
        continue
      }
      var common = [UInt32](0..<UInt32(lexicon.count))
      for id in Int(WordID.reservedCount)..<lexicon.count {
        let word = lexicon.bytes(of: WordID(rawValue: UInt32(id))) ?? []
        common[id] =
          Self.id(of: word, lexicons, commons)?.rawValue ?? UInt32(truncatingIfNeeded: count)
        if Int(common[id]) == count { count += 1 }
      }
      commons.append(common)
    }
    self.count = count
    parts = zip(lexicons, commons).map { lexicon, common in
      if common == nil && lexicon.count == count {
        return Part(lexicon: lexicon, common: nil, own: nil)
      }
      var own = [UInt32](repeating: WordID.unknown.rawValue, count: count)
      for id in 0..<lexicon.count { own[Int(common?[id] ?? UInt32(id))] = UInt32(id) }
      return Part(lexicon: lexicon, common: common, own: own)
    }
  }

  /// The common id of a word in those lexicons whose ids are known so far, or nil.
  private static func id(
    of word: [UInt8],
    _ lexicons: [Lexicon],
    _ commons: [[UInt32]?]
  ) -> WordID? {
    for (lexicon, common) in zip(lexicons, commons) {
      let id = lexicon.id(of: word)
      if id != .unknown { return common.map { WordID(rawValue: $0[Int(id.rawValue)]) } ?? id }
    }
    return nil
  }

  /// The common id of a word.
  func id(of word: [UInt8]) -> WordID {
    Self.id(of: word, parts.map(\.lexicon), parts.map(\.common)) ?? .unknown
  }

  /// The bytes of a word of the union.
  func bytes(of id: WordID) -> [UInt8]? {
    for part in parts {
      let own = part.own.map { WordID(rawValue: $0[Int(id.rawValue)]) } ?? id
      if own != .unknown || id == .unknown { return part.lexicon.bytes(of: own) }
    }
    return nil
  }

  /// Looks words up in the first lexicon, and what it does not know in the next one.
  @unsafe
  func lookUp(
    _ words: borrowing RecordBuffer<WordPlace>,
    count wordCount: Int,
    in text: UnsafeRawPointer,
    into ids: borrowing RecordBuffer<UInt32>
  ) {
    let first = parts[0].lexicon
    unsafe first.lookUp(words, count: wordCount, in: text, into: ids)
    var unknown: [Int] = []
    for index in 0..<wordCount {
      ids[index] = first.known(WordID(rawValue: ids[index])).rawValue
      if ids[index] == WordID.unknown.rawValue { unknown.append(index) }
    }
    for part in parts.dropFirst() where !unknown.isEmpty {
      guard let common = part.common else { continue }
      let rest = RecordBuffer<WordPlace>(uninitialized: unknown.count)
      let own = RecordBuffer<UInt32>(uninitialized: unknown.count)
      for (place, index) in unknown.enumerated() { rest[place] = words[index] }
      unsafe part.lexicon.lookUp(rest, count: unknown.count, in: text, into: own)
      for (place, index) in unknown.enumerated() {
        ids[index] = common[Int(part.lexicon.known(WordID(rawValue: own[place])).rawValue)]
      }
      unknown.removeAll { ids[$0] != WordID.unknown.rawValue }
    }
  }
}
