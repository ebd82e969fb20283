public import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexScoring
import GramdexStorage
import GramdexText

/// A model becomes one that answers for a text only: what other programs call filtering.
///
/// Probabilities and backoffs stay as they are, so the restricted model gives the text the very scores that the
/// whole one gives it; those of other texts mean nothing. As KenLM's `filter`, modes `multiple` (by sentence) and `union`.
/// Of a class model the classes of the text's words stay, with all their words.
public enum IndexRestrictor {
  /// Writes the needed part of a model to an index at `path` and publishes it.
  ///
  /// Temporary files: 16 bytes for each word of each sentence when it is by sentence, beside those of the n-grams.
  ///
  /// - Parameters:
  ///   - options: what to do; they are validated here.
  ///   - path: the new index's folder.
  ///   - observer: is told of progress and warnings, from any thread.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was done.
  /// - Throws: `OptionsError`, `DerivationError`, `ExportError`, `TextError`, and errors of files; nothing is published then.
  @discardableResult
  public static func run(
    _ options: RestrictOptions,
    to path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> DerivationSummary {
    let model = try ListedModel.open(options.index, model: options.modelName)
    let job = DerivationJob(
      options: try options.output.validated(),
      operation: "restrict",
      sources: [model],
      observer: observer,
      cancellation: cancellation
    )
    return try job.run(to: path) { writing, warn in
      try RestrictJob(options: options, model: model, writing: writing, warn: warn).run()
    }
  }
}

/// One restriction under way.
struct RestrictJob {
  let options: RestrictOptions
  let model: ListedModel
  let writing: ModelWriting
  let warn: (String) -> Void

  /// Chooses n-grams and writes the new model.
  func run() throws -> DerivationJob.Result {
    var parameters: [String: String] = [:]
    var occurrences: WordOccurrences?
    let words: [UInt32]
    switch options.need {
    case .sentences(let input):
      parameters["by"] = "sentence"
      let found = try readOccurrences(of: input)
      words = found.words
      occurrences = found
    case .text(let input):
      parameters["by"] = "text"
      var seen = [Bool](repeating: false, count: model.vocabularySize)
      try forEachSentence(input) { sentence in
        for word in sentence { seen[Int(word)] = true }
      }
      words = seen.indices.filter { seen[$0] }.map { UInt32($0) }
    case .vocabulary(let path):
      parameters["vocabulary"] = path
      words = try model.words(inFile: path, warn: warn)
    }
    let reserved = 0..<UInt32(WordID.reservedCount)
    let reading = ListedReading(
      model: model,
      keptWords: Set(reserved).union(words).sorted(),
      temporaryFolder: writing.workspace.path,
      cancellation: writing.cancellation,
      stage: JobStage(
        observer: writing.observer,
        number: 2,
        stages: writing.stages,
        name: "choose",
        unit: "n-grams"
      )
    )
    let scored = try reading.read(renormalizes: false) { context in
      guard let places = occurrences?.sentences(withAll: context.words) else {
        return context.ngrams.map { _ in 0 }
      }
      return context.ngrams.map { ngram in
        occurrences?.has(ngram.word, in: places) == true ? 0 : nil
      }
    }
    let bytes =
      scored.given.map(\.temporaryBytes).reduce(0, +) + (occurrences?.temporaryBytes ?? 0)
    occurrences = nil
    return DerivationJob.Result(
      written: try writing.write(scored),
      smoothing: model.entry.smoothing,
      parameters: parameters,
      temporaryBytes: bytes
    )
  }

  /// What one thread needs that reads text: a block of it with its words and answers.
  private static let readingBytes = 12 << 20

  private func readOccurrences(of input: InputOptions) throws -> WordOccurrences {
    let threads = readingThreads
    var writer = WordOccurrencesWriter(
      vocabularySize: model.vocabularySize,
      memoryBudgetBytes: writing.budget - BuildMemory.processBytes(budget: writing.budget)
        - threads * Self.readingBytes - 8 * model.vocabularySize,
      temporaryFolder: writing.workspace.path
    )
    try forEachSentence(input) { try writer.append($0) }
    return try writer.finish(contextWords: model.order - 1)
  }

  /// Threads that read text: they have at most half of the memory.
  private var readingThreads: Int {
    min(writing.output.threads, max(writing.budget / (2 * Self.readingBytes), 1))
  }

  /// Calls `body` with the ids of each line's words, each once, ascending.
  private func forEachSentence(_ input: InputOptions, _ body: ([UInt32]) throws -> Void) throws {
    let inputs = try TextInputs(input)
    for warning in inputs.warnings { warn(warning) }
    let reading = JobStage(
      observer: writing.observer,
      number: 1,
      stages: writing.stages,
      name: "read",
      unit: "sentences"
    )
    var count: UInt64 = 0
    let memberships = model.memberships
    try model.answering().query(
      inputs,
      threads: readingThreads,
      cancellation: writing.cancellation
    ) { lines in
      lines.map { line in
        Set(line.words.map { memberships?.resolve($0.id.rawValue).id ?? $0.id.rawValue }).sorted()
      }
    } consume: { lines in
      for line in lines { try body(line) }
      count += UInt64(lines.count)
      reading.report(count, of: nil)
    }
    reading.report(count, of: count)
    // What threads have read with is not counted among what later stages hold.
    ProcessMemory.returnFreedMemory()
  }
}

extension ListedModel {
  /// The ids of the words in a file, or of their classes, with the reserved ones, ascending; says how many words are not in
  /// the model.
  func words(inFile path: String, warn: (String) -> Void) throws -> [UInt32] {
    var ids = Set<UInt32>(0..<UInt32(WordID.reservedCount))
    var unknown = 0
    for word in try WordLists(limit: path, tokenizer).limit ?? [] {
      let own = vocabulary.id(of: word)?.rawValue
      if let id = own.map({ memberships?.resolve($0).id ?? $0 }), Int(id) < vocabularySize {
        ids.insert(id)
      } else {
        unknown += 1
      }
    }
    if unknown > 0 {
      warn("\(path): \(Readable.grouped(UInt64(unknown))) words are not in \(self.path)")
    }
    return ids.sorted()
  }
}
