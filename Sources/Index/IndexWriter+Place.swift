import GramdexCore
import GramdexStorage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

// Where an index may be written, and what is removed before.

extension IndexWriter {
  /// Refuses places that an index may not be written to.
  static func checkPlace(_ folder: IndexFolder, mode: Mode, isMissing: Bool) throws {
    if isMissing {
      if mode == .update { throw IndexError.missing(path: folder.path) }
      return
    }
    guard Files.isFolder(folder.path) else { throw StorageError.notAFolder(path: folder.path) }
    if folder.hasManifest {
      if mode == .create { throw IndexError.exists(path: folder.path) }
      return
    }
    let names = try Files.names(in: folder.path)
    let isUnfinished =
      (names.contains(IndexFolder.lockName) || names.contains(IndexFolder.workName))
      && names.allSatisfy { isOurs($0) }
    if mode == .update {
      throw isUnfinished
        ? IndexError.unfinished(path: folder.path) : IndexError.notAnIndex(path: folder.path)
    }
    guard names.isEmpty || isUnfinished else { throw IndexError.notAnIndex(path: folder.path) }
  }

  /// The published manifest; nil when there is none, or when it cannot be read and is replaced.
  static func readCurrent(_ folder: IndexFolder, mode: Mode) throws -> Manifest? {
    guard folder.hasManifest else { return nil }
    do {
      return try folder.manifest()
    } catch let error as IndexError {
      if mode == .replace { return nil }
      throw error
    }
  }

  /// Removes files that neither the manifest nor the kept one before names, and workspaces of ended jobs.
  ///
  /// With a manifest that cannot be read, nothing is known to be unnamed, and files stay.
  /// Returns the paths of what was removed.
  static func reclaim(_ folder: IndexFolder, named current: Manifest?) throws -> [String] {
    let work = folder.path(IndexFolder.workName)
    var removed = try Workspace.reclaim(in: work)
    removeEmpty([work])
    for name in [IndexFolder.manifestName, IndexFolder.previousName] {
      let beside = folder.path(name) + ".new"
      if Files.exists(beside) {
        try Files.removeFile(beside)
        removed.append(beside)
      }
    }
    if current == nil, folder.hasManifest { return removed }
    let previous = try? folder.manifest(named: IndexFolder.previousName)
    let named = Set((current?.files ?? []).map(\.name) + (previous?.files ?? []).map(\.name))
    let tokenizers = [current, previous].compactMap { $0?.tokenizer.modelReference }
      .map(IndexFolder.tokenizerName)
    for name in try Files.names(in: folder.path)
    where !named.contains(name) && !tokenizers.contains(name)
      && (TableFileName(name) != nil || IndexFolder.isTokenizerName(name))
    {
      try Files.removeFile(folder.path(name))
      removed.append(folder.path(name))
    }
    return removed
  }

  /// `path` and the folders above it that do not exist, the highest last.
  static func missingFolders(_ path: String) -> [String] {
    var missing: [String] = []
    var next = path
    while !Files.exists(next) {
      missing.append(next)
      let above = Files.parent(of: next)
      if above == next { break }
      next = above
    }
    return missing
  }

  /// Removes folders that are empty.
  static func removeEmpty(_ folders: [String]) {
    for folder in folders {
      // SAFETY: the path is a C string for the call, which fails when the folder is not empty.
      _ = unsafe rmdir(folder)
    }
  }

  /// Whether a name in the folder is one that Gramdex makes.
  private static func isOurs(_ name: String) -> Bool {
    let fixed = [
      IndexFolder.lockName, IndexFolder.workName, IndexFolder.manifestName + ".new",
      IndexFolder.previousName, IndexFolder.previousName + ".new",
    ]
    return fixed.contains(name) || TableFileName(name) != nil
      || IndexFolder.isTokenizerName(name)
  }
}
