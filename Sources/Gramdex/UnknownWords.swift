public import GramdexCore
import GramdexIndex
public import GramdexText

/// What an index does not know of a text.
public struct UnknownWords: Sendable, Codable, Equatable {
  /// A word and how often the text has it.
  public struct Word: Sendable, Codable, Equatable {
    /// The word; bytes that are no UTF-8 are U+FFFD.
    public var word: String
    /// How often it occurs.
    public var count: UInt64

    /// Makes a row of the list.
    public init(word: String, count: UInt64) {
      self.word = word
      self.count = count
    }
  }

  /// Words of the text, sentence ends left out.
  public var tokens: UInt64
  /// Different words of the text.
  public var types: Int
  /// Words that the model scores as `<unk>`; a `<unk>` in the text is one.
  public var unknownTokens: UInt64
  /// Different words among them.
  public var unknownTypes: Int
  /// Unknown words as a share of all, 0 … 1; 0 for an empty text.
  public var tokenRate: Double
  /// Unknown word types as a share of all, 0 … 1.
  public var typeRate: Double
  /// The unknown words, most frequent first, ties by bytes; nil unless they were asked for.
  public var words: [Word]?

  /// Looks the words of texts up in a model, which cuts them as its own text was.
  ///
  /// - Parameters:
  ///   - inputs: the texts.
  ///   - path: the index.
  ///   - model: the model inside.
  ///   - listed: whether to return the unknown words themselves.
  ///   - options: memory and threads; the tokenizer is the index's.
  ///   - observer: is told of progress.
  ///   - cancellation: stops the job when it is set.
  /// - Throws: errors of the inputs and of the index's files.
  public init(
    of inputs: TextInputs,
    index path: String,
    model: String = BuildOptions.defaultModelName,
    listed: Bool = false,
    _ options: VocabularyOptions = VocabularyOptions(),
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws {
    let folder = IndexFolder(path)
    let (vocabulary, known, tokenizer) = try folder.withCurrent { manifest in
      guard let opened = try OpenedModel(folder, name: model, manifest: manifest) else {
        throw ExportError.noModel(
          index: path,
          model: model,
          available: manifest.models.map(\.name)
        )
      }
      let vocabulary = try Vocabulary(file: opened.words)
      return (vocabulary, opened.entry.vocabularySize, manifest.tokenizer)
    }
    var options = options
    options.tokenizer = tokenizer
    let frequencies = try WordFrequencies(
      of: inputs,
      options,
      observer: observer,
      cancellation: cancellation
    )
    var unknown: [Word] = []
    var (seen, types) = (UInt64(0), 0)
    var listedTokens: UInt64 = 0
    frequencies.forEach { bytes, count in
      seen &+= count
      let id = vocabulary.id(of: bytes)
      if let id, UInt64(id.rawValue) < known { return }
      listedTokens &+= count
      types += 1
      if listed { unknown.append(Word(word: String(decoding: bytes, as: UTF8.self), count: count)) }
    }
    tokens = frequencies.tokens
    self.types = frequencies.types
    // What is no word of the text is a `<unk>` in it.
    unknownTokens = listedTokens + (frequencies.tokens - seen)
    unknownTypes = types
    tokenRate = tokens == 0 ? 0 : Double(unknownTokens) / Double(tokens)
    typeRate = frequencies.types == 0 ? 0 : Double(types) / Double(frequencies.types)
    words = listed ? unknown : nil
  }
}
