import GramdexStorage

/// Writes lattices one after the other: HTK's into a folder, a file each, Kaldi's into one file.
///
/// A file gets its name when it is complete. HTK's go into one file, or to standard output (`-`), when it is there already and no
/// folder; it takes one lattice.
public final class LatticeWriter {
  private enum Encoder {
    case slf(SLFWriter)
    case kaldi(KaldiLatticeWriter, OutputFile)
  }

  private let path: String
  private let isFolder: Bool
  private var written = 0
  private var encoder: Encoder

  /// Begins writing to `path`.
  ///
  /// - Parameters:
  ///   - path: where lattices go.
  ///   - format: the format.
  ///   - languageScore: the score that becomes the language model's in the file.
  /// - Throws: `CompressionError` or `StorageError` when the path cannot be written.
  public init(
    path: String,
    format: LatticeFormat,
    languageScore: String = "lm"
  ) throws {
    self.path = path
    switch format {
    case .slf:
      isFolder = path != "-" && (Files.kind(path).map { $0 == .folder } ?? true)
      if isFolder { try Files.makeFolder(path) }
      encoder = .slf(SLFWriter(languageScore: languageScore))
    case .kaldi:
      isFolder = false
      encoder = .kaldi(
        KaldiLatticeWriter(languageScore: languageScore),
        try OutputFile(path: path)
      )
    }
  }

  /// What the format had no room for so far, one line for each kind of thing.
  public var warnings: [String] {
    switch encoder {
    case .slf(let writer): writer.warnings
    case .kaldi(let writer, _): writer.warnings
    }
  }

  /// Writes a lattice.
  public func write(_ lattice: Lattice) throws {
    switch encoder {
    case .slf(var writer):
      if !isFolder && written > 0 {
        throw lattice.error("is a second one for one file; name a folder")
      }
      let file = try OutputFile(path: isFolder ? path + "/" + (try name(lattice)) : path)
      try writer.append(lattice, to: &file.buffer)
      try file.finish()
      encoder = .slf(writer)
    case .kaldi(var writer, let file):
      try writer.append(lattice, to: &file.buffer)
      try file.flush()
      encoder = .kaldi(writer, file)
    }
    written += 1
  }

  /// Ends the file and gives it its name.
  public func finish() throws {
    if case .kaldi(_, let file) = encoder { try file.finish() }
  }

  private func name(_ lattice: Lattice) throws -> String {
    let name = lattice.utterance
    if name.isEmpty || name.hasPrefix(".") || name.utf8.contains(where: { $0 == 0x2F || $0 == 0 }) {
      throw lattice.error("has an id that cannot be a file's name")
    }
    return name + ".slf"
  }
}
