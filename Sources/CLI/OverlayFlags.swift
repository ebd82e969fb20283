import ArgumentParser
import Gramdex
import GramdexScoring

/// Where a cache over a text ends.
struct DocumentFlags: ParsableArguments {
  @Flag(help: "With --cache: begin the cache anew after a blank line and with each file.")
  var cachePerDocument = false

  /// Refuses the flag without a cache.
  func validate(with overlays: OverlayFlags) throws {
    if cachePerDocument && overlays.cache == nil {
      throw ValidationError("--cache-per-document needs --cache WORDS")
    }
  }
}

/// What is put over a model when it is asked, without a rebuild.
struct OverlayFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp("Find the words of the last so many words likelier.", valueName: "words")
  )
  var cache: Int?

  @Option(
    help: ArgumentHelp(
      "The share of the cache in each probability (default: \(CacheModel.Options().weight)).",
      valueName: "weight"
    )
  )
  var cacheWeight: Double?

  @Option(
    help: ArgumentHelp(
      "1 for words, 2 for pairs of words as well (default: \(CacheModel.Options().order)).",
      valueName: "order"
    )
  )
  var cacheOrder: Int?

  @Option(
    help: ArgumentHelp(
      "Text with which the cache begins, a sentence a line, the latest one last.",
      valueName: "file"
    )
  )
  var cacheHistory: String?

  @Option(
    help: ArgumentHelp(
      """
      Phrases to find likelier, one a line: the phrase, or the phrase, a TAB and what each occurrence adds to \
      the log10 score.
      """,
      valueName: "file"
    )
  )
  var boost: String?

  @Option(
    help: ArgumentHelp(
      "What an occurrence of a phrase without a weight of its own adds (default: \(Self.usualBoost)).",
      valueName: "log10"
    )
  )
  var boostWeight: Double?

  private static let usualBoost = 1.0

  @Flag(
    help: """
      Make boosted scores probabilities. Costs the probability of every word with which a phrase begins, \
      for each word.
      """
  )
  var normalized = false

  func validate() throws {
    if cache == nil {
      let given = [
        ("--cache-weight", cacheWeight != nil), ("--cache-order", cacheOrder != nil),
        ("--cache-history", cacheHistory != nil),
      ]
      if let flag = given.first(where: \.1)?.0 {
        throw ValidationError("\(flag) needs --cache WORDS")
      }
    }
    if boost == nil {
      if normalized { throw ValidationError("--normalized needs --boost FILE") }
      if boostWeight != nil { throw ValidationError("--boost-weight needs --boost FILE") }
    }
  }

  /// Puts a cache and then phrases over `model`, as far as they were asked for.
  func put(over model: any LanguageModel) throws -> any LanguageModel {
    var model = model
    if let cache {
      model = try CacheModel(
        model,
        options: CacheModel.Options(
          length: cache,
          weight: cacheWeight ?? CacheModel.Options().weight,
          order: cacheOrder ?? CacheModel.Options().order
        ),
        history: cacheHistory.map { try WordHistory(contentsOf: $0, capacity: cache) }
          ?? WordHistory(capacity: 0)
      )
    }
    if let boost {
      model = try BoostedModel(
        model,
        phrases: PhraseList(contentsOf: boost, defaultWeight: boostWeight ?? Self.usualBoost),
        isNormalized: normalized
      )
    }
    return model
  }
}
