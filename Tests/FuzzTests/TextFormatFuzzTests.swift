import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

@Suite("Formats that people write, changed at random")
struct TextFormatFuzzTests {
  private static let arpa = """
    \\data\\
    ngram 1=6
    ngram 2=5
    ngram 3=3

    \\1-grams:
    -1.3\t<unk>
    -99\t<s>\t-0.41
    -0.9\t</s>
    -0.7\ta\t-0.33
    -0.8\tb\t-0.27
    -1.1\tc\t-0.19

    \\2-grams:
    -0.35\t<s> a\t-0.22
    -0.45\ta b\t-0.31
    -0.5\tb a\t-0.14
    -0.6\tb c\t-0.12
    -0.4\tc </s>

    \\3-grams:
    -0.21\t<s> a b
    -0.25\ta b a
    -0.2\tb c </s>

    \\end\\

    """

  private static let quantized = """
    qARPA 2 3 2

    \\data\\
    ngram 1= 3
    ngram 2= 2

    \\1-grams:
    3
    -99 -99
    -0.5 -0.25
    -0.625 0
    1\ta\t2
    2\t<s>\t1
    1\t<unk>\t0

    \\2-grams:
    2
    -1.5
    -0.75
    1\t<s>\ta
    0\ta\ta
    \\end\\

    """

  @Test func `an ARPA file is refused, or becomes an index that is sound and comes back the same`()
    throws
  {
    let folder = try TemporaryFolder()
    let index = folder.path("index")
    func importing(_ path: String) throws {
      var options = ImportOptions(input: path)
      options.memoryBytes = 64 << 20
      options.threads = 1
      options.replace = true
      try IndexImporter.run(options, to: index)
    }
    try Fuzzing.run("ARPA") { seed in
      var mutator = Mutator(
        seed: seed,
        words: [
          "\\end\\\n", "\\2-grams:\n", "\\3-grams:\n", "\\4-grams:\n", "ngram 4=2\n", "-inf", "nan",
          "inf",
          "1e38", "-1e-45", "<unk>", "<s>", "</s>", "<UNK>", "\t", "\n", "\r\n", "\0", "0x1p3",
          "-0",
          "-0.25\tb a c\n", "iARPA\n", "qARPA\n", "99999999999999999999", "a", "a b", "-",
        ]
      )
      var bytes = Array((seed % 4 == 0 ? Self.quantized : Self.arpa).utf8)
      mutator.mutate(&bytes)
      let input = try folder.write("in.arpa", Data(bytes))
      do {
        try importing(input)
      } catch {
        #expect("\(error)".contains("in.arpa"), "seed \(seed)")
        return
      }
      let report = try IndexVerifier.run(path: index)
      #expect(report.problems == [], "seed \(seed)")
      let first = folder.path("first.arpa")
      let second = folder.path("second.arpa")
      try IndexExporter.run(ExportOptions(index: index, output: first))
      try importing(first)
      try IndexExporter.run(ExportOptions(index: index, output: second))
      let texts = try [first, second].map { try Data(contentsOf: URL(filePath: $0)) }
      #expect(texts[0] == texts[1], "seed \(seed)")
    }
  }

  private static let counts = """
    <s>\t3
    a\t9
    b\t4
    </s>\t3
    <s> a\t2
    <s> b\t1
    a b\t3
    a a\t3
    b </s>\t2
    a </s>\t1
    <s> a a\t2
    a b </s>\t2
    a a b\t1

    """

  @Test func `a count file is refused, or becomes an index that is sound and comes back the same`()
    throws
  {
    let folder = try TemporaryFolder()
    let index = folder.path("index")
    func build(_ path: String) throws {
      var options = BuildOptions(inputs: [path])
      options.inputsAreCounts = true
      options.order = 3
      options.memoryBytes = 64 << 20
      options.threads = 1
      options.replace = true
      try IndexBuilder.build(options, to: index)
    }
    try Fuzzing.run("counts") { seed in
      var mutator = Mutator(
        seed: seed,
        words: [
          "<s>", "</s>", "<unk>", "<S>", "</S>", "<UNK>", "\t", "\n", "\r\n", "\0", " ", "-1", "0",
          "1.5", "99999999999999999999", "1152921504606846976", "1152921504606846977",
          "a b c d\t2\n",
          "a", "7\n", "c\t4294967296\n", "<s> <s> a\t1\n", "</s> a\t1\n", "b c a\t3\n",
        ]
      )
      var bytes = Array(Self.counts.utf8)
      mutator.mutate(&bytes)
      let input = try folder.write("in.counts", Data(bytes))
      do {
        try build(input)
      } catch {
        #expect(!"\(error)".isEmpty, "seed \(seed)")
        return
      }
      #expect(try IndexVerifier.run(path: index).problems == [], "seed \(seed)")
      let dumps = [folder.path("first"), folder.path("second")]
      try CountDumper.run(CountDumpOptions(index: index, output: dumps[0]))
      try build(dumps[0])
      try CountDumper.run(CountDumpOptions(index: index, output: dumps[1]))
      let texts = try dumps.map { try Data(contentsOf: URL(filePath: $0)) }
      #expect(texts[0] == texts[1], "seed \(seed)")
    }
  }

  private static let job = """
    inputs: [a.txt, /data/b.txt.gz]
    files-from: list
    json-field: article.body
    weights: {a.txt: 3, /data/b.txt.gz: 1}
    weights-in-lines: false
    remove-duplicates: true
    tokenizer: {kind: words, lowercase: true, strip-punctuation: true, unicode: nfkc}
    order: 3
    memory: 512M
    threads: 7
    smoothing:
      interpolate-unigrams: true
      discount-fallback: [0.25, 1, 2.5]
      strict: false
    prune: [0, 0, 1]
    layout: compact
    counts: false
    vocabulary: words.txt
    evaluation: valid.txt
    output: out.gramdex
    replace: true

    """

  @Test func `a job file is refused with its name, or is a job that can be checked`() {
    Fuzzing.run("job") { seed in
      var mutator = Mutator(
        seed: seed,
        words: [
          ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "!!binary ", "|\n", ">\n", "\"", "'", "#",
          "~", "\n",
          "\n  ", "\t", "---\n", "...\n", "%YAML 1.2\n", "order", "1e9", "-1", "0x10", "1_000",
          ".inf",
          ".nan", "99999999999999999999", "yes", "<<: *a\n", "\u{FEFF}", "\u{0}", "? ",
        ]
      )
      var bytes = Array(Self.job.utf8)
      mutator.mutate(&bytes)
      do {
        let job = try JobFile(yaml: String(decoding: bytes, as: UTF8.self), path: "job.yaml")
        _ = try? job.build.validated()
      } catch {
        #expect("\(error)".contains("job.yaml"), "seed \(seed): \(error)")
      }
    }
  }
}
