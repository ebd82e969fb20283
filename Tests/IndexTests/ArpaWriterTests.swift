import GramdexIndex
import Testing

@Suite("Writing ARPA files")
struct ArpaWriterTests {
  /// Collects what a writer hands out.
  final class Output {
    var bytes: [UInt8] = []
  }

  private func write(
    ngrams: [UInt64],
    _ body: (inout ArpaWriter) throws -> Void
  ) throws -> (text: String, written: [UInt64]) {
    let output = Output()
    var writer = ArpaWriter(ngrams: ngrams) { piece in
      for index in 0..<piece.count { output.bytes.append(piece[index]) }
    }
    try body(&writer)
    let written = try writer.finish()
    return (String(decoding: output.bytes, as: UTF8.self), written)
  }

  private func line(
    _ writer: inout ArpaWriter,
    _ probability: Float,
    _ words: [String],
    _ backoff: Float?
  ) throws {
    writer.beginLine(log10Probability: probability)
    for word in words {
      let bytes = Array(word.utf8)
      writer.appendWord(bytes.span)
    }
    try writer.endLine(log10Backoff: backoff)
  }

  @Test func `the form is the strict one, to the byte`() throws {
    let (text, written) = try write(ngrams: [2, 1]) { writer in
      writer.beginSection(order: 1)
      try line(&writer, -99, ["<s>"], -0.30103)
      try line(&writer, -0.60206, ["a"], nil)
      writer.beginSection(order: 2)
      try line(&writer, -0.25, ["<s>", "a"], -1)
    }
    #expect(
      text
        == "\n\\data\\\nngram 1=2\nngram 2=1\n\n\\1-grams:\n-99\t<s>\t-0.30103\n-0.60206\ta\n\n"
        + "\\2-grams:\n-0.25\t<s> a\n\n\\end\\\n"
    )
    #expect(written == [2, 1])
  }

  @Test func `what is written is read back`() throws {
    var state: UInt64 = 1
    func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return -Float(state >> 40) / Float(1 << 21)
    }
    let words = (0..<300).map { "w\($0)" }
    var expected: [String: [Float]] = [:]
    let (text, _) = try write(ngrams: [300, 300]) { writer in
      writer.beginSection(order: 1)
      for word in words { try line(&writer, next(), [word], next()) }
      writer.beginSection(order: 2)
      for (left, right) in zip(words, words.dropFirst() + [words[0]]) {
        let probability = next()
        expected["\(left) \(right)"] = [probability, 0]
        try line(&writer, probability, [left, right], nil)
      }
    }
    #expect(try ArpaContent(text, isStrict: true).ngrams == expected)
  }
}
