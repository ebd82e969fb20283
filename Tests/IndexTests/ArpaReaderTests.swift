import GramdexIndex
import Testing

/// Everything a reader made of an ARPA file.
struct ArpaContent: Equatable {
  var vocabulary: [String]
  var unigrams: [String: [Float]]
  /// Words joined by spaces → probability and backoff.
  var ngrams: [String: [Float]]
  var summary: ArpaSummary

  init(_ text: String, blockBytes: Int = 1 << 20, isStrict: Bool = false) throws {
    try self.init(Array(text.utf8), blockBytes: blockBytes, isStrict: isStrict)
  }

  init(_ bytes: [UInt8], blockBytes: Int = 1 << 20, isStrict: Bool = false) throws {
    var reader = ArpaReader(file: "model.arpa", isStrict: isStrict)
    var batches: [ArpaBatch] = []
    var first = 0
    while first < bytes.count {
      let block = Array(bytes[first..<min(bytes.count, first + blockBytes)])
      try reader.consume(block.span) { batches.append($0) }
      first += blockBytes
    }
    summary = try reader.finish { batches.append($0) }
    let words = reader.vocabulary
    vocabulary = (0..<UInt32(words.count)).map { String(decoding: words.word($0), as: UTF8.self) }
    unigrams = [:]
    for (id, word) in vocabulary.enumerated() where !reader.unigramLog10Probabilities[id].isNaN {
      unigrams[word] = [reader.unigramLog10Probabilities[id], reader.unigramLog10Backoffs[id]]
    }
    ngrams = [:]
    for batch in batches {
      let width = batch.order + ArpaBatch.payloadWidth
      for start in stride(from: 0, to: batch.tuples.count, by: width) {
        let tuple = batch.tuples[start..<(start + width)]
        let ids = tuple.prefix(batch.order - 1).reversed() + [tuple[start + batch.order - 1]]
        let key = ids.map { vocabulary[Int($0)] }.joined(separator: " ")
        let values = [tuple[start + batch.order], tuple[start + batch.order + 1]]
        ngrams[key] = values.map { Float(bitPattern: $0) }
      }
    }
  }
}

/// What `body` throws, as an `ArpaError`.
func arpaError(_ body: () throws -> Void) -> ArpaError? {
  do {
    try body()
    return nil
  } catch {
    return error as? ArpaError
  }
}

@Suite("Reading ARPA files")
struct ArpaReaderTests {
  static let sample = #"""

    \data\
    ngram 1=5
    ngram 2=4

    \1-grams:
    -1.0	<unk>
    -99	<s>	-0.30103
    -0.60206	</s>
    -0.60206	a	-0.1760913
    -0.60206	b	-0.1760913

    \2-grams:
    -0.30103	<s> a
    -0.30103	a b
    -0.30103	b </s>
    -0.60206	b a

    \end\

    """#

  private var expected: ArpaContent { get throws { try ArpaContent(Self.sample) } }

  @Test func `the sample's words and numbers are read`() throws {
    let content = try expected
    #expect(content.vocabulary == ["<unk>", "<s>", "</s>", "a", "b"])
    #expect(content.unigrams["a"] == [-0.60206, -0.1760913])
    #expect(content.unigrams["<s>"] == [-99, -0.30103])
    #expect(content.ngrams["b </s>"] == [-0.30103, 0])
    #expect(content.ngrams.count == 4)
    #expect(content.summary.ngrams == [5, 4])
    #expect(content.summary.warnings == [])
  }

  @Test(arguments: [1, 2, 3, 7, 64])
  func `blocks of any size give the same`(blockBytes: Int) throws {
    #expect(try ArpaContent(Self.sample, blockBytes: blockBytes) == expected)
  }

  @Test func `text before data is skipped, a byte order mark too`() throws {
    let content = try ArpaContent("made by a tool\n# note\n" + Self.sample)
    #expect(content.ngrams == (try expected.ngrams))
    let marked = "\u{FEFF}" + Self.sample.dropFirst()
    #expect(try ArpaContent(marked).ngrams == expected.ngrams)
  }

  @Test func `text after end is ignored with a warning`() throws {
    let content = try ArpaContent(Self.sample + "\nCLASS 0.5 a\n\n\\data\\\nngram 1=7\n")
    #expect(content.ngrams == (try expected.ngrams))
    #expect(content.summary.warnings == [.textAfterEnd(line: 21)])
    #expect(try ArpaContent(Self.sample + "\n \t\r\n").summary.warnings == [])
  }

  @Test func `a missing end is an error that names the last line`() {
    let text = Self.sample.replacing("\n\\end\\\n", with: "")
    #expect(arpaError { _ = try ArpaContent(text) } == .noEnd(file: "model.arpa", line: 17))
    #expect(
      arpaError { _ = try ArpaContent("\\data\\\nngram 1=5\n") }
        == .noEnd(file: "model.arpa", line: 2)
    )
  }

  @Test func `end needs no line end`() throws {
    #expect(try ArpaContent(String(Self.sample.dropLast())) == expected)
  }

  @Test func `spaces serve as tabs and tabs as spaces`() throws {
    #expect(try ArpaContent(Self.sample.replacing("\t", with: "   ")) == expected)
    #expect(try ArpaContent(Self.sample.replacing("<s> a", with: "<s>\t a")) == expected)
    let indented = Self.sample.replacing("\n-0", with: "\n  -0")
    #expect(try ArpaContent(indented) == expected)
  }

  @Test func `Kaldi's tabs, blanks at the ends of lines and blank lines anywhere are accepted`()
    throws
  {
    let tabbed = Self.sample.replacing("a b", with: "a\tb").replacing("b </s>", with: "b\t</s>")
    #expect(try ArpaContent(tabbed) == expected)
    let trailing = Self.sample.replacing("\n", with: " \t \n")
    #expect(try ArpaContent(trailing) == expected)
    // The backoff field is there, but empty.
    #expect(try ArpaContent(Self.sample.replacing("\ta b", with: "\ta b\t")) == expected)
    let spaced = try ArpaContent(Self.sample.replacing("\n", with: "\n\n"))
    #expect(try spaced.ngrams == expected.ngrams)
    #expect(try spaced.unigrams == expected.unigrams)
    let close = Self.sample.replacing("\n\n", with: "\n")
    #expect(try ArpaContent(close).ngrams == expected.ngrams)
  }

  @Test(arguments: [
    "-5", "0", "1.5e3", #"\end\"#, #"\2-grams:"#, "ngram", "a\u{A0}b", "#", "\u{FEFF}x", "\"",
    "<eps>",
  ])
  func `words may look like anything`(word: String) throws {
    let content = try ArpaContent(Self.sample.replacing("b", with: word))
    #expect(content.ngrams["a \(word)"] == [-0.30103, 0])
    #expect(content.unigrams[word] == [-0.60206, -0.1760913])
    #expect(content.summary.warnings == [])
  }

  @Test func `lines may end in CR LF`() throws {
    #expect(try ArpaContent(Self.sample.replacing("\n", with: "\r\n")) == expected)
  }

  @Test(arguments: [
    "ngram 1=   5", "ngram  1=5", "ngram 1 = 5", "ngram 1=\t5 ", "  ngram 1=5", "ngram 1=05",
  ])
  func `header lines may be padded`(line: String) throws {
    #expect(try ArpaContent(Self.sample.replacing("ngram 1=5", with: line)) == expected)
  }

  @Test func `a wrong header count is a warning, and an error when strict`() throws {
    let text = Self.sample.replacing("ngram 2=4", with: "ngram 2=7")
    let warnings = try ArpaContent(text).summary.warnings
    #expect(warnings == [.wrongCount(order: 2, declared: 7, found: 4)])
    #expect(
      arpaError { _ = try ArpaContent(text, isStrict: true) }
        == .wrongCount(file: "model.arpa", order: 2, declared: 7, found: 4)
    )
    #expect(try ArpaContent(Self.sample, isStrict: true) == expected)
    let silent = Self.sample.replacing("ngram 2=4\n", with: "")
    #expect(
      try ArpaContent(silent).summary.warnings == [.wrongCount(order: 2, declared: nil, found: 4)]
    )
  }

  @Test(arguments: ["-inf", "-Inf", "-INFINITY", "-1e999"])
  func `minus infinity is -99`(text: String) throws {
    let content = try ArpaContent(Self.sample.replacing("-0.30103\ta b", with: "\(text)\ta b"))
    #expect(content.ngrams["a b"] == [-99, 0])
  }

  @Test func `positive log probabilities become 0 with a warning`() throws {
    let content = try ArpaContent(Self.sample.replacing("-0.30103\ta b", with: "0.2\ta b"))
    #expect(content.ngrams["a b"] == [0, 0])
    #expect(content.summary.warnings == [.positiveLogProbabilities(count: 1, line: 15)])
  }

  @Test func `backoffs of the highest order are ignored, with a warning unless 0`() throws {
    let zero = try ArpaContent(Self.sample.replacing("\ta b", with: "\ta b\t0"))
    #expect(zero == (try expected))
    let other = try ArpaContent(Self.sample.replacing("\ta b", with: "\ta b\t-0.5"))
    #expect(other.summary.warnings == [.topOrderBackoffs(count: 1, line: 15)])
  }

  @Test func `backoffs below the highest order may be missing, positive or infinite`() throws {
    let text = Self.sample.replacing("a\t-0.1760913", with: "a\t0.5")
      .replacing("b\t-0.1760913", with: "b\t-inf")
    let content = try ArpaContent(text)
    #expect(content.unigrams["a"] == [-0.60206, 0.5])
    #expect(content.unigrams["b"] == [-0.60206, -99])
    #expect(content.unigrams["</s>"] == [-0.60206, 0])
  }

  @Test func `missing reserved words are added with warnings`() throws {
    let text = #"\data\\#nngram 1=1\#n\#n\1-grams:\#n-0.5 a\#n\#n\end\\#n"#
    var reader = ArpaReader(file: "model.arpa")
    let bytes = Array(text.utf8)
    try reader.consume(bytes.span) { _ in }
    let summary = try reader.finish { _ in }
    let added = reader.addReservedWords(unknownLog10Probability: -100)
    #expect(
      added == [.noUnknown(log10Probability: -100), .noBeginOfSentence, .noEndOfSentence]
    )
    #expect(reader.unigramLog10Probabilities == [-100, -99, -99, -0.5])
    #expect(summary.order == 1)
    #expect(summary.ngrams == [1])
  }

  @Test func `a model may have 1-grams only`() throws {
    let cut = Self.sample.replacing("ngram 2=4\n", with: "")
    let text = cut[..<(cut.firstRange(of: "\\2-grams:")?.lowerBound ?? cut.endIndex)] + "\\end\\\n"
    let content = try ArpaContent(String(text))
    #expect(content.summary.order == 1)
    #expect(content.unigrams == (try expected.unigrams))
  }

  @Test func `an order without n-grams does not raise the model's order`() throws {
    let text = Self.sample.replacing("ngram 2=4", with: "ngram 2=4\nngram 3=0")
      .replacing("\\end\\", with: "\\3-grams:\n\n\\end\\")
    let content = try ArpaContent(text, isStrict: true)
    #expect(content.summary.order == 2)
    #expect(content.summary.ngrams == [5, 4])
    #expect(content.ngrams == (try expected.ngrams))
  }

  @Test func `<s> is never an event, whatever probability it has`() throws {
    #expect(try ArpaContent(Self.sample.replacing("-99\t<s>", with: "0\t<s>")) == expected)
  }

  @Test func `<UNK> is another spelling of the unknown word`() throws {
    let text = Self.sample.replacing("<unk>", with: "<UNK>").replacing("\ta b", with: "\t<UNK> b")
    let content = try ArpaContent(text)
    #expect(content.unigrams["<unk>"] == [-1, 0])
    #expect(content.ngrams["<unk> b"] == [-0.30103, 0])
  }

  @Test func `bytes that are no spaces stay in words`() throws {
    let word = "c\u{0B}d\u{A0}e\u{3000}"
    let content = try ArpaContent(Self.sample.replacing("b", with: word))
    #expect(content.ngrams["a \(word)"] == [-0.30103, 0])
  }

  @Test func `quantised IRSTLM files (qARPA) are read through their codebooks`() throws {
    let text = #"""
      qARPA 2 3 2

      \data\
      ngram 1= 3
      ngram 2= 2

      \1-grams:
      3
      -99 -99
      -0.5 -0.25
      -0.625 0
      1	a	2
      2	<s>	1
      1	<unk>	0

      \2-grams:
      2
      -1.5
      -0.75
      1	<s>	a
      0	a	a
      \end\

      """#
    let content = try ArpaContent(text, isStrict: true)
    #expect(
      content.unigrams == ["a": [-0.5, 0], "<s>": [-99, -0.25], "<unk>": [-0.5, -99]]
    )
    #expect(content.ngrams == ["<s> a": [-0.75, 0], "a a": [-1.5, 0]])
    let beyond = text.replacing("0\ta\ta", with: "2\ta\ta")
    #expect(
      arpaError { _ = try ArpaContent(beyond) }
        == .malformed(
          file: "model.arpa",
          line: 21,
          expected: "a code from 0 to 1",
          found: "\"2\ta\ta\""
        )
    )
  }

  @Test func `interpolated IRSTLM files (iARPA) are marked as such`() throws {
    #expect(try ArpaContent("iARPA\n" + Self.sample).summary.isInterpolated)
    #expect(try !expected.summary.isInterpolated)
  }

  @Test func `a file of ten thousand n-grams comes in several batches`() throws {
    let words = (0..<100).map { "w\($0)" }
    var text = "\\data\\\nngram 1=100\nngram 2=10000\n\n\\1-grams:\n"
    for word in words { text += "-2\t\(word)\t-0.5\n" }
    text += "\n\\2-grams:\n"
    for left in words { for right in words { text += "-1\t\(left) \(right)\n" } }
    let content = try ArpaContent(text + "\n\\end\\\n", blockBytes: 1000)
    #expect(content.ngrams.count == 10_000)
    #expect(content.summary.ngrams == [100, 10_000])
    #expect(content.vocabulary.count == 103)
  }
}
