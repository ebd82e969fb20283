/// A failure to build or to read score tables or a vocabulary.
package enum TableError: Error, Equatable, Sendable {
  /// A backoff weight belongs to an n-gram that has no probability: a fault of the stage before.
  case backoffWithoutProbability(order: Int)
  /// Two n-grams of an order have the same 64-bit hash, or an n-gram came twice.
  case equalHashes(order: Int)
  /// A record was scattered to the wrong chunk, or the target has the wrong size: a fault of the caller.
  case wrongChunk(order: Int, chunk: Int)
  /// A chunk of an unfinished build, found whole before, is whole no longer.
  case lostChunk(chunk: Int)
  /// A word came twice.
  case duplicateWord(id: UInt32)
  /// More words or bytes than the format can number.
  case vocabularyTooLarge(words: Int)
  /// A part of the stored vocabulary breaks a rule of the format.
  case damagedVocabulary(rule: String)
  /// A part of the stored score tables breaks a rule of the format; order 0 is the model's header.
  case damagedScores(order: Int, rule: String)
  /// The scores were written in another version of the format.
  case otherVersion(found: UInt32, supported: UInt32)
  /// The directory of the stored counts breaks a rule of the format.
  case damagedCounts(rule: String)
}

extension TableError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .backoffWithoutProbability(let order):
      """
      internal error: a backoff weight of order \(order) belongs to no stored n-gram; \
      please report this with the command and the text that led to it
      """
    case .equalHashes(let order):
      """
      two n-grams of order \(order) have equal 64-bit hashes, or one n-gram came twice; \
      remove duplicates from the input, or build with another order
      """
    case .wrongChunk(let order, let chunk):
      """
      internal error: records for chunk \(chunk) of order \(order) do not fit it; \
      please report this with the command and the text that led to it
      """
    case .lostChunk(let chunk):
      "chunk \(chunk) of the unfinished build changed while it was read; run the build again"
    case .duplicateWord(let id):
      "word \(id) of the vocabulary equals an earlier one; remove the duplicate"
    case .vocabularyTooLarge(let words):
      "a vocabulary of \(words) words is too large; at most 4294967294 words can be stored"
    case .damagedVocabulary(let rule):
      """
      the stored vocabulary is damaged: \(rule); \
      run `gramdex verify`, then restore the index from a copy or build it again
      """
    case .damagedScores(let order, let rule):
      """
      the stored scores are damaged: order \(order): \(rule); \
      run `gramdex verify`, then restore the index from a copy or build it again
      """
    case .otherVersion(let found, let supported):
      """
      the scores are stored in version \(found) of their format, and this program reads \
      version \(supported); build the index again, or use the program that wrote it
      """
    case .damagedCounts(let rule):
      """
      the stored counts are damaged: \(rule); \
      run `gramdex verify`, then restore the index from a copy or build it again
      """
    }
  }
}
