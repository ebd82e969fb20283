package import GramdexCounting

extension Vocabulary {
  /// A table of all words under their ids, for a text that is counted with them.
  ///
  /// Cost: 24 bytes a word, and the spellings. Throws `TableError.damagedVocabulary`.
  package func table() throws -> WordTable {
    var table = WordTable(words: count)
    for id in 0..<UInt32(count) {
      guard let range = range(of: id) else {
        throw TableError.damagedVocabulary(rule: "the bytes of a word are not where they should be")
      }
      // SAFETY: range(of:) gives ranges within the words' bytes, which eight zero bytes follow.
      let word = unsafe (wordBytes + range.lowerBound).assumingMemoryBound(to: UInt8.self)
      guard unsafe table.insert(word, count: range.count) == id else {
        throw TableError.damagedVocabulary(rule: "a word is there twice, or a reserved one is not")
      }
    }
    return table
  }
}
