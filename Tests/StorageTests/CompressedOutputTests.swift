import Foundation
import GramdexStorage
import TestSupport
import Testing

@Suite("Writing compressed files")
struct CompressedOutputTests {
  @Test(arguments: CompressedInputTests.endings)
  func `a file that is not finished leaves nothing and keeps what was there`(ending: String) throws
  {
    let folder = try TemporaryFolder()
    let path = try folder.write("out.\(ending)", "before")
    do {
      var output = try CompressedOutput(path: path)
      try output.write("never seen")
      #expect(folder.listing().count == 2)
    }
    #expect(folder.listing() == ["out.\(ending)"])
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "before")
  }

  @Test
  func `a finished file replaces what was there`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("out", "before")
    var output = try CompressedOutput(path: path)
    try output.write("after")
    try output.finish()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "after")
    #expect(folder.listing() == ["out"])
  }

  @Test
  func `a link stays a link and its target is written`() throws {
    let folder = try TemporaryFolder()
    try folder.write("target", "before")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"),
      withDestinationPath: folder.path("target")
    )
    var output = try CompressedOutput(path: folder.path("link"))
    try output.write("after")
    try output.finish()
    #expect(try String(contentsOfFile: folder.path("target"), encoding: .utf8) == "after")
    #expect(folder.listing() == ["link", "target"])
  }

  @Test
  func `equal text gives equal files`() throws {
    let folder = try TemporaryFolder()
    let text = CompressedFiles.text(lines: 3000)
    for ending in ["gz", "zst"] {
      try CompressedFiles.write(text, to: folder.path("a.\(ending)"), pieceBytes: 1 << 20)
      try CompressedFiles.write(text, to: folder.path("b.\(ending)"), pieceBytes: 1 << 20)
      let a = try Data(contentsOf: URL(filePath: folder.path("a.\(ending)")))
      #expect(try Data(contentsOf: URL(filePath: folder.path("b.\(ending)"))) == a)
      #expect(a.count < text.count / 3)
    }
  }

  @Test
  func `a missing folder and a folder in the way are errors`() throws {
    let folder = try TemporaryFolder()
    let missing = folder.path("no/such/file")
    #expect(throws: CompressionError.cannotCreate(path: missing, code: ENOENT)) {
      _ = try CompressedOutput(path: missing)
    }
    #expect(throws: CompressionError.cannotCreate(path: folder.url.path, code: EISDIR)) {
      _ = try CompressedOutput(path: folder.url.path)
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func `a full disk is an error`() throws {
    var output = try CompressedOutput(path: "/dev/full")
    try output.write("text")
    let error: CompressionError?
    do throws(CompressionError) {
      try output.finish()
      error = nil
    } catch let failure {
      error = failure
    }
    #expect(error == .cannotWrite(path: "/dev/full", code: ENOSPC))
  }

  @Test
  func `a reader that has gone is an error`() throws {
    signal(SIGPIPE, SIG_IGN)
    let folder = try TemporaryFolder()
    let path = folder.path("pipe")
    #expect(unsafe mkfifo(path, 0o600) == 0)
    let reader = unsafe open(path, O_RDONLY | O_NONBLOCK)
    var output = try CompressedOutput(path: path)
    close(reader)
    try output.write("text")
    #expect(throws: CompressionError.brokenPipe(path: path)) { try output.flush() }
  }
}
