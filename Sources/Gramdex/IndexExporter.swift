public import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// A model of an index becomes an ARPA file.
///
/// N-grams are listed in context order, those of order 1 by id, so the same index gives the same file; n-grams
/// that the model leaves out and blank nodes are not written. A file appears under its name when it is complete.
public enum IndexExporter {
  /// Writes a model as an ARPA file.
  ///
  /// - Parameters:
  ///   - options: what to do.
  ///   - observer: is told of progress and warnings.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was written.
  /// - Throws: `ExportError`, and errors of the index's files and of the output.
  @discardableResult
  public static func run(
    _ options: ExportOptions,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> ExportSummary {
    let model = try IndexFolder(options.index).withCurrent { manifest in
      try ExportedModel(options, manifest)
    }
    if model.tables.header.layout == .compact {
      observer.warning(
        """
        \(options.index) has the compact layout: the file gets its codes' values, \
        not those that were estimated
        """
      )
    }
    return try ExportJob(
      options: options,
      model: model,
      observer: observer,
      cancellation: cancellation
    ).run()
  }
}

/// The parts of an index that an export reads.
struct ExportedModel {
  /// Element k−1 is the number of n-grams of order k.
  let ngrams: [UInt64]
  let tables: ScoreTables
  /// Nil in a model of order 1, whose words are its n-grams.
  let counts: CountStore?
  /// Which of the n-grams in the counts the model has.
  let selection: NGramSelection
  private let wordOffsets: MappedBytes
  private let wordBytes: MappedBytes

  init(_ options: ExportOptions, _ manifest: Manifest) throws {
    let path = options.index
    func damaged(_ reason: String) -> ExportError { .damaged(index: path, reason: reason) }
    guard
      let opened = try OpenedModel(
        IndexFolder(path),
        name: options.modelName,
        manifest: manifest
      )
    else {
      throw ExportError.noModel(
        index: path,
        model: options.modelName,
        available: manifest.models.map(\.name)
      )
    }
    let entry = opened.entry
    let file = opened.scores
    selection = entry.selection
    tables = try ScoreTables(model: entry.name) { key in
      guard let value = try file.value(.scores, key: key) else { return nil }
      // SAFETY: the file keeps its values mapped, and the region keeps the file.
      return unsafe value.withUnsafeBytes { unsafe TableRegion($0, owner: file) }
    }
    guard let counts = try CountStore(opened.words) else {
      throw ExportError.noCounts(index: path, model: entry.name)
    }
    guard counts.directory.order >= tables.header.order,
      entry.ngrams.count == tables.header.order,
      entry.ngrams[0] == tables.header.vocabularySize,
      UInt64(counts.directory.vocabularySize) >= tables.header.vocabularySize
    else { throw damaged("its counts, scores and manifest are not of the same model") }
    guard let offsets = try opened.words.value(.vocabulary, key: Array("offsets".utf8)),
      let bytes = try opened.words.value(.vocabulary, key: Array("bytes".utf8)),
      UInt64(offsets.count) >= (tables.header.vocabularySize + 1) * 8
    else { throw damaged("its vocabulary is not complete") }
    ngrams = entry.ngrams
    self.counts = counts
    wordOffsets = offsets
    wordBytes = bytes
  }

  /// Appends the bytes of a word to `line`; false when they lie outside the vocabulary.
  @inline(__always)
  func append(word id: UInt32, to writer: inout ArpaWriter) -> Bool {
    guard let start = wordOffsets.load(at: 8 * Int(id), as: UInt64.self),
      let end = wordOffsets.load(at: 8 * Int(id) + 8, as: UInt64.self),
      let from = Int(exactly: UInt64(littleEndian: start)),
      let to = Int(exactly: UInt64(littleEndian: end)), from <= to,
      let word = wordBytes.slice(at: from, count: to - from)
    else { return false }
    unsafe word.withUnsafeBytes { bytes in
      // SAFETY: the bytes stay mapped for the call, and the span is used within it only.
      let words = unsafe bytes.assumingMemoryBound(to: UInt8.self)
      writer.appendWord(unsafe Span(_unsafeElements: words))
    }
    return true
  }
}
