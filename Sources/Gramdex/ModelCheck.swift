import Foundation
import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexScoring
import GramdexStorage
import Synchronization

/// The part of a verification that looks at one model's meaning, after its bytes were found undamaged.
struct ModelCheck {
  let opened: OpenedModel
  /// Whether the vocabulary is checked, too: models may share one.
  let checksWords: Bool
  let observer: any ProgressObserver
  let cancellation: Cancellation

  private var entry: ModelEntry { opened.entry }
  private var file: TableFile { opened.scores }

  /// How far a sum of probabilities may be from 1: single precision, added over a large vocabulary.
  private static let tolerance = 1e-4
  /// About how many probabilities are added up for each order.
  private static let wordsPerOrder = 2_000_000

  init(
    opened: OpenedModel,
    checksWords: Bool,
    observer: any ProgressObserver,
    cancellation: Cancellation
  ) {
    self.opened = opened
    self.checksWords = checksWords
    self.observer = observer
    self.cancellation = cancellation
  }

  /// Checks vocabulary, n-grams and their scores, and sums; adds what is wrong to `report`.
  func run(_ report: inout VerificationReport) throws {
    let model = try NGramModel(classesOf: opened)
    if checksWords {
      try checkWords(model.vocabulary, &report)
      try WordMemberships(file: opened.words, wordCount: model.vocabulary.count).map {
        MembershipCheck(memberships: $0, path: opened.words.path).run(&report)
      }
    }
    if !isListed(model.ngramCounts) {
      report.problems.append("\(file.path): model \(entry.name) is not the one in the manifest")
      return
    }
    var contexts: [[UInt32]] = [[], [WordID.beginOfSentence.rawValue]]
    let counts = try CountStore(opened.words)
    if let counts, model.order > 1 {
      contexts += try checkNGrams(counts, model, &report)
    }
    if sumsToOne(model) { try checkSums(contexts, counts, model, &report) }
  }

  /// Whether tables of so many n-grams are those of the manifest, which does not count an import's blank nodes.
  private func isListed(_ ngramCounts: [UInt64]) -> Bool {
    if entry.source.isCounted { return ngramCounts == entry.ngrams }
    return ngramCounts.first == entry.ngrams.first && ngramCounts.count == entry.ngrams.count
      && zip(ngramCounts, entry.ngrams).allSatisfy { $0 >= $1 }
  }

  /// Whether probabilities are expected to sum to 1: not where codes or others' numbers are stored.
  ///
  /// Relative frequencies of words outside a limited vocabulary are lost, as those of pruned n-grams are.
  private func sumsToOne(_ model: NGramModel) -> Bool {
    let isLimited = model.ngramCounts[0] < UInt64(model.vocabulary.count)
    return entry.source == .text && entry.layout == .exact
      && (entry.smoothingOptions?.vocabularyPadding ?? 0) == 0
      && (entry.estimation?.sumsToOne ?? true)
      && !(isLimited && entry.estimation?.smoothing == .maximumLikelihood)
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

  /// Walks all n-grams of the counts, which checks that they ascend, and looks up their scores; returns some contexts.
  private func checkNGrams(
    _ counts: CountStore,
    _ model: NGramModel,
    _ report: inout VerificationReport
  ) throws -> [[UInt32]] {
    let listed = ListedNGrams(
      counts: counts,
      tables: model.tables,
      selection: entry.selection,
      storesPruned: !entry.source.isCounted,
      cancellation: cancellation
    )
    let total = counts.directory.shards.reduce(0) { sum, shard in
      shard.levels.reduce(sum) { $0 + $1.entries }
    }
    let done = Mutex<UInt64>(0)
    let stage = JobStage(
      observer: observer,
      number: 2,
      stages: 2,
      name: "n-grams",
      unit: "n-grams"
    )
    let found = try listed.check(
      wanted: min(max(Self.wordsPerOrder / max(model.vocabulary.count, 1), 2), 20)
    ) { ngrams in
      let completed = done.withLock { done in
        done += ngrams
        return done
      }
      stage.report(completed, of: total)
    }
    for order in found { check(order, model, &report) }
    return found.flatMap(\.contexts)
  }

  private func check(
    _ found: ListedNGrams.Found,
    _ model: NGramModel,
    _ report: inout VerificationReport
  ) {
    report.ngrams += found.seen
    guard found.order <= model.order else { return }
    // What is marked was left out of the scores of a build; in an import it is a blank node, and stored.
    let stored = entry.source.isCounted ? found.kept : found.seen
    let written = entry.ngrams[found.order - 1]
    if found.kept != written || stored != model.ngramCounts[found.order - 1] {
      report.problems.append(
        """
        \(file.path): \(found.kept) n-grams of order \(found.order) are listed, \
        \(written) are in the manifest
        """
      )
    }
    if let first = found.firstMissing {
      report.problems.append(
        """
        \(file.path): \(found.missing) listed n-grams of order \(found.order) have no score, \
        the first is "\(text(of: first, model))"
        """
      )
    }
  }

  private func text(of ngram: [UInt32], _ model: NGramModel) -> String {
    ngram.map { model.vocabulary.word(WordID(rawValue: $0)) ?? "?" }.joined(separator: " ")
  }

  private func checkSums(
    _ contexts: [[UInt32]],
    _ counts: CountStore?,
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
        if try hasChanceMatch(after: context, state, counts, model) {
          report.chanceMatches += 1
          continue
        }
        report.problems.append(
          "\(file.path): probabilities after \"\(text(of: context, model))\" sum to \(sum)"
        )
      }
      largest = max(largest, abs(sum - 1))
      report.contexts += 1
    }
    report.largestDeviation = largest
  }

  /// Whether a word after `context` is taken for a stored n-gram though the counts do not list it.
  ///
  /// Tables keep some bits of an n-gram's hash, so that is no damage; adding up a million words meets it now and then
  /// (docs/FORMAT.md, exact tables).
  private func hasChanceMatch(
    after context: [UInt32],
    _ state: State,
    _ counts: CountStore?,
    _ model: NGramModel
  ) throws -> Bool {
    guard let counts else { return false }
    let lookup = try LevelLookup(
      source: counts,
      shards: counts.directory.shards,
      vocabularySize: counts.directory.vocabularySize
    )
    for word in 0..<UInt32(model.ngramCounts[0]) where word != 1 {
      let order = model.score(WordID(rawValue: word), after: state).score.order
      if order < 2 || order > context.count + 1 { continue }
      let ngram = context.suffix(order - 1) + [word]
      if try lookup.entry(of: Array(ngram)).map(\.isPruned) ?? true { return true }
    }
    return false
  }
}
