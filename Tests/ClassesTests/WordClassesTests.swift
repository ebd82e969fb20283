import GramdexCore
import TestSupport
import Testing

@testable import GramdexClasses

@Suite("A classes file")
struct WordClassesTests {
  private func read(
    _ text: String,
    _ tokenizer: TokenizerOptions = TokenizerOptions()
  ) throws -> WordClasses {
    let folder = try TemporaryFolder()
    return try WordClasses(
      path: try folder.write("classes", text),
      tokenizer: tokenizer
    )
  }

  private func reason(_ text: String) throws -> (UInt64?, ClassFileError.Reason)? {
    do {
      _ = try read(text)
      return nil
    } catch let error as ClassFileError {
      #expect(!error.description.isEmpty)
      return (error.line, error.reason)
    }
  }

  private func member(_ word: String, _ number: Int, _ p: Double) -> WordClasses.Member {
    WordClasses.Member(word: Array(word.utf8), classNumber: number, probability: p)
  }

  @Test func `is read line by line, with weights made probabilities`() throws {
    let classes = try read("CITY 3 rome\n\nDAY monday\nCITY 1 paris\nDAY\ttuesday\nDAY 7\n")
    #expect(classes.labels == [Array("CITY".utf8), Array("DAY".utf8)])
    let expected = [
      member("rome", 0, 0.75), member("monday", 1, 1 / 3.0), member("paris", 0, 0.25),
      member("tuesday", 1, 1 / 3.0), member("7", 1, 1 / 3.0),
    ]
    #expect(classes.members == expected)
  }

  @Test func `has words in normal form, equal ones together`() throws {
    let classes = try read("C 1 The\nC 1 the\nC 2 cat\n", TokenizerOptions(lowercase: true))
    #expect(classes.members == [member("the", 0, 0.5), member("cat", 0, 0.5)])
  }

  @Test func `that cannot be used names the line and the reason`() throws {
    let cases: [(String, UInt64?, ClassFileError.Reason)] = [
      ("A 1 x\nB\n", 2, .noWord),
      ("A -1 x\n", 1, .badWeight("-1")),
      ("A 1e999 x\n", 1, .badWeight("1e999")),
      ("A 0.5 new york\n", 1, .severalWords("new york")),
      ("A new york\n", 1, .severalWords("new york")),
      ("A 1 <s>\n", 1, .reservedWord("<s>")),
      ("<unk> 1 x\n", 1, .reservedWord("<unk>")),
      ("A 1 x\nB 1 A\n", 2, .classInClass("A")),
      ("A 1 B\nB 1 x\n", 2, .classInClass("B")),
      ("A 1 A\n", 1, .classInClass("A")),
      ("A 1 x\nB 1 x\n", 2, .twoClasses("x", "A", "B")),
      ("A 0 x\nA 0 y\n", nil, .noWeight("A")),
      ("\n\n", nil, .noClasses),
    ]
    for (text, line, expected) in cases {
      let found = try #require(try reason(text), "\(text)")
      #expect(found.0 == line && found.1 == expected, "\(text): \(found)")
    }
  }
}
