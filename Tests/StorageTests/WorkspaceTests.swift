import Foundation
import GramdexStorage
import TestSupport
import Testing

@Suite("Workspaces and locks")
struct WorkspaceTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func `a workspace goes with everything in it`() throws {
    let parent = folder.path("work")
    do {
      let first = try Workspace(in: parent)
      let second = try Workspace(in: parent, removesParent: true)
      #expect(first.path != second.path)
      try folder.write("work/" + first.path.split(separator: "/").last! + "/runs/1", "x")
      #expect(try Workspace.reclaim(in: parent).isEmpty)
      #expect(Files.isFolder(first.path + "/runs"))
      withExtendedLifetime((first, second)) {}
    }
    #expect(folder.listing().allSatisfy { $0 == "work" })
  }

  @Test func `what a killed job left is reclaimed, what others put there is not`() throws {
    let parent = folder.path("work")
    try folder.write("work/gramdex-job-aaaaaa/owner", "")
    try folder.write("work/gramdex-job-aaaaaa/runs/1", "x")
    try Files.makeFolder(folder.path("work/gramdex-job-bbbbbb"))
    try folder.write("work/gramdex-job-cccccc/no-owner", "")
    try folder.write("work/notes", "")
    let living = try Workspace(in: parent)
    let removed = try Workspace.reclaim(in: parent)
    #expect(removed == ["aaaaaa", "bbbbbb"].map { parent + "/gramdex-job-" + $0 })
    #expect(Files.isFolder(living.path))
    #expect(Files.exists(folder.path("work/notes")))
    #expect(Files.exists(folder.path("work/gramdex-job-cccccc/no-owner")))
    #expect(try Workspace.reclaim(in: folder.path("none")).isEmpty)
  }

  func canLock(_ path: String) throws -> Bool {
    switch try FileLock(path) {
    case .some: true
    case .none: false
    }
  }

  func canLockExisting(_ path: String) throws -> Bool {
    switch try FileLock(existing: path) {
    case .some: true
    case .none: false
    }
  }

  @Test func `a lock is held by one at a time`() throws {
    let path = folder.path("LOCK")
    do {
      let first = try FileLock(path)
      guard let first else {
        Issue.record("the lock was not got")
        return
      }
      #expect(try !canLock(path))
      #expect(try !canLockExisting(path))
      try first.write("a long text")
      try first.write("me")
      #expect(try Files.read(path, maximumBytes: 100) == Array("me".utf8))
    }
    #expect(try canLock(path))
    #expect(try canLockExisting(path))
    #expect(try !canLockExisting(folder.path("none")))
    #expect(!Files.exists(folder.path("none")))
  }

  @Test func `a lock that is a symbolic link is refused`() throws {
    try folder.write("precious", "p")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("LOCK"),
      withDestinationPath: folder.path("precious")
    )
    #expect(throws: StorageError.self) { _ = try FileLock(folder.path("LOCK")) }
  }
}
