public import GramdexCore
import GramdexStorage

/// Reads lattices, one in memory at a time, from files and folders, plain or compressed.
///
/// A lattice of HTK's is one file, and is named after it where it does not say its utterance. One thread at a time may ask.
public final class LatticeReader {
  private let given: LatticeFormat?
  private let symbols: KaldiLatticeReader.Symbols?
  private let cancellation: Cancellation?
  private var sources: [NBestSource]
  private var nextSource = 0
  private var kaldi: KaldiLatticeReader?
  private var places: [String: NBestList.Source] = [:]

  /// Prepares to read `paths`, in their order: files, `-` for standard input, or folders.
  ///
  /// - Parameters:
  ///   - paths: what is read.
  ///   - format: the format; nil to tell it from the contents.
  ///   - symbols: Kaldi's `words.txt`, for lattices whose labels are numbers.
  ///   - cancellation: a flag that ends the reading when it is set.
  /// - Throws: `NBestError`, `CompressionError` or `StorageError` when a path or the list of words cannot be read.
  public init(
    _ paths: [String],
    format: LatticeFormat? = nil,
    symbols: String? = nil,
    cancellation: Cancellation? = nil
  ) throws {
    if paths.isEmpty || paths.count(where: { $0 == "-" }) > 1 {
      throw NBestError(file: "", .noInput)
    }
    given = format
    self.symbols = try symbols.map { try KaldiLatticeReader.Symbols(reading: $0) }
    self.cancellation = cancellation
    // No format of lists is Kaldi's folder here.
    sources = try paths.flatMap { try NBestSource.found(at: $0, format: .text) }
  }

  /// The next lattice, in the order of the files; nil after the last.
  ///
  /// - Throws: `NBestError` with file and line for what is no lattice, and for an utterance that comes a second time; `CompressionError`
  ///   for a file that cannot be read to its end; `Interrupted`.
  public func next() throws -> Lattice? {
    try cancellation?.check()
    while true {
      if let lattice = try kaldi?.next() { return try noted(lattice) }
      kaldi = nil
      guard nextSource < sources.count else { return nil }
      let source = sources[nextSource]
      nextSource += 1
      let opened = try LineReader(path: source.path, cancellation: cancellation)
      switch try format(of: opened) {
      case .slf:
        var reader = SLFReader(opened, utterance: source.utterance)
        return try noted(try reader.read())
      case .kaldi:
        kaldi = KaldiLatticeReader(opened, symbols: symbols)
      }
    }
  }

  private func format(of lines: LineReader) throws -> LatticeFormat {
    if let given { return given }
    guard let first = try lines.peekBeyondBlankLines() else {
      throw NBestError(file: lines.name, .lattice(reason: "an empty file, which is no lattice"))
    }
    if let guessed = LatticeFormat.guessed(first) { return guessed }
    throw first.error(
      .malformedLine(
        format: "of a lattice (slf, kaldi-lattice)",
        expected: "VERSION=1.0, or an utterance's id, on its first line",
        text: String(decoding: first.bytes[first.range].prefix(60), as: UTF8.self)
      )
    )
  }

  private func noted(_ lattice: Lattice) throws -> Lattice {
    if let first = places.updateValue(lattice.source, forKey: lattice.utterance) {
      throw NBestError(
        file: lattice.source.file,
        line: lattice.source.line,
        .duplicateID(id: "\(lattice.utterance) (\(first.file))", firstLine: first.line)
      )
    }
    return lattice
  }
}
