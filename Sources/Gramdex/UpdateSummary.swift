/// What an update did: the lines it prints at the end, and the object that `--json` writes.
public struct UpdateSummary: Sendable, Codable, Equatable {
  /// The index folder.
  public var index: String
  /// Whether the texts were taken away instead of added.
  public var isRemoval: Bool
  /// Whether a new generation was published; false when the texts have no sentence.
  public var isPublished: Bool
  /// The generation that answers now.
  public var generation: UInt64
  /// Words and `</s>` of the texts.
  public var tokens: UInt64
  /// Sentences of the texts.
  public var sentences: UInt64
  /// Word types that the index did not have before.
  public var newWords: UInt64
  /// Word types that no text of the index has any more.
  public var droppedWords: UInt64
  /// Unusual things in the texts, only those that were met.
  public var oddities: [BuildSummary.Oddity]
  /// What each model is now; without costs.
  public var models: [BuildSummary]
  /// The most that temporary files took at one time.
  public var temporaryBytesPeak: UInt64
  /// Elapsed time.
  public var wallSeconds: Double
  /// Processor time of all threads, kernel included.
  public var cpuSeconds: Double
  /// How much of it went by before the models were estimated: reading, counting and merging.
  public var countingCPUSeconds: Double
  /// The most anonymous memory that the process held.
  public var peakAnonymousBytes: UInt64
  /// What the user should know, a line each.
  public var warnings: [String]

  /// Makes the summary of an update that has done nothing yet.
  public init(index: String, isRemoval: Bool) {
    self.index = index
    self.isRemoval = isRemoval
    isPublished = false
    generation = 0
    tokens = 0
    sentences = 0
    newWords = 0
    droppedWords = 0
    oddities = []
    models = []
    temporaryBytesPeak = 0
    wallSeconds = 0
    cpuSeconds = 0
    countingCPUSeconds = 0
    peakAnonymousBytes = 0
    warnings = []
  }

  /// The summary for people: what came or went, then each model with its costs.
  public var text: String {
    guard isPublished else { return "\(index): nothing to do, generation \(generation) answers\n" }
    var line =
      "\(index): \(isRemoval ? "took away" : "added") \(Readable.grouped(tokens)) tokens in "
      + "\(Readable.grouped(sentences)) sentences"
    if newWords > 0 { line += ", \(Readable.grouped(newWords)) new word types" }
    if droppedWords > 0 { line += ", \(Readable.grouped(droppedWords)) word types are gone" }
    line += "; generation \(generation) answers\n"
    for (index, model) in models.enumerated() {
      var model = model
      // The texts' oddities and the costs belong to the whole update, and are shown once.
      guard index == models.count - 1 else {
        line += model.tables
        continue
      }
      model.oddities = oddities
      model.wallSeconds = wallSeconds
      model.cpuSeconds = cpuSeconds
      model.peakAnonymousBytes = peakAnonymousBytes
      model.temporaryBytesPeak = temporaryBytesPeak
      line += model.text
    }
    return line
  }
}
