import Foundation
import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexScoring
import GramdexStorage

/// The part of a verification that looks at one model's meaning, after its bytes were found undamaged.
struct ModelCheck {
  let entry: ModelEntry
  let file: TableFile
  let tokenizer: TokenizerOptions
  let observer: any ProgressObserver
  let cancellation: Cancellation
  private var done: UInt64 = 0

  /// How far a sum of probabilities may be from 1: single precision, added over a large vocabulary.
  private static let tolerance = 1e-4
  /// About how many probabilities are added up for each order.
  private static let wordsPerOrder = 2_000_000

  init(
    entry: ModelEntry,
    file: TableFile,
    tokenizer: TokenizerOptions,
    observer: any ProgressObserver,
    cancellation: Cancellation
  ) {
    self.entry = entry
    self.file = file
    self.tokenizer = tokenizer
    self.observer = observer
    self.cancellation = cancellation
  }

  /// Checks vocabulary, order of records, and sums; adds what is wrong to `report`.
  mutating func run(_ report: inout VerificationReport) throws {
    let model = try NGramModel(file: file, model: entry.name, tokenizer: tokenizer)
    try checkWords(model.vocabulary, &report)
    if !isListed(model.ngramCounts) {
      report.problems.append("\(file.path): model \(entry.name) is not the one in the manifest")
      return
    }
    var contexts: [[UInt32]] = [[], [WordID.beginOfSentence.rawValue]]
    if let counts = try CountStore(file), counts.directory.order > 1 {
      for order in 2...counts.directory.order {
        contexts += try checkOrder(order, counts, model, &report)
      }
    }
    if sumsToOne { try checkSums(contexts, model, &report) }
  }

  /// Whether tables of so many n-grams are those of the manifest, which does not count an import's blank nodes.
  private func isListed(_ ngramCounts: [UInt64]) -> Bool {
    if entry.source == .text { return ngramCounts == entry.ngrams }
    return ngramCounts.first == entry.ngrams.first && ngramCounts.count == entry.ngrams.count
      && zip(ngramCounts, entry.ngrams).allSatisfy { $0 >= $1 }
  }

  /// Whether probabilities are expected to sum to 1: not where codes or others' numbers are stored.
  private var sumsToOne: Bool {
    entry.source == .text && entry.layout == .exact
      && (entry.smoothingOptions?.vocabularyPadding ?? 0) == 0
  }

  private func checkWords(
    _ vocabulary: Vocabulary,
    _ report: inout VerificationReport
  ) throws {
    for id in 0..<UInt32(vocabulary.count) {
      let id = WordID(rawValue: id)
      if id.rawValue % 65_536 == 0 { try cancellation.check() }
      guard let bytes = vocabulary.bytes(of: id), vocabulary.id(of: bytes) == id else {
        report.problems.append("\(file.path): word \(id.rawValue) is not found by its spelling")
        continue
      }
      report.words += 1
    }
    let reserved = [
      ReservedWord.unknown, ReservedWord.beginOfSentence, ReservedWord.endOfSentence,
    ]
    for (id, word) in reserved.enumerated() where vocabulary.id(of: word)?.rawValue != UInt32(id) {
      report.problems.append("\(file.path): \(word) is not word \(id)")
    }
  }

  /// Walks all n-grams of an order, which checks that they ascend, and counts them; returns some of their contexts.
  private mutating func checkOrder(
    _ order: Int,
    _ counts: CountStore,
    _ model: NGramModel,
    _ report: inout VerificationReport
  ) throws -> [[UInt32]] {
    let wanted = min(max(Self.wordsPerOrder / max(model.vocabulary.count, 1), 2), 20)
    let stride = max(model.ngramCounts[min(order, model.order) - 1] / UInt64(wanted), 1)
    var contexts: [[UInt32]] = []
    var seen: UInt64 = 0
    var kept: UInt64 = 0
    try counts.forEachNGram(order: order) { ngram, listed in
      if seen % stride == 0 && contexts.count < wanted { contexts.append(ngram.dropLast()) }
      if seen % 65_536 == 0 { try cancellation.check() }
      seen += 1
      if !listed.isPruned { kept += 1 }
    }
    report.ngrams += seen
    done += 1
    observer.progress(
      ProgressUpdate(
        stage: 2,
        stages: 2,
        name: "records",
        completed: done,
        total: UInt64(counts.directory.order - 1),
        unit: "orders"
      )
    )
    // What is marked was left out of the scores of a build; in an import it is a blank node, and stored.
    let stored = entry.source == .text ? kept : seen
    guard order <= model.order else { return contexts }
    if kept != entry.ngrams[order - 1] || stored != model.ngramCounts[order - 1] {
      report.problems.append(
        """
        \(file.path): \(kept) n-grams of order \(order) are listed, \
        \(entry.ngrams[order - 1]) are in the manifest
        """
      )
    }
    return contexts
  }

  private func checkSums(
    _ contexts: [[UInt32]],
    _ model: NGramModel,
    _ report: inout VerificationReport
  ) throws {
    var largest = 0.0
    for context in contexts {
      var state = model.nullState
      for word in context {
        state =
          word == WordID.beginOfSentence.rawValue
          ? model.beginSentenceState : model.score(WordID(rawValue: word), after: state).state
      }
      var sum = 0.0
      for word in 0..<UInt32(model.ngramCounts[0]) where word != 1 {
        let score = model.score(WordID(rawValue: word), after: state).score
        sum += pow(10, Double(score.log10Probability))
      }
      try cancellation.check()
      if !(abs(sum - 1) < Self.tolerance) {
        let words = context.map { model.vocabulary.word(WordID(rawValue: $0)) ?? "?" }
        report.problems.append(
          "\(file.path): probabilities after \"\(words.joined(separator: " "))\" sum to \(sum)"
        )
      }
      largest = max(largest, abs(sum - 1))
      report.contexts += 1
    }
    report.largestDeviation = largest
  }
}
