import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// Reads the chosen n-grams of a listed model as an import reads an ARPA file's.
///
/// N-grams come in context order and words keep their order, so nothing is sorted.
struct ListedReading {
  let model: ListedModel
  /// The words that the new model has, ascending by id; nil for all.
  let keptWords: [UInt32]?
  /// The highest order to read.
  let order: Int
  let temporaryFolder: String
  let cancellation: Cancellation
  let stage: JobStage
  /// The new id of each word, `.max` for one that is left out; empty when all are kept.
  private let renumbering: [UInt32]

  init(
    model: ListedModel,
    keptWords: [UInt32]? = nil,
    order: Int? = nil,
    temporaryFolder: String,
    cancellation: Cancellation,
    stage: JobStage
  ) {
    self.model = model
    self.keptWords = keptWords
    self.order = min(order ?? model.order, model.order)
    self.temporaryFolder = temporaryFolder
    self.cancellation = cancellation
    self.stage = stage
    var renumbering: [UInt32] = []
    if let keptWords {
      renumbering = [UInt32](repeating: .max, count: model.vocabularySize)
      for (id, word) in keptWords.enumerated() { renumbering[Int(word)] = UInt32(id) }
    }
    self.renumbering = renumbering
  }

  /// Reads all orders.
  ///
  /// - Parameters:
  ///   - renormalizes: whether backoffs are to be computed anew; then also the probability of words that are left out
  ///     becomes that of `<unk>`.
  ///   - choose: what stands in the last place of each n-gram's tuple, nil for those that are left out.
  /// - Returns: the words and the chosen n-grams.
  /// - Throws: `ExportError.damaged`, errors of temporary files, `Interrupted`, and what `choose` throws.
  func read(
    renormalizes: Bool,
    choose: (ListedContext) throws -> [Float?]
  ) throws -> ScoredModel {
    var scored = try words(renormalizes: renormalizes)
    let total = model.ngrams.prefix(order).reduce(0, +)
    var done = model.ngrams[0]
    for order in 2..<max(order + 1, 2) {
      stage.report(done, of: total)
      scored.given.append(try store(order: order, choose: choose))
      done += model.ngrams[order - 1]
    }
    stage.report(total, of: total)
    scored.summary = ArpaSummary(
      ngrams: [UInt64(scored.vocabulary.count)] + scored.given.map(\.count)
    )
    return scored
  }

  /// The words and 1-grams.
  private func words(renormalizes: Bool) throws -> ScoredModel {
    var scored = ScoredModel(
      name: model.path,
      summary: ArpaSummary(ngrams: [0]),
      renormalizes: renormalizes,
      vocabulary: ArpaVocabulary(joinsCapitalUnknown: false),
      log10Probabilities: [],
      log10Backoffs: [],
      given: []
    )
    var others = 0.0
    for word in 0..<UInt32(model.vocabularySize) {
      if word % 65_536 == 0 { try cancellation.check() }
      guard let scores = model.tables.unigram(WordID(rawValue: word)),
        scores.probability.isFinite, scores.backoff.isFinite
      else { throw damagedWords }
      if !renumbering.isEmpty && renumbering[Int(word)] == .max {
        others += DecimalLogarithm.power(Double(scores.probability))
        continue
      }
      let id = model.words.insert(word: word, into: &scored.vocabulary)
      guard id.map(Int.init) == scored.log10Probabilities.count else { throw damagedWords }
      let isBegin = word == WordID.beginOfSentence.rawValue
      scored.log10Probabilities.append(isBegin ? -99 : min(scores.probability, 0))
      // +0: −0.0 would say that nothing follows, which is found anew.
      scored.log10Backoffs.append(scores.backoff + 0)
    }
    if renormalizes && others > 0 {
      let unknown = Int(WordID.unknown.rawValue)
      let sum = DecimalLogarithm.power(Double(scored.log10Probabilities[unknown])) + others
      scored.log10Probabilities[unknown] = Float(min(DecimalLogarithm.logarithm(sum), 0))
    }
    scored.classed = try model.memberships.map {
      try ClassedImport(scored.vocabulary, $0, of: model.vocabulary)
    }
    return scored
  }

  private var damagedWords: ExportError {
    .damaged(index: model.path, reason: "a word or its score cannot be read")
  }

  /// The chosen n-grams of an order, at least 2.
  private func store(
    order: Int,
    choose: (ListedContext) throws -> [Float?]
  ) throws -> TupleStore {
    var writer = TupleWriter(
      keyWidth: order,
      payloadWidth: ArpaBatch.payloadWidth,
      temporaryFolder: temporaryFolder
    )
    var tuple = [UInt32](repeating: 0, count: order + ArpaBatch.payloadWidth)
    var last: [UInt32] = []
    try model.forEachContext(order: order, cancellation: cancellation) { context in
      // What follows relies on the order, and reads counts that may be damaged.
      if !last.reversed().lexicographicallyPrecedes(context.words.reversed()) {
        throw ExportError.damaged(index: model.path, reason: "its n-grams are out of order")
      }
      last = context.words
      for place in 0..<(order - 1) {
        let word = newID(context.words[order - 2 - place])
        if word == .max { return }
        tuple[place] = word
      }
      let values = try choose(context)
      for (ngram, value) in zip(context.ngrams, values) {
        guard let value else { continue }
        let word = newID(ngram.word)
        if word == .max { continue }
        tuple[order - 1] = word
        tuple[order] = ngram.log10Probability.bitPattern
        tuple[order + 1] = (ngram.log10Backoff + 0).bitPattern
        tuple[order + 2] = value.bitPattern
        try writer.append(tuple.span)
      }
    }
    return try writer.finish()
  }

  private func newID(_ word: UInt32) -> UInt32 {
    renumbering.isEmpty ? word : renumbering[Int(word)]
  }
}
