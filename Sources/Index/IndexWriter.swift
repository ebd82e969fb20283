package import GramdexStorage

/// The one writer of an index folder: makes new files beside the published ones, then publishes.
///
/// Nothing that readers see changes before `publish`. A writer that goes without it removes what it made, the
/// folder too when it made that. Used by one thread at a time.
package final class IndexWriter {
  /// What may be there already.
  package enum Mode: Sendable {
    /// No index.
    case create
    /// An index that is replaced as a whole, even a damaged one; or none.
    case replace
    /// An index that gets a new generation.
    case update
  }

  /// The folder.
  package let folder: IndexFolder
  /// The manifest that is published now, nil when there is none that can be read.
  package private(set) var current: Manifest?
  /// What an earlier job had left and this writer removed.
  package let reclaimed: [String]
  /// What an unfinished build of this index completed, when it was asked for.
  package private(set) var unfinished: UnfinishedWork?

  private let lock: IndexLock
  private let madeFolders: [String]
  private let resumes: Bool
  private var madeFiles: [TableFileName] = []
  private var madeTokenizer: String?
  private var isDone = false

  /// Makes the folder when it is missing, takes its lock and removes what killed jobs left.
  ///
  /// With `resumes`, what a killed build left is kept in `unfinished`, and what this writer makes is left in
  /// the folder when it goes without publishing. `command` says what this process does; a second writer is
  /// told. Throws `IndexError` or `StorageError`.
  package init(_ path: String, mode: Mode, resumes: Bool = false, command: String) throws {
    let folder = IndexFolder(path)
    let missing = Self.missingFolders(path)
    try Self.checkPlace(folder, mode: mode, isMissing: !missing.isEmpty)
    try Files.makeFolder(path)
    do {
      let lock = try IndexLock.acquire(folder, command: command)
      do {
        // Another writer may have published before this one got the lock.
        try Self.checkPlace(folder, mode: mode, isMissing: false)
        let current = try Self.readCurrent(folder, mode: mode)
        unfinished = resumes ? try Self.takeUnfinished(folder, named: current) : nil
        let left = resumes ? [] : try Self.removeUnfinished(folder)
        reclaimed = left + (try Self.reclaim(folder, named: current))
        self.current = current
        self.lock = lock
      } catch {
        if !folder.hasManifest { try? Files.removeFile(folder.path(IndexFolder.lockName)) }
        throw error
      }
    } catch {
      Self.removeEmpty(missing)
      throw error
    }
    self.folder = folder
    madeFolders = missing
    self.resumes = resumes
  }

  deinit {
    abandon()
  }

  /// The folder inside the index for a job's temporary files.
  package var workFolder: String {
    folder.path(IndexFolder.workName)
  }

  /// A name for a new file, which begins with `prefix`; its path is `folder.path(name)`.
  package func nextFile(_ prefix: String = TableFileName.ngrams) throws(StorageError) -> String {
    let names = try Files.names(in: folder.path).compactMap { TableFileName($0) } + madeFiles
    let highest = max(
      names.max()?.number ?? 0,
      current?.files.compactMap { TableFileName($0.name)?.number }.max() ?? 0
    )
    let name = TableFileName(prefix, number: highest + 1)
    madeFiles.append(name)
    return name.text
  }

  /// Removes the journal of a build that has published, and what it went on from; the last thing that it does.
  ///
  /// Until then the journal tells a later run of the same job that its index is published.
  package func tidy() {
    guard isDone else { return }
    _ = try? Self.removeUnfinished(folder)
    Self.removeEmpty([workFolder])
  }

  /// Publishes the generation that was kept when the current one was published; the current one is kept then.
  ///
  /// Throws `IndexError.noPrevious` when none was kept.
  /// Returns what was published, and the number that the generation had before.
  package func rollBack() throws -> (published: Manifest, restored: UInt64) {
    let previous: Manifest
    do {
      previous = try folder.manifest(named: IndexFolder.previousName)
    } catch StorageError.missing {
      throw IndexError.noPrevious(path: folder.path)
    }
    return (try publish(previous, keepingPrevious: true), previous.generation)
  }

  /// Removes what an unfinished build left, since this one does something else.
  package func discardUnfinished() throws {
    unfinished = nil
    _ = try Self.removeUnfinished(folder)
  }

  /// Puts what is there to go on from where the next run looks for it; returns whether there is anything.
  private func putWorkAside() -> Bool {
    (try? Self.takeUnfinished(folder, named: current)) != nil
  }

  /// Publishes a manifest, whose files are complete: from here on readers see it.
  ///
  /// Its generation is set here. Files that it does not name are unlinked, except those of the generation
  /// before when `keepingPrevious` is set.
  @discardableResult
  package func publish(_ manifest: Manifest, keepingPrevious: Bool = false) throws -> Manifest {
    precondition(!isDone, "a writer publishes once")
    var manifest = manifest
    manifest.generation = (current?.generation ?? 0) + 1
    manifest.files.sort { $0.name < $1.name }
    manifest.models.sort { $0.name < $1.name }
    manifest.neuralModels.sort { $0.name < $1.name }
    let bytes = try manifest.encoded()
    _ = try Manifest(decoding: bytes, path: folder.path(IndexFolder.manifestName))
    for file in manifest.files {
      let path = folder.path(file.name)
      let size = try Files.size(path)
      guard size == file.layout.bytes else {
        throw StorageError.wrongSize(
          path: path,
          expectedBytes: file.layout.bytes,
          foundBytes: size
        )
      }
      try Files.synchronizeFile(path)
    }
    madeTokenizer = try folder.storeTokenizer(of: manifest)
    try Files.synchronizeFolder(folder.path)
    if keepingPrevious, let current {
      try Files.replace(folder.path(IndexFolder.previousName), contents: try current.encoded())
    } else {
      try Files.removeFile(folder.path(IndexFolder.previousName))
    }
    do {
      try Files.replace(folder.path(IndexFolder.manifestName), contents: bytes)
    } catch {
      // Renamed, but perhaps not on the disk yet: readers see it, so its files must stay.
      isDone = (try? folder.manifest()) == manifest
      throw error
    }
    isDone = true
    current = manifest
    // The index is published: what cannot be removed now is left to the next writer.
    _ = try? Self.reclaim(folder, named: manifest)
    return manifest
  }

  /// Removes what this writer made, or leaves it to the next run when the writer resumes; does nothing
  /// after `publish`.
  package func abandon() {
    guard !isDone else { return }
    isDone = true
    if resumes && putWorkAside() { return }
    _ = try? Self.removeUnfinished(folder)
    for name in madeFiles { try? Files.removeFile(folder.path(name.text)) }
    if let madeTokenizer { try? Files.removeFile(folder.path(madeTokenizer)) }
    try? Files.removeFile(folder.path(IndexFolder.manifestName) + ".new")
    if !folder.hasManifest { try? Files.removeFile(folder.path(IndexFolder.lockName)) }
    Self.removeEmpty([workFolder])
    Self.removeEmpty(madeFolders)
  }
}
