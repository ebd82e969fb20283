import GramdexStorage

/// Writes n-best lists one after the other, in one format.
///
/// A file gets its name when it is complete, so that what stood there before is there until then; a pipe or a terminal is written to
/// as lists come. Of formats with a file for each list (`srilm`, `decipher1`, `decipher2`), the path is a folder, which is made, unless a
/// file or a pipe is there already, or it is `-`: these take one list. Kaldi's is a folder.
/// In files that are named after their utterance, `/` is `%2F`, `%` is `%25`, and a dot at the beginning `%2E`; the reader takes this back.
public final class NBestWriter {
  /// The format of the lists.
  public var format: NBestFormat { options.format }

  private let path: String
  private let options: NBestWritingOptions
  private var target: Target

  /// Where lists go.
  private enum Target {
    /// All into one file.
    case file(OutputFile, any ListEncoding)
    /// Each into a file of its own.
    case folder(any ListEncoding)
    /// The first into the file at the path.
    case single(any ListEncoding, isWritten: Bool)
    case kaldi(KaldiFolder)
  }

  /// Begins writing to `path`; `-` is standard output.
  ///
  /// Names that end in `.gz` or `.zst` are compressed.
  ///
  /// - Throws: `NBestError`, `CompressionError` or `StorageError` when the path cannot be written.
  public init(path: String, options: NBestWritingOptions) throws {
    self.path = path
    self.options = options
    switch options.format {
    case .kaldi:
      if path == "-" { throw NBestError(file: "", .notForStandardInput(format: .kaldi)) }
      if let kind = Files.kind(path), kind != .folder {
        throw NBestError(
          file: path,
          .wrongKindOfPath(format: .kaldi, expected: "a folder to write to")
        )
      }
      target = .kaldi(try KaldiFolder(path, log10Scores: options.log10Scores))
    case .srilm, .decipher1, .decipher2:
      let encoder: any ListEncoding =
        options.format == .srilm ? SRILMEncoder(options) : DecipherEncoder(options)
      if path == "-" || (Files.kind(path).map { $0 != .folder } ?? false) {
        target = .single(encoder, isWritten: false)
      } else {
        try Files.makeFolder(path)
        target = .folder(encoder)
      }
    case .json:
      target = .file(
        try OutputFile(path: path),
        JSONListEncoder(log10Scores: options.log10Scores)
      )
    case .jsonHypotheses:
      target = .file(
        try OutputFile(path: path),
        JSONHypothesisEncoder(log10Scores: options.log10Scores)
      )
    case .tsv:
      target = .file(try OutputFile(path: path), TSVEncoder(extraColumns: options.extraColumns))
    case .rnnlm: target = .file(try OutputFile(path: path), WordLineEncoder())
    case .text: target = .file(try OutputFile(path: path), PlainTextEncoder())
    }
  }

  /// The folder in which each list has a file that is there as soon as it is complete; nil where everything is published at the end.
  public var folder: String? {
    if case .folder = target { path } else { nil }
  }

  /// What the format had no room for so far, one line for each kind of thing.
  public var warnings: [String] {
    switch target {
    case .file(_, let encoder), .folder(let encoder), .single(let encoder, _):
      encoder.losses.warnings
    case .kaldi(let folder): folder.losses.warnings
    }
  }

  /// Writes a list, its hypotheses in their order.
  ///
  /// Scores, fields and references that the format has no room for are left out, and `warnings` says so.
  /// - Throws: `NBestError.Problem.cannotWrite` for what would make the file wrong: an id, a list or a hypothesis that has no place in the
  ///   format, a score that is not finite; `CompressionError` when the disk refuses.
  public func write(_ list: NBestList) throws {
    switch target {
    case .file(let file, var encoder):
      try encoder.append(list, to: &file.buffer)
      target = .file(file, encoder)
      try file.flush()
    case .folder(var encoder):
      try writeFile(list, at: path + "/" + (try fileName(list)), &encoder)
      target = .folder(encoder)
    case .single(var encoder, let isWritten):
      if isWritten {
        throw list.unwritable(options.format, "is a second list for one file")
      }
      try writeFile(list, at: path, &encoder)
      target = .single(encoder, isWritten: true)
    case .kaldi(var folder):
      try folder.append(list)
      target = .kaldi(folder)
    }
  }

  /// Hands what is written to the operating system, for a reader that waits for it.
  public func flush() throws {
    if case .file(let file, _) = target { try file.flush(always: true) }
  }

  /// Ends the files and gives them their names.
  public func finish() throws {
    switch target {
    case .file(let file, _): try file.finish()
    case .kaldi(let folder): try folder.finish()
    case .folder, .single: break
    }
  }

  private func writeFile(
    _ list: NBestList,
    at path: String,
    _ encoder: inout any ListEncoding
  ) throws {
    let file = try OutputFile(path: path)
    try encoder.append(list, to: &file.buffer)
    try file.finish()
  }

  private func fileName(_ list: NBestList) throws -> String {
    let ending =
      switch options.format {
      case .decipher1: ".nbest1"
      case .decipher2: ".nbest2"
      default: ".nbest"
      }
    guard let name = FileNames.escaped(list.utterance) else {
      throw list.unwritable(options.format, "has an id that cannot be a file's name")
    }
    return name + ending
  }
}
