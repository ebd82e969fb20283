package import GramdexCounting
import GramdexStorage

/// The n-grams of one order of an imported model, complete and in context order.
///
/// A tuple is the n-gram's words in context order, then `payloadWidth` values: the bits of the log10
/// probability, the bits of the log10 backoff (−0.0 when nothing follows the n-gram), and 1 for a blank node.
package struct ClosedOrder {
  /// Values of a tuple that are not words.
  package static let payloadWidth = 3
  /// The tuples.
  package let tuples: TupleStore
  /// How many of them are blank nodes.
  package let blankCount: UInt64
  /// How many of them are contexts.
  package let contextCount: UInt64
}

/// Adds the blank nodes that make every n-gram of an ARPA file reachable.
///
/// A query finds w[1] … w[n] by probing w[n], then w[n−1] w[n], and so on, up to the first miss; and its
/// context's backoff is found in the same way. So with an n-gram, the n-gram without its first word and the
/// one without its last word must be there. Where a file lacks one (pruned by entropy, or by hand), a *blank
/// node* takes its place, with the probability that backing off gives anyway and no backoff; it changes
/// no answer, and is not exported.
///
/// First from the highest order down, the n-grams of each order are merged with those that the order above
/// needs (`ClosureStep`). Then from order 2 up, probabilities of blank nodes are computed
/// (`ClosureFilling`); orders without blank nodes are not touched again. Where n-grams were changed or left out,
/// backoffs are computed anew in the same pass (`BackoffRenormalization`).
///
/// Memory: the budget, and 8 bytes a word type. Temporary space: about 4 × (order + 3) bytes an n-gram, twice.
package struct ArpaClosure {
  /// The file's name in messages.
  package let file: String
  package let summary: ArpaSummary
  package let vocabulary: ArpaVocabulary
  package let memoryBudgetBytes: Int
  package let temporaryFolder: String
  /// Whether backoffs are computed anew, so that the probabilities after every context sum to one.
  package let renormalizes: Bool

  /// Makes the closure of a file, or of what another source gave, with this summary and vocabulary.
  package init(
    file: String,
    summary: ArpaSummary,
    vocabulary: ArpaVocabulary,
    memoryBudgetBytes: Int,
    temporaryFolder: String,
    renormalizes: Bool = false
  ) {
    self.file = file
    self.summary = summary
    self.vocabulary = vocabulary
    self.memoryBudgetBytes = memoryBudgetBytes
    self.temporaryFolder = temporaryFolder
    self.renormalizes = renormalizes
  }

  /// Completes the orders from 2 on.
  ///
  /// - Parameters:
  ///   - given: the file's n-grams, element 0 for order 2, in context order, with the payload of `ArpaBatch`.
  ///   - log10Probabilities: of the 1-grams.
  ///   - log10Backoffs: of the 1-grams; −0.0 is put where nothing follows a word.
  ///   - check: called now and then; throws to stop.
  /// - Returns: element 0 for order 2.
  /// - Throws: `ArpaError.duplicate` when an n-gram stands twice in the file.
  package func complete(
    _ given: consuming [TupleStore],
    log10Probabilities: [Float],
    log10Backoffs: inout [Float],
    check: () throws -> Void
  ) throws -> [ClosedOrder] {
    let top = summary.order
    var given = given
    var closed: [ClosedOrder] = []
    // Element 0: backoffs of the contexts of order 3, then 4, and so on.
    var backoffs: [TupleStore] = []
    var needed = emptyStore(keyWidth: top, payloadWidth: 1)
    var missing = emptyStore(keyWidth: top, payloadWidth: 0)
    var isContext = [Bool](repeating: false, count: vocabulary.count)
    for order in stride(from: top, through: 2, by: -1) {
      let step = ClosureStep(closure: self, order: order)
      let result = try step.run(
        given: given.removeLast(),
        lower: given.last,
        needed: needed,
        missing: missing,
        isContext: &isContext,
        check: check
      )
      closed.insert(result.order, at: 0)
      if order < top { backoffs.insert(result.contextBackoffs, at: 0) }
      needed = result.contexts
      missing = result.suffixes
    }
    if renormalizes {
      return try BackoffRenormalization(closure: self).run(
        closed,
        log10Probabilities: log10Probabilities,
        log10Backoffs: &log10Backoffs,
        check: check
      )
    }
    for word in log10Backoffs.indices where log10Backoffs[word] == 0 && !isContext[word] {
      log10Backoffs[word] = -0.0
    }
    for order in 2..<max(top + 1, 2) {
      let filling = ClosureFilling(closure: self, order: order)
      closed[order - 2] = try filling.run(
        closed[order - 2],
        lower: order > 2 ? closed[order - 3].tuples : nil,
        contextBackoffs: order > 2 ? backoffs[order - 3] : nil,
        log10Probabilities: log10Probabilities,
        log10Backoffs: log10Backoffs,
        check: check
      )
    }
    return closed
  }

  func emptyStore(keyWidth: Int, payloadWidth: Int) -> TupleStore {
    TupleStore(
      keyWidth: keyWidth,
      payloadWidth: payloadWidth,
      temporaryFolder: temporaryFolder
    )
  }

  /// A sorter that may use `share` hundredths of the budget.
  func sorter(keyWidth: Int, payloadWidth: Int, share: Int) -> TupleSorter {
    TupleSorter(
      keyWidth: keyWidth,
      payloadWidth: payloadWidth,
      maximumValue: UInt32(vocabulary.count),
      memoryBudgetBytes: memoryBudgetBytes / 100 * share,
      temporaryFolder: temporaryFolder
    )
  }
}
