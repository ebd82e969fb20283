import Foundation
import GramdexStorage
import GramdexText
import TestSupport
import Testing

@Suite("Looking up inputs")
struct TextInputsTests {
  private func names(_ folder: TemporaryFolder, _ inputs: TextInputs) -> [String] {
    inputs.files.map { String($0.path.dropFirst(folder.path("").count + 1)) }
  }

  @Test
  func `folders are read recursively, sorted by bytes, without hidden files`() throws {
    let folder = try TemporaryFolder()
    for name in ["b.txt", "a/2", "a/10", "a.txt", "B", ".hidden", ".git/x", "a/.x", "c/d/e/é"] {
      try folder.write(name, "text\n")
    }
    let inputs = try TextInputs(InputOptions(paths: [folder.url.path]))
    #expect(
      inputs.files.map { $0.path.dropFirst(folder.url.path.count + 1) } == [
        "B", "a.txt", "a/10", "a/2", "b.txt", "c/d/e/é",
      ]
    )
    #expect(inputs.totalBytes == 30)
    #expect(inputs.areRepeatable)
  }

  @Test
  func `links to a folder above do not loop`() throws {
    let folder = try TemporaryFolder()
    try folder.write("a/text", "text\n")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("a/up"),
      withDestinationPath: folder.url.path
    )
    #expect(try TextInputs(InputOptions(paths: [folder.url.path])).files.count == 1)
  }

  @Test
  func `patterns match, unless a file has that very name`() throws {
    let folder = try TemporaryFolder()
    for name in ["b.txt", "a.txt", "c.gz", "sub/d.txt", "x[1].txt", "x1.txt"] {
      try folder.write(name, "text\n")
    }
    func matches(_ pattern: String) throws -> [String] {
      try TextInputs(InputOptions(paths: [folder.path(pattern)])).files
        .map { URL(filePath: $0.path).lastPathComponent }
    }
    #expect(try matches("[ab].txt") == ["a.txt", "b.txt"])
    #expect(try matches("*/*.txt") == ["d.txt"])
    #expect(try matches("x[1].txt") == ["x[1].txt"])
    #expect(try matches("s*") == ["d.txt"])
    #expect(throws: TextError.noMatch(pattern: folder.path("*.zst"))) { try matches("*.zst") }
  }

  @Test
  func `lists add their paths after the others`() throws {
    let folder = try TemporaryFolder()
    let a = try folder.write("a", "text\n")
    let b = try folder.write("b b", "text\n")
    let list = try folder.write("list", "\n\(b)\r\n\(a)")
    let inputs = try TextInputs(InputOptions(paths: [a], filesFrom: list))
    #expect(inputs.files.map(\.path) == [a, b, a])
    #expect(inputs.warnings.count == 1 && inputs.warnings[0].contains("more than once"))
    let empty = try folder.write("empty", "\n\n")
    #expect(throws: TextError.emptyList(path: empty)) {
      try TextInputs(InputOptions(paths: [], filesFrom: empty))
    }
  }

  @Test
  func `what cannot be read is named before work begins`() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path("empty"),
      withIntermediateDirectories: true
    )
    let cases: [(InputOptions, TextError)] = [
      (InputOptions(paths: []), .noInput),
      (InputOptions(paths: [folder.path("no")]), .notFound(path: folder.path("no"))),
      (InputOptions(paths: [folder.path("empty")]), .emptyFolder(path: folder.path("empty"))),
      (InputOptions(paths: ["-", "-"]), .standardInputTwice),
      (InputOptions(paths: ["-"], filesFrom: "-"), .standardInputTwice),
      (InputOptions(paths: ["-"], jsonField: "a..b"), .badJSONField("a..b")),
    ]
    for (options, expected) in cases {
      #expect(throws: expected) { _ = try TextInputs(options) }
      #expect(!expected.description.isEmpty)
    }
  }

  @Test
  func `standard input has no size and cannot be read again`() throws {
    let inputs = try TextInputs(InputOptions(paths: ["-"]))
    #expect(inputs.totalBytes == nil)
    #expect(!inputs.areRepeatable)
    #expect(inputs.files[0].name == "standard input")
  }

  @Test
  func `a changed file is another input`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a", "text\n")
    let before = try TextInputs(InputOptions(paths: [path]))
    #expect(try TextInputs(InputOptions(paths: [path])) == before)
    try folder.write("a", "text\nmore\n")
    #expect(try TextInputs(InputOptions(paths: [path])) != before)
  }
}
