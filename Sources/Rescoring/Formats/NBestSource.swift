import GramdexCore
import GramdexStorage

/// A file with lists; of Kaldi's folders, that with the words.
struct NBestSource {
  /// The path to open; `-` is standard input.
  let path: String

  /// The id of the list in a file that is named after its utterance; standard input is `1`.
  var utterance: String {
    path == "-" ? "1" : FileNames.unescaped(FileNames.utterance(path))
  }

  /// Its bytes on the disk, with those of the scores that are read beside Kaldi's words; nil for what is no regular file.
  func bytes(_ format: NBestFormat?) -> UInt64? {
    guard path != "-" else { return nil }
    var paths = [path]
    if format == nil || format == .kaldi {
      guard let beside = try? KaldiFiles.beside(path) else { return nil }
      paths += beside.scores.map(\.file)
    }
    var sum: UInt64 = 0
    for path in paths {
      guard Files.kind(path) == .file, let bytes = try? Files.size(path) else { return nil }
      sum += bytes
    }
    return sum
  }

  /// The files at `path`: itself, those of a folder sorted by name, or the words in Kaldi's folders.
  static func found(at path: String, format: NBestFormat?) throws -> [Self] {
    guard path != "-", Files.isFolder(path) else { return [Self(path: path)] }
    if format == nil || format == .kaldi {
      let sources = try KaldiFiles.folders(path).flatMap { folder in
        try Files.names(in: folder).filter(KaldiFiles.isWords)
          .map { Self(path: folder + "/" + $0) }
      }
      if !sources.isEmpty { return sources }
      if format == .kaldi {
        throw NBestError(
          file: path,
          .wrongKindOfPath(
            format: .kaldi,
            expected: "a folder with words_text, or with folders archives.N"
          )
        )
      }
    }
    let files = try self.files(in: path, depth: 0)
    if files.isEmpty { throw NBestError(file: path, .emptyFolder) }
    return files
  }

  /// All files of a folder and of those within, sorted by name; names that begin with a dot are passed over.
  private static func files(in folder: String, depth: Int) throws -> [Self] {
    if depth > depthLimit { throw NBestError(file: folder, .tooManyFolders(limit: depthLimit)) }
    return try Files.names(in: folder).filter { !$0.hasPrefix(".") }.flatMap { name in
      let path = folder + "/" + name
      return Files.isFolder(path) ? try files(in: path, depth: depth + 1) : [Self(path: path)]
    }
  }

  /// How many folders may lie within each other; a link to a folder above would never end.
  private static let depthLimit = 16

  /// Tells the format from the name and the first line that is not blank, and hands over the lines, none of them read.
  func opened(_ cancellation: Cancellation?) throws -> (NBestFormat, LineReader?) {
    let named = NBestFormat.named(path)
    if named == .kaldi { return (.kaldi, nil) }
    let lines = try LineReader(path: path, cancellation: cancellation)
    let first = try lines.peekBeyondBlankLines()
    if named == .rnnlm { return (.rnnlm, lines) }
    if let format = first.flatMap(NBestFormat.guessed) ?? named { return (format, lines) }
    let beginning = first.map { String(decoding: $0.bytes[$0.range].prefix(60), as: UTF8.self) }
    throw NBestError(file: lines.name, line: 1, .unknownFormat(beginning: beginning ?? ""))
  }
}
