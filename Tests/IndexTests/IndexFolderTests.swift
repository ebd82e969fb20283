import Foundation
import GramdexCore
import GramdexIndex
import GramdexStorage
import TestSupport
import Testing

@Suite("Index folder")
struct IndexFolderTests {
  let holder: TemporaryFolder
  let path: String
  let folder: IndexFolder

  init() throws {
    holder = try TemporaryFolder()
    path = holder.path("a/b/news.gramdex")
    folder = IndexFolder(path)
  }

  func writer(_ mode: IndexWriter.Mode = .create) throws -> IndexWriter {
    try IndexWriter(path, mode: mode, command: "test")
  }

  /// Writes one file with the payload and makes the manifest that names it.
  func fill(_ writer: IndexWriter, _ payload: [UInt8]) throws -> Manifest {
    let name = try writer.nextFile()
    let file = try TableFileWriter(path: writer.folder.path(name), mapBytes: 1 << 20)
    try file.put(.counts, key: [1], payload: payload)
    let summary = try file.finish()
    var manifest = ManifestTests.sample(file: name)
    manifest.files = [.init(name: name, summary: summary)]
    return manifest
  }

  @discardableResult
  func publish(
    _ payload: [UInt8],
    _ mode: IndexWriter.Mode,
    keeping: Bool = false
  ) throws -> Manifest {
    let writer = try writer(mode)
    return try writer.publish(try fill(writer, payload), keepingPrevious: keeping)
  }

  func readPayload() throws -> [UInt8]? {
    try folder.withCurrent { manifest in
      let file = try #require(manifest.files.first)
      return try folder.open(file).value(.counts, key: [1])?.copy()
    }
  }

  func listing() -> [String] {
    holder.listing("a/b/news.gramdex")
  }

  @Test func `a published index is read`() throws {
    let manifest = try publish([1, 2], .create)
    #expect(manifest.generation == 1)
    #expect(try folder.manifest() == manifest)
    #expect(try readPayload() == [1, 2])
    #expect(listing() == ["LOCK", "MANIFEST", "ngrams-000001.mdb"])
  }

  @Test func `an update replaces the file, and open readers go on`() throws {
    let old = try publish([1], .create)
    let reader = try folder.open(old.files[0])
    for generation in 2...4 {
      let manifest = try publish([UInt8(generation)], .update)
      #expect(manifest.generation == UInt64(generation))
    }
    #expect(try reader.value(.counts, key: [1])?.copy() == [1])
    #expect(try readPayload() == [4])
    #expect(listing() == ["LOCK", "MANIFEST", "ngrams-000004.mdb"])
  }

  @Test func `one generation can be kept`() throws {
    try publish([1], .create)
    try publish([2], .update, keeping: true)
    let all = ["LOCK", "MANIFEST", "MANIFEST.previous", "ngrams-000001.mdb", "ngrams-000002.mdb"]
    #expect(listing() == all)
    _ = try writer(.update)
    #expect(listing() == all)
    try publish([3], .update, keeping: true)
    #expect(listing() == all.dropLast(2) + ["ngrams-000002.mdb", "ngrams-000003.mdb"])
    try publish([4], .replace)
    #expect(listing() == ["LOCK", "MANIFEST", "ngrams-000004.mdb"])
  }

  @Test func `a failed build leaves nothing where nothing was`() throws {
    do {
      let writer = try writer()
      _ = try fill(writer, [1])
      let workspace = try Workspace(in: writer.workFolder, removesParent: true)
      #expect(Files.isFolder(workspace.path))
    }
    #expect(holder.listing().isEmpty)
    try Files.makeFolder(path)
    do { _ = try fill(try writer(), [1]) }
    #expect(holder.listing() == ["a", "a/b", "a/b/news.gramdex"])
  }

  @Test func `a failed update leaves the index as it was`() throws {
    try publish([1], .create)
    let before = listing()
    for mode: IndexWriter.Mode in [.update, .replace] {
      do { _ = try fill(try writer(mode), [2]) }
      #expect(listing() == before)
      #expect(try readPayload() == [1])
    }
  }

  @Test func `an existing index is not overwritten unless asked`() throws {
    try publish([1], .create)
    #expect(throws: IndexError.exists(path: path)) { try writer(.create) }
    #expect(try readPayload() == [1])
    try publish([2], .replace)
    #expect(try readPayload() == [2])
  }

  @Test func `a folder of other things is not an index, and stays`() throws {
    try holder.write("a/b/news.gramdex/thesis.tex", "precious")
    for mode: IndexWriter.Mode in [.create, .replace, .update] {
      #expect(throws: IndexError.notAnIndex(path: path)) { try writer(mode) }
    }
    #expect(throws: IndexError.notAnIndex(path: path)) { try folder.manifest() }
    #expect(listing() == ["thesis.tex"])
  }

  @Test func `paths that lead nowhere are errors`() throws {
    #expect(throws: IndexError.missing(path: path)) { try folder.manifest() }
    #expect(throws: IndexError.missing(path: path)) { try writer(.update) }
    try holder.write("file", "x")
    let file = holder.path("file")
    #expect(throws: IndexError.notAnIndex(path: file)) { try IndexFolder(file).manifest() }
    #expect(throws: StorageError.notAFolder(path: file)) {
      try IndexWriter(file, mode: .replace, command: "test")
    }
    #expect(holder.listing() == ["file"])
  }

  @Test func `the second writer is told who the first one is`() throws {
    let first = try writer()
    let error = #expect(throws: IndexError.self) { try writer(.replace) }
    let number = ProcessInfo.processInfo.processIdentifier
    #expect(error == .locked(path: path, holder: "process \(number) (test)"))
    #expect(throws: IndexError.unfinished(path: path)) { try folder.manifest() }
    try first.publish(try fill(first, [1]))
    #expect(try readPayload() == [1])
  }

  @Test func `what a killed job left is reclaimed`() throws {
    try publish([1], .create)
    for name in ["ngrams-000007.mdb", "MANIFEST.new", "work/gramdex-job-x/owner"] {
      try holder.write("a/b/news.gramdex/" + name, "left")
    }
    let left = ["work/gramdex-job-x", "MANIFEST.new", "ngrams-000007.mdb"]
    let writer = try writer(.update)
    #expect(writer.reclaimed == left.map { folder.path($0) })
    #expect(listing() == ["LOCK", "MANIFEST", "ngrams-000001.mdb"])
  }

  @Test func `a killed first build does not block the next one`() throws {
    for name in ["LOCK", "ngrams-000001.mdb", "work/gramdex-job-x/owner"] {
      try holder.write("a/b/news.gramdex/" + name, "left")
    }
    #expect(throws: IndexError.unfinished(path: path)) { try folder.manifest() }
    try publish([1], .create)
    #expect(try readPayload() == [1])
    #expect(listing() == ["LOCK", "MANIFEST", "ngrams-000001.mdb"])
  }

  @Test func `a damaged manifest is replaced, its files only after that`() throws {
    try publish([1], .create)
    try holder.write("a/b/news.gramdex/MANIFEST", "{}")
    #expect(throws: IndexError.self) { try writer(.update) }
    do { _ = try fill(try writer(.replace), [2]) }
    #expect(listing() == ["LOCK", "MANIFEST", "ngrams-000001.mdb"])
    try publish([2], .replace)
    #expect(try readPayload() == [2])
    #expect(listing() == ["LOCK", "MANIFEST", "ngrams-000002.mdb"])
  }

  @Test func `an incomplete manifest is not published`() throws {
    let writer = try writer()
    var manifest = try fill(writer, [1])
    manifest.files[0].layout.bytes += 1
    #expect(throws: StorageError.self) { try writer.publish(manifest) }
    manifest.files = []
    #expect(throws: IndexError.self) { try writer.publish(manifest) }
    manifest = ManifestTests.sample(file: "ngrams-000099.mdb")
    #expect(throws: StorageError.missing(path: folder.path("ngrams-000099.mdb"))) {
      try writer.publish(manifest)
    }
    #expect(!folder.hasManifest)
  }

  @Test func `a reader that is overtaken opens the newer generation`() throws {
    try publish([1], .create)
    var attempts = 0
    let payload = try folder.withCurrent { manifest -> [UInt8]? in
      attempts += 1
      if attempts == 1 { try publish([2], .update) }
      return try folder.open(manifest.files[0]).value(.counts, key: [1])?.copy()
    }
    #expect(payload == [2])
    #expect(attempts == 2)
  }

  @Test func `a missing file is an error, not an endless search`() throws {
    try publish([1], .create)
    let file = folder.path("ngrams-000001.mdb")
    try Files.removeFile(file)
    #expect(throws: StorageError.missing(path: file)) { try readPayload() }
  }
}
