import Foundation
import GramdexStorage
import TestSupport
import Testing

@Suite("Files and folders")
struct FilesTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func `a file is replaced as a whole`() throws {
    let path = folder.path("a")
    try Files.replace(path, contents: Array("one".utf8))
    try folder.write("a.new", "left by a killed writer")
    try Files.replace(path, contents: Array("two".utf8))
    #expect(try Files.read(path, maximumBytes: 3) == Array("two".utf8))
    #expect(folder.listing() == ["a"])
  }

  @Test func `a pipe is written to and stays a pipe`() throws {
    let path = folder.path("pipe")
    #expect(unsafe mkfifo(path, 0o600) == 0)
    // Open for both, so that neither end waits for the other.
    let reader = unsafe open(path, O_RDWR | O_NONBLOCK)
    defer { close(reader) }
    try Files.replace(path, contents: Array("words".utf8))
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = unsafe read(reader, &bytes, 16)
    #expect(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "words")
    #expect(Files.kind(path) == .other)
  }

  @Test func `what cannot be replaced stays`() throws {
    try Files.makeFolder(folder.path("a/b"))
    #expect(throws: StorageError.self) { try Files.replace(folder.path("a"), contents: [1]) }
    #expect(folder.listing() == ["a", "a/b"])
    #expect(throws: StorageError.missing(path: folder.path("c/d.new"))) {
      try Files.replace(folder.path("c/d"), contents: [1])
    }
  }

  @Test func `a large file is not read where a small one is expected`() throws {
    let path = try folder.write("a", "12345")
    #expect(
      throws: StorageError.wrongSize(path: path, expectedBytes: 4, foundBytes: 5)
    ) { try Files.read(path, maximumBytes: 4) }
    #expect(try Files.read(path, maximumBytes: 5).count == 5)
    #expect(try Files.read(folder.write("b", ""), maximumBytes: 5).isEmpty)
    #expect(throws: StorageError.notAFile(path: folder.path(""))) {
      try Files.read(folder.path(""), maximumBytes: 5)
    }
  }

  @Test func `folders are made with those above them, once`() throws {
    #expect(try Files.makeFolder(folder.path("a/b/c")))
    #expect(try !Files.makeFolder(folder.path("a/b/c")))
    #expect(Files.isFolder(folder.path("a/b/c")))
    try folder.write("file", "")
    #expect(throws: StorageError.notAFolder(path: folder.path("file"))) {
      try Files.makeFolder(folder.path("file"))
    }
    #expect(throws: StorageError.self) { try Files.makeFolder(folder.path("file/x")) }
  }

  @Test func `a tree is removed without following symbolic links`() throws {
    try folder.write("kept/precious", "p")
    try folder.write("tree/a/b/file", "12345")
    try folder.write("tree/other", "123")
    for name in ["tree/link", "tree/a/link"] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path(name),
        withDestinationPath: folder.path("kept")
      )
    }
    #expect(try Files.treeBytes(folder.path("tree")) >= 8)
    try Files.removeTree(folder.path("tree"))
    try Files.removeTree(folder.path("tree"))
    #expect(folder.listing() == ["kept", "kept/precious"])
  }

  @Test func `a symbolic link in place of a tree is not followed`() throws {
    try folder.write("kept/precious", "p")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"),
      withDestinationPath: folder.path("kept")
    )
    #expect(throws: StorageError.self) { try Files.removeTree(folder.path("link")) }
    #expect(folder.listing() == ["kept", "kept/precious", "link"])
  }

  @Test(arguments: [
    ("/a/b", "/a"), ("/a", "/"), ("a/b/", "a"), ("a", "."), ("/", "/"), ("./x", "."),
  ])
  func `the folder above is found`(path: String, parent: String) {
    #expect(Files.parent(of: path) == parent)
  }

  @Test func `names are sorted, free space is known`() throws {
    for name in ["b", "a", "é", "Z"] { try folder.write(name, "") }
    #expect(try Files.names(in: folder.path("")) == ["Z", "a", "b", "é"])
    #expect(try Files.freeBytes(folder.path("")) > 0)
    #expect(throws: StorageError.missing(path: folder.path("none"))) {
      try Files.freeBytes(folder.path("none"))
    }
  }
}
