public import GramdexCore
import GramdexStorage

/// How n-best lists are read.
public struct NBestReadingOptions: Sendable {
  /// The format; nil to tell it from the contents and the names.
  public var format: NBestFormat?
  /// Whether the lists are put together from all places where their utterance's id occurs; all are held in memory then.
  public var gathers = false
  /// What a score counts that a hypothesis lacks and others of its list have; nil where that is an error.
  public var missingScore: Double?
  /// Whether ids in TSV end in a dash and the rank, even when no header says so.
  public var hasRanksInIDs = false

  /// Makes options.
  public init(format: NBestFormat? = nil) {
    self.format = format
  }
}

/// Reads n-best lists, one in memory at a time, from any number of files and folders, plain or compressed.
///
/// Every list is checked: it has an id that no list before it had, its ranks differ, and its hypotheses have the same scores, all
/// finite. Ranks that the file does not tell are places in the list. An empty hypothesis, and a list without hypotheses, are allowed.
/// Memory: the longest list, and the ids of all (about 100 bytes each).
///
/// One thread at a time may ask.
public final class NBestReader {
  /// The format of the lists; nil before the first one when it was to be told from the contents.
  public private(set) var format: NBestFormat?

  private let options: NBestReadingOptions
  private let cancellation: Cancellation?
  private var sources: [NBestSource]
  private var nextSource = 0
  private var decoder: (any ListDecoding)?
  private var plainLists = 0
  private var checker: NBestChecker
  private var gathered: [NBestList]?
  private var finishedBytes: UInt64 = 0
  private var finishedWarnings: [String] = []

  /// Prepares to read `paths`, in their order: files, `-` for standard input, or folders.
  ///
  /// - Throws: `NBestError`, `CompressionError` or `StorageError` when a path cannot be read.
  public init(
    _ paths: [String],
    options: NBestReadingOptions = NBestReadingOptions(),
    cancellation: Cancellation? = nil
  ) throws {
    if paths.isEmpty || paths.count(where: { $0 == "-" }) > 1 {
      throw NBestError(file: "", .noInput)
    }
    self.options = options
    self.cancellation = cancellation
    format = options.format
    sources = try paths.flatMap { try NBestSource.found(at: $0, format: options.format) }
    totalBytes = Self.bytes(sources, options.format)
    checker = NBestChecker(missingScore: options.missingScore)
  }

  /// Bytes read so far, compressed as they are.
  public var consumedBytes: UInt64 { finishedBytes + (decoder?.consumedBytes ?? 0) }

  /// Bytes of all files, when they were named; nil when one is no regular file.
  public let totalBytes: UInt64?

  private static func bytes(_ sources: [NBestSource], _ format: NBestFormat?) -> UInt64? {
    var sum: UInt64 = 0
    for source in sources {
      guard let bytes = source.bytes(format) else { return nil }
      sum += bytes
    }
    return sum
  }

  /// What looked odd so far, one line each; complete after the last list.
  public var warnings: [String] { finishedWarnings + (decoder?.warnings ?? []) }

  /// The next list, in the order of the files; nil after the last.
  ///
  /// - Throws: `NBestError` with file and line for what is wrong in a file; `CompressionError` for one that cannot be read to its
  ///   end; `Interrupted`.
  public func next() throws -> NBestList? {
    try cancellation?.check()
    guard options.gathers else { return try nextChecked() }
    if gathered == nil { gathered = try gather() }
    return gathered?.popLast()
  }

  private func nextChecked() throws -> NBestList? {
    guard var list = try nextDecoded() else { return nil }
    try checker.check(&list)
    return list
  }

  private func nextDecoded() throws -> NBestList? {
    while true {
      if decoder == nil {
        guard nextSource < sources.count else { return nil }
        decoder = try open(sources[nextSource])
        nextSource += 1
      }
      if let list = try decoder?.next() {
        if format == .text { plainLists += 1 }
        return list
      }
      finishedBytes += decoder?.consumedBytes ?? 0
      finishedWarnings += decoder?.warnings ?? []
      decoder = nil
    }
  }

  /// All lists, the last one first.
  private func gather() throws -> [NBestList] {
    var lists: [GatheredList] = []
    var places: [String: Int] = [:]
    while let list = try nextDecoded() {
      if let place = places[list.utterance] {
        try lists[place].append(list)
      } else {
        places[list.utterance] = lists.count
        lists.append(GatheredList(list))
      }
    }
    return try lists.reversed().map { try $0.checked(&checker) }
  }

  private func open(_ source: NBestSource) throws -> any ListDecoding {
    let found: NBestFormat
    var reader: LineReader?
    if let format = options.format {
      found = format
    } else {
      (found, reader) = try source.opened(cancellation)
    }
    format = found
    func lines() throws -> LineReader {
      try reader ?? LineReader(path: source.path, cancellation: cancellation)
    }
    let utterance = source.utterance
    switch found {
    case .json: return JSONListDecoder(try lines())
    case .jsonHypotheses: return GroupedDecoder(JSONHypothesisDecoder(try lines()))
    case .tsv:
      return GroupedDecoder(
        TSVDecoder(try lines(), ranksInIDs: options.hasRanksInIDs),
        warnsOfSingles: true
      )
    case .srilm: return SRILMDecoder(try lines(), utterance: utterance)
    case .decipher1, .decipher2:
      return DecipherDecoder(try lines(), utterance: utterance, format: found)
    case .kaldi:
      return GroupedDecoder(try KaldiDecoder(words: source.path, cancellation: cancellation))
    case .rnnlm: return GroupedDecoder(WordLineDecoder(try lines()), warnsOfSingles: true)
    case .text: return PlainTextDecoder(try lines(), first: plainLists + 1)
    }
  }
}
