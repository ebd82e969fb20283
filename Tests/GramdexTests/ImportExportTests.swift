import Foundation
import Gramdex
import GramdexCore
import Synchronization
import TestSupport
import Testing

/// Keeps the warnings of a job.
final class WarningList: ProgressObserver {
  private let list = Mutex<[String]>([])
  func progress(_ update: ProgressUpdate) {}
  func warning(_ message: String) { list.withLock { $0.append(message) } }
  /// The warnings so far.
  var messages: [String] { list.withLock { $0 } }
}

@Suite("ARPA files in and out")
struct ImportExportTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Imports a file, exports the index, and returns the exported text.
  private func roundTrip(
    _ path: String,
    change: (inout ImportOptions) -> Void = { _ in }
  ) throws -> String {
    var options = ImportOptions(input: path)
    options.replace = true
    change(&options)
    try IndexImporter.run(options, to: folder.path("index"))
    let output = folder.path("out.arpa")
    try IndexExporter.run(ExportOptions(index: folder.path("index"), output: output))
    return try String(contentsOfFile: output, encoding: .utf8)
  }

  /// The golden files of one folder that are not larger than `bytes`.
  private static func golden(_ name: String, upTo bytes: Int) -> [String] {
    let url = SharedData.url("golden/\(name)")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.sorted().filter { file in
      guard file.hasSuffix(".arpa") || file.hasSuffix(".arpa.gz") else { return false }
      let path = url.appending(path: file).path
      let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
      return size > 0 && size <= bytes
    }.map { "golden/\(name)/\($0)" }
  }

  @Test(
    .enabled(if: SharedData.hasGolden, Comment(rawValue: SharedData.absent)),
    arguments: golden("arpa", upTo: 50_000)
  )
  func `what lmplz wrote comes back line by line, in its spelling`(path: String) throws {
    let expected = try SharedData.contents(path)
    func lines(_ text: String) -> Set<String> {
      Set(
        text.split(separator: "\n").map { line in
          // lmplz writes 0 for <s> and for the backoff of what is no context.
          let fields = line.split(separator: "\t").map(String.init)
          if fields.count > 1 && fields[1] == "<s>" {
            return (["-99"] + fields.dropFirst()).joined(separator: "\t")
          }
          let isPlain = fields.count == 3 && fields[2] == "0"
          return (isPlain ? Array(fields.prefix(2)) : fields).joined(separator: "\t")
        }
      )
    }
    let text = try roundTrip(SharedData.url(path).path)
    #expect(lines(text) == lines(String(decoding: expected, as: UTF8.self)))
  }

  @Test(
    .enabled(if: SharedData.hasGolden, Comment(rawValue: SharedData.absent)),
    arguments: golden("srilm", upTo: 20_000)
  )
  func `what SRILM wrote comes back number by number`(path: String) throws {
    let expected = ArpaText(try SharedData.contents(path))
    let found = ArpaText(Data(try roundTrip(SharedData.url(path).path).utf8))
    for (order, entries) in expected.entries.enumerated() {
      for (ngram, entry) in entries {
        let other = found.entries[order][ngram]
        #expect(Float(other?.log10Probability ?? .nan) == Float(entry.log10Probability))
        #expect(Float(other?.log10Backoff ?? .nan) == Float(entry.log10Backoff), "\(ngram)")
      }
      // Only a missing <unk> is added.
      let isClosed = order == 0 && entries[["<unk>"]] == nil
      #expect(found.entries[order].count == entries.count + (isClosed ? 1 : 0))
    }
    #expect(found.announced == found.entries.map(\.count))
  }

  private static let pruned = #"""
    \data\
    ngram 1=5
    ngram 2=2
    ngram 3=2

    \1-grams:
    -1	<unk>
    -99	<s>	-0.25
    -0.5	</s>
    -0.75	a	-0.5
    -0.625	b	-1

    \2-grams:
    -0.125	<s> a	-0.375
    -0.0625	a b

    \3-grams:
    -0.03125	<s> a b
    -0.3	b a b

    \end\

    """#

  @Test func `blank nodes are reported and not exported`() throws {
    let input = try folder.write("pruned.arpa", Self.pruned)
    let summary = try IndexImporter.run(ImportOptions(input: input), to: folder.path("i"))
    #expect(summary.orders.map(\.ngrams) == [5, 2, 2])
    // "b a" is missing.
    #expect(summary.orders.map(\.blankNodes) == [0, 1, 0])
    #expect(summary.warnings.count == 1)
    let text = try roundTrip(input)
    #expect(text == "\n" + Self.pruned)
  }

  @Test func `exporting what was exported gives the same bytes`() throws {
    let first = try roundTrip(try folder.write("pruned.arpa", Self.pruned))
    let second = try roundTrip(try folder.write("again.arpa", first))
    #expect(first == second)
  }

  @Test func `plain, gzip and zstd are read and written`() throws {
    let input = try folder.write("pruned.arpa", Self.pruned)
    try IndexImporter.run(ImportOptions(input: input), to: folder.path("index"))
    for ending in ["arpa", "arpa.gz", "arpa.zst"] {
      let packed = folder.path("packed.\(ending)")
      let summary = try IndexExporter.run(
        ExportOptions(index: folder.path("index"), output: packed)
      )
      #expect(summary.ngrams == [5, 2, 2])
      #expect(summary.bytes == UInt64(try Data(contentsOf: URL(filePath: packed)).count))
      #expect(try roundTrip(packed) == "\n" + Self.pruned)
    }
  }

  @Test func `a model of order 1 comes back`() throws {
    let text = "\n\\data\\\nngram 1=3\n\n\\1-grams:\n-1\t<unk>\n-99\t<s>\n-0.5\t</s>\n\n\\end\\\n"
    #expect(try roundTrip(try folder.write("one.arpa", text)) == text)
  }

  @Test(.enabled(if: SharedData.hasGolden, Comment(rawValue: SharedData.absent)))
  func `the index does not depend on memory, threads or packing`() throws {
    let input = SharedData.url("golden/arpa/toy.o3.arpa").path
    let packed = SharedData.url("golden/arpa/toy.o5.arpa.gz").path
    let plain = try folder.write("o5.arpa", try SharedData.contents("golden/arpa/toy.o5.arpa.gz"))
    func index(_ input: String, _ memory: UInt64, _ threads: Int) throws -> Data {
      var options = ImportOptions(input: input)
      options.memoryBytes = memory
      options.threads = threads
      options.replace = true
      try IndexImporter.run(options, to: folder.path("i"))
      let file = try #require(folder.listing("i").first { $0.hasSuffix(".mdb") })
      return try Data(contentsOf: URL(filePath: folder.path("i/\(file)")))
    }
    #expect(try index(input, 16 << 20, 1) == index(input, 1 << 30, 2))
    #expect(try index(packed, 16 << 20, 2) == index(plain, 64 << 20, 1))
  }

  @Test(.enabled(if: SharedData.hasGolden, Comment(rawValue: SharedData.absent)))
  func `a compact index is exported with its codes' values and a warning`() throws {
    let input = SharedData.url("golden/arpa/toy.o3.arpa").path
    var options = ImportOptions(input: input)
    options.layout = .compact
    try IndexImporter.run(options, to: folder.path("i"))
    let warnings = WarningList()
    let output = folder.path("compact.arpa")
    try IndexExporter.run(
      ExportOptions(index: folder.path("i"), output: output),
      observer: warnings
    )
    #expect(warnings.messages.count == 1)
    let expected = ArpaText(try SharedData.contents("golden/arpa/toy.o3.arpa"))
    let found = ArpaText(try Data(contentsOf: URL(filePath: output)))
    for (order, entries) in expected.entries.enumerated() {
      #expect(Set(found.entries[order].keys) == Set(entries.keys))
      for (ngram, entry) in entries where ngram != ["<s>"] {
        let other = found.entries[order][ngram]?.log10Probability ?? .nan
        // 256 codes over a range of about 4.
        #expect(abs(other - entry.log10Probability) < 0.05, "\(ngram)")
      }
    }
  }
}
