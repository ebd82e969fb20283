import Foundation
import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage
import GramdexText

/// What a build will take, estimated from a sample of its text.
///
/// Bytes and memory are meant to be right within a quarter, time within a factor of two, on text that is like its
/// sample.
public struct BuildPlan: Sendable, Codable, Equatable {
  /// Bytes of text in all inputs, decompressed.
  public var textBytes: UInt64
  /// Words and `</s>`.
  public var tokens: UInt64
  /// Tokens of the sample.
  public var sampleTokens: UInt64
  /// n-grams of each order, unigrams first.
  public var ngrams: [UInt64]
  /// Bytes of the index.
  public var indexBytes: UInt64
  /// The most bytes of temporary files.
  public var temporaryBytes: UInt64
  /// Anonymous memory at its peak.
  public var memoryBytes: UInt64
  /// Elapsed time.
  public var seconds: Double
  /// Bytes free where the index goes.
  public var freeBytes: UInt64
  /// Bytes free where temporary files go.
  public var freeTemporaryBytes: UInt64

  /// Bytes of text that a sample has, at least and at most; between them it is a 32nd of the text, but it is
  /// never more than a 16th of the memory, which must hold it and what is counted in it.
  private static let sampleBytes = (8 << 20)...(64 << 20)
  /// How long a whole build takes, in times of reading and counting a sample.
  private static let wholeOverCounting = 2.4
  private static let recordBytes = 12.0

  /// Plans the build that `options` describe; `path` is where the index goes.
  ///
  /// Reads a sample of the inputs, which must be regular files, and counts it: a second or less.
  init(_ options: BuildOptions, _ inputs: TextInputs, _ words: WordLists, path: String) throws {
    let all = inputs.totalBytes ?? 0
    let wanted = min(
      max(Int(min(all / 32, 1 << 40)), Self.sampleBytes.lowerBound),
      Self.sampleBytes.upperBound,
      Int(min(options.memoryBytes / 16, 1 << 40))
    )
    let sample = try TextSample(inputs, bytes: wanted)
    let folder = try Workspace(in: options.temporary ?? NSTemporaryDirectory())
    func count(everyOther step: Int) throws -> SampleCounts {
      let path = folder.path + "/sample-\(step)"
      let pieces = stride(from: 0, to: sample.pieces.count, by: step)
      try Files.replace(path, contents: Array(pieces.map { sample.pieces[$0] }.joined()))
      return try SampleCounts(path, options, words, folder: folder.path)
    }
    let whole = try count(everyOther: 1)
    let half = sample.pieces.count >= 4 ? try count(everyOther: 2) : whole
    let times = max(sample.totalBytes / Double(max(sample.bytes, 1)), 1)
    let law = GrowthLaw(from: half.tokens, to: whole.tokens, times: times)

    textBytes = UInt64(sample.totalBytes)
    sampleTokens = UInt64(whole.tokens)
    let tokens = whole.tokens * times
    self.tokens = UInt64(tokens)
    let wordTypes = law.grow(half.wordTypes, whole.wordTypes)
    let ngrams = zip(half.ngrams, whole.ngrams).map { law.grow($0, $1) }
    let contexts = zip(half.contexts, whole.contexts).map { law.grow($0, $1) }
    self.ngrams = ([wordTypes] + ngrams).map { UInt64($0) }
    let growth = ngrams.reduce(0, +) / max(whole.ngrams.reduce(0, +), 1)
    let countBytes = options.order > 1 ? whole.countBytes * growth : 0

    let spellingBytes = whole.spellingBytes * wordTypes / max(whole.wordTypes, 1)
    indexBytes = UInt64(
      try Self.indexBytes(options, wordTypes, spellingBytes, ngrams)
        + (options.keepCounts ? countBytes : 0) * 1.005
    )

    let memory = BuildMemory(options)
    let processBytes = BuildMemory.processBytes(budget: memory.budget)
    let idsInMemory = min(tokens * 4, Double(memory.encoding / 3))
    var temporary = tokens * 4 - idsInMemory
    let held = Int(idsInMemory) + BuildMemory.rankedBytes(Int(wordTypes))
    let share = memory.counting(
      vocabularySize: Int(wordTypes),
      tokens: self.tokens,
      mostFrequent: self.tokens / 16,
      held: held
    )
    let available = Double(share?.bytes ?? 0)
    let fixed = LevelCounting.fixedBytes(
      order: max(options.order, 2),
      vocabularySize: Int(wordTypes),
      mostFrequent: Int(tokens / 16),
      threads: share?.threads ?? 1
    )
    if !options.keepCounts { temporary += max(countBytes - available / 3, 0) }
    temporaryBytes = UInt64(temporary)
    let kept = options.keepCounts ? 0 : min(countBytes, available / 3)
    let counting =
      Double(held + processBytes / 2) + Double(fixed) / 4
      + min(tokens * 16, available * 0.9) + kept
    let backoffs = contexts.reduce(0, +) * Self.recordBytes
    let scoring =
      Double(processBytes / 2) + wordTypes * 44 + kept + backoffs
      + Double(options.threads) * ngrams.reduce(0, +) * Self.recordBytes / 16
    memoryBytes = UInt64(min(max(counting, scoring), Double(options.memoryBytes)))

    // Windows are fetched, and backoffs found, once for every share of them that fits into memory.
    let fetches = options.order > 1 ? tokens * 16 / max(available * 0.9, 1) : 0
    let rounds =
      backoffs / max(Double(memory.scoring(vocabularySize: Int(wordTypes), held: 0)) / 2, 1)
    let perToken = whole.seconds / max(whole.tokens, 1) * Self.wholeOverCounting
    seconds = tokens * perToken * (1 + 0.05 * max(fetches - 1, 0) + 0.2 * max(rounds - 1, 0))
    freeBytes = try Self.free(path)
    freeTemporaryBytes = try options.temporary.map { try Self.free($0) } ?? freeBytes
    try checkVocabulary(options, memory)
  }

  /// Bytes of an index's vocabulary and scores, and of its unigrams' counts.
  private static func indexBytes(
    _ options: BuildOptions,
    _ wordTypes: Double,
    _ spellingBytes: Double,
    _ ngrams: [Double]
  ) throws -> Double {
    let tables = ngrams.enumerated().reduce(0.0) { sum, order in
      let geometry = TableGeometry(
        order: order.offset + 2,
        isTop: order.offset + 2 == options.order,
        layout: options.layout,
        ngramCount: UInt64(order.element)
      )
      return sum + Double(geometry.chunkCount * geometry.bytesPerChunk)
    }
    let table = try VocabularyTable(wordCount: Int(wordTypes), stringBytes: Int(spellingBytes))
    let vocabulary = Double(table.offsetsBytes + table.bytesBytes + table.hashBytes)
    // What keys and page ends take is half a percent.
    return (tables + vocabulary + wordTypes * (options.keepCounts ? 16 : 8)) * 1.005
  }

  private static func free(_ path: String) throws -> UInt64 {
    var existing = path
    while !Files.exists(existing) {
      let above = Files.parent(of: existing)
      if above == existing { break }
      existing = above
    }
    return try Files.freeBytes(existing)
  }

  /// Refuses a budget that the vocabulary alone exceeds.
  private func checkVocabulary(_ options: BuildOptions, _ memory: BuildMemory) throws {
    let needed = UInt64(memory.leastBudget(ofWordTypes: Double(ngrams[0])))
    // A third too much is surely too much.
    if options.order > 1 && Double(needed) > Double(options.memoryBytes) * 4 / 3 {
      throw PlanError.memory(
        budgetBytes: options.memoryBytes,
        neededBytes: needed,
        wordTypes: ngrams[0]
      )
    }
  }

  /// Refuses a build that the disks surely cannot hold.
  ///
  /// - Throws: `PlanError.disk` when even three quarters of what is expected do not fit.
  func checkDisks(index: String, temporary: String?) throws {
    let together = temporary == nil ? indexBytes + temporaryBytes : indexBytes
    if together / 4 * 3 > freeBytes {
      throw PlanError.disk(path: index, neededBytes: together, freeBytes: freeBytes)
    }
    if let temporary, temporaryBytes / 4 * 3 > freeTemporaryBytes {
      throw PlanError.disk(
        path: temporary,
        neededBytes: temporaryBytes,
        freeBytes: freeTemporaryBytes
      )
    }
  }
}
