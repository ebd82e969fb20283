package import GramdexStorage

/// An index on disk, as its readers see it: the manifest and the files that it names.
///
/// Readers take no lock and write nothing, so the folder may be read-only. Files are immutable: what was opened
/// stays readable when a newer generation is published and the old files are unlinked.
package struct IndexFolder: Hashable, Sendable {
  /// The manifest's name.
  package static let manifestName = "MANIFEST"
  /// The manifest before the current one, when its generation was kept.
  package static let previousName = "MANIFEST.previous"
  /// The lock of the one writer.
  package static let lockName = "LOCK"
  /// The folder of unfinished work.
  package static let workName = "work"

  /// Where the folder is.
  package let path: String

  /// Names a folder; nothing is read.
  package init(_ path: String) {
    self.path = path
  }

  /// The path of a file in the folder.
  package func path(_ name: String) -> String {
    path.hasSuffix("/") ? path + name : path + "/" + name
  }

  /// Whether the folder has a manifest.
  package var hasManifest: Bool {
    Files.kind(path(Self.manifestName)) == .file
  }

  /// Reads the current manifest.
  ///
  /// - Throws: `IndexError`, or `StorageError` when it cannot be read.
  package func manifest() throws -> Manifest {
    guard let kind = Files.kind(path) else { throw IndexError.missing(path: path) }
    guard kind == .folder else { throw IndexError.notAnIndex(path: path) }
    do {
      return try manifest(named: Self.manifestName)
    } catch StorageError.missing {
      let isUnfinished = Files.exists(path(Self.lockName))
      throw isUnfinished ? IndexError.unfinished(path: path) : IndexError.notAnIndex(path: path)
    }
  }

  /// Reads the manifest in the file of this name, with the model of its tokenizer.
  func manifest(named name: String) throws -> Manifest {
    var manifest = try readManifest(named: name)
    while true {
      let read = manifest
      do {
        try loadTokenizer(of: &manifest)
        return manifest
      } catch StorageError.missing(let path) {
        // A newer generation with another tokenizer may have been published in between.
        manifest = try readManifest(named: name)
        if manifest == read { throw IndexError.damagedTokenizer(path: path) }
      }
    }
  }

  private func readManifest(named name: String) throws -> Manifest {
    let file = path(name)
    let bytes: [UInt8]
    do {
      bytes = try Files.read(file, maximumBytes: Manifest.maximumBytes)
    } catch StorageError.wrongSize {
      throw IndexError.damagedManifest(path: file, reason: "it is too large")
    }
    return try Manifest(decoding: bytes, path: file)
  }

  /// Opens a file of the index; its structure is checked against the manifest.
  package func open(_ file: Manifest.File) throws(StorageError) -> TableFile {
    try TableFile(
      path: path(file.name),
      layout: file.layout,
      databases: file.expectedDatabases
    )
  }

  /// Calls `body` with the current manifest, to open what it names.
  ///
  /// When a file is missing because a newer generation was published in between, tries again with that one.
  package func withCurrent<Result>(_ body: (Manifest) throws -> Result) throws -> Result {
    var manifest = try manifest()
    while true {
      do {
        return try body(manifest)
      } catch let error as StorageError {
        guard case .missing = error else { throw error }
        let newer = try self.manifest()
        if newer == manifest { throw error }
        manifest = newer
      }
    }
  }
}
