import GramdexIndex
import Testing

@Suite("Errors in ARPA files")
struct ArpaErrorTests {
  private static let sample = ArpaReaderTests.sample

  /// Line 15 of the sample, `-0.30103<TAB>a b`, replaced by another.
  @Test(arguments: [
    ("-0,30103\ta b", "a log10 probability"), ("nan\ta b", "a log10 probability"),
    ("inf\ta b", "a log10 probability"), ("a b", "a log10 probability"),
    ("-0.3\ta", "2 words after the log10 probability"),
    ("-0.3", "2 words after the log10 probability"),
    ("-0.3\ta b c", "a log10 backoff after the words"),
    ("-0.3\ta b -0,5", "a log10 backoff after the words"),
    ("-0.3\ta b nan", "a log10 backoff after the words"),
    ("-0.3\ta b -1 -1", "the end of the line after the backoff"),
    ("\\4grams:", #"an n-gram, \3-grams: or \end\"#),
    ("\\1-grams:", #"an n-gram, \3-grams: or \end\"#),
    ("\\data\\", #"an n-gram, \3-grams: or \end\"#),
  ])
  func `a malformed line is named with what was expected and found`(line: String, expected: String)
  {
    let text = Self.sample.replacing("-0.30103\ta b", with: line)
    let error = arpaError { _ = try ArpaContent(text) }
    #expect(
      error == .malformed(file: "model.arpa", line: 15, expected: expected, found: "\"\(line)\"")
    )
  }

  @Test func `the message has file, line, what was expected and what was found`() {
    let error = ArpaError.malformed(
      file: "m.arpa",
      line: 3,
      expected: "a log10 probability",
      found: "\"x y\""
    )
    #expect(
      "\(error)"
        == "m.arpa, line 3: expected a log10 probability, found \"x y\"; correct the line"
    )
  }

  @Test(arguments: ["ngram 1", "ngram =5", "ngram 1=x", "ngram 0=5", "nothing", "ngram 1=-5"])
  func `a malformed header line is an error`(line: String) {
    let error = arpaError {
      _ = try ArpaContent(Self.sample.replacing("ngram 1=5", with: line))
    }
    #expect(
      error
        == .malformed(
          file: "model.arpa",
          line: 3,
          expected: #"ngram ORDER=COUNT or \1-grams:"#,
          found: "\"\(line)\""
        )
    )
  }

  @Test func `an order beyond the largest is an error, not an allocation`() {
    let error = arpaError {
      _ = try ArpaContent(Self.sample.replacing("ngram 2=4", with: "ngram 4000000000=4"))
    }
    #expect(
      error
        == .malformed(
          file: "model.arpa",
          line: 4,
          expected: "an order up to 63",
          found: "\"ngram 4000000000=4\""
        )
    )
  }

  @Test func `a word outside the 1-grams is an error`() {
    let error = arpaError {
      _ = try ArpaContent(Self.sample.replacing("\ta b", with: "\ta zz"))
    }
    #expect(
      error == .unknownWord(file: "model.arpa", line: 15, word: "\"zz\"", order: 2)
    )
  }

  @Test(arguments: ["a", "<s>", "<unk>"])
  func `a 1-gram that stands twice is an error`(word: String) {
    let error = arpaError {
      _ = try ArpaContent(Self.sample.replacing("\n\\2-grams:", with: "-1\t\(word)\n\n\\2-grams:"))
    }
    #expect(
      error
        == .duplicate(file: "model.arpa", line: 12, ngram: "\"\(word)\"", earlierLine: 0)
    )
  }

  @Test func `sections must begin with 1-grams and ascend`() {
    let error = arpaError {
      _ = try ArpaContent(Self.sample.replacing("\\1-grams:", with: "\\2-grams:"))
    }
    #expect(
      error
        == .malformed(
          file: "model.arpa",
          line: 6,
          expected: #"\1-grams:"#,
          found: #""\2-grams:""#
        )
    )
    #expect(
      arpaError { _ = try ArpaContent("\\data\\\n\\1-grams:\n\\end\\\n") }
        == .malformed(file: "model.arpa", line: 3, expected: "1-grams", found: #""\end\""#)
    )
  }

  @Test func `a file without data is no ARPA file`() {
    #expect(
      arpaError { _ = try ArpaContent("one\ntwo\n") }
        == .noData(file: "model.arpa", lines: 2, isKenLMBinary: false)
    )
    #expect(
      arpaError { _ = try ArpaContent("") }
        == .noData(file: "model.arpa", lines: 0, isKenLMBinary: false)
    )
    #expect(
      arpaError {
        _ = try ArpaContent("mmap lm http://kheafield.com/code format version 5\n\u{0}\u{0}")
      } == .noData(file: "model.arpa", lines: 2, isKenLMBinary: true)
    )
  }

  @Test func `a line without end is an error within the file and skipped before it`() throws {
    let long = [UInt8](repeating: 0x61, count: ArpaReader.lineLimit + 10)
    let before = try ArpaContent(long + Array(Self.sample.utf8))
    #expect(before.ngrams.count == 4)
    let inside = Self.sample.replacing("\n\\end\\\n", with: "-1\t")
    #expect(
      arpaError { _ = try ArpaContent(Array(inside.utf8) + long) }
        == .lineTooLong(file: "model.arpa", line: 18, limit: ArpaReader.lineLimit)
    )
  }

  @Test func `a damaged byte anywhere gives an error or other numbers, never a trap`() throws {
    let bytes = Array(Self.sample.utf8)
    for position in bytes.indices {
      for value: UInt8 in [0, 0x0A, 0x20, 0x5C, 0x2D, 0xFF] {
        var damaged = bytes
        damaged[position] = value
        let error = arpaError { _ = try ArpaContent(damaged, blockBytes: 50) }
        if let error { #expect(!"\(error)".isEmpty) }
      }
    }
  }

  @Test func `a file cut anywhere is an error`() {
    let bytes = Array(Self.sample.utf8)
    for count in 0..<(bytes.count - 1) {
      #expect(arpaError { _ = try ArpaContent(Array(bytes[..<count])) } != nil)
    }
  }
}
