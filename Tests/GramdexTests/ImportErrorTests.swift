import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

@Suite("Imports and exports that fail")
struct ImportErrorTests {
  private let folder: TemporaryFolder
  private static let small =
    "\\data\\\nngram 1=2\nngram 2=1\n\\1-grams:\n-1 a -0.5\n-2 b\n\\2-grams:\n-0.5 a b\n\\end\\\n"

  init() throws {
    folder = try TemporaryFolder()
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func `a malformed file leaves nothing behind`() throws {
    let input = try folder.write("a.arpa", Self.small.replacing("-0.5 a b", with: "x a b"))
    let text = message { try IndexImporter.run(ImportOptions(input: input), to: folder.path("i")) }
    #expect(
      text == "\(input), line 8: expected a log10 probability, found \"x a b\"; correct the line"
    )
    #expect(folder.listing() == ["a.arpa"])
  }

  @Test func `a duplicate is an error with both lines`() throws {
    let doubled = Self.small.replacing("\\end\\", with: "-1 a b\n\\end\\")
    let input = try folder.write("a.arpa", doubled)
    let text = message { try IndexImporter.run(ImportOptions(input: input), to: folder.path("i")) }
    #expect(text.contains("line 9"))
    #expect(text.contains("\"a b\" again (first on line 8)"))
    #expect(folder.listing() == ["a.arpa"])
  }

  @Test func `what was published answers until the import is complete`() throws {
    let good = try folder.write("good.arpa", Self.small)
    let bad = try folder.write("bad.arpa", "no ARPA file")
    try IndexImporter.run(ImportOptions(input: good), to: folder.path("i"))
    #expect(
      message { try IndexImporter.run(ImportOptions(input: good), to: folder.path("i")) }
        .contains("--replace")
    )
    var options = ImportOptions(input: bad)
    options.replace = true
    #expect(
      message { try IndexImporter.run(options, to: folder.path("i")) }.contains(#"\data\"#)
    )
    let summary = try IndexExporter.run(
      ExportOptions(index: folder.path("i"), output: folder.path("out.arpa"))
    )
    #expect(summary.ngrams == [5, 1])
  }

  @Test func `missing reserved words are warnings`() throws {
    let input = try folder.write("a.arpa", Self.small)
    let warnings = WarningList()
    try IndexImporter.run(
      ImportOptions(input: input),
      to: folder.path("i"),
      observer: warnings
    )
    #expect(warnings.messages.map { $0.contains("<unk>") } == [true, false, false])
    #expect(warnings.messages.count == 3)
  }

  @Test func `a wrong header is an error when strict`() throws {
    let input = try folder.write("a.arpa", Self.small.replacing("ngram 2=1", with: "ngram 2=3"))
    var options = ImportOptions(input: input)
    #expect(try IndexImporter.run(options, to: folder.path("i")).warnings.count == 4)
    options.isStrict = true
    options.replace = true
    #expect(
      message { try IndexImporter.run(options, to: folder.path("i")) }.contains("--strict")
    )
  }

  @Test func `an index that does not list its n-grams is not exported`() throws {
    var options = ImportOptions(input: try folder.write("a.arpa", Self.small))
    options.keepCounts = false
    try IndexImporter.run(options, to: folder.path("i"))
    let output = folder.path("out.arpa")
    let text = message {
      try IndexExporter.run(ExportOptions(index: folder.path("i"), output: output))
    }
    #expect(text.contains("--no-counts"))
    #expect(!FileManager.default.fileExists(atPath: output))
  }

  @Test func `an unknown model is an error that lists the known ones`() throws {
    let input = try folder.write("a.arpa", Self.small)
    try IndexImporter.run(ImportOptions(input: input), to: folder.path("i"))
    var options = ExportOptions(index: folder.path("i"), output: folder.path("out.arpa"))
    options.modelName = "other"
    #expect(message { try IndexExporter.run(options) }.contains("--model ngram"))
  }

  @Test func `a stop leaves nothing behind`() throws {
    let input = try folder.write("a.arpa", Self.small)
    let cancellation = Cancellation()
    cancellation.cancel(signal: 15)
    #expect(throws: Interrupted(signal: 15)) {
      try IndexImporter.run(
        ImportOptions(input: input),
        to: folder.path("i"),
        cancellation: cancellation
      )
    }
    #expect(folder.listing() == ["a.arpa"])
  }

  @Test func `options that cannot work are refused`() {
    var options = ImportOptions(input: "a.arpa")
    options.unknownLog10Probability = 1
    #expect(throws: OptionsError.unknownProbability(1)) { try options.validated() }
    options.unknownLog10Probability = -7
    options.memoryBytes = 1
    #expect(throws: OptionsError.memory(1)) { try options.validated() }
  }
}
