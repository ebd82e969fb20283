import Foundation
import Gramdex
import TestSupport
import Testing

@testable import GramdexIndex
@testable import GramdexStorage

/// Opens an index whose files are wrong in ways that no checksum shows, as if they had been made so on purpose.
@Suite("An index that was changed on purpose, checksums and all")
struct IndexFuzzTests {
  private let folder: TemporaryFolder
  private let index: String
  private let text: String

  init() throws {
    folder = try TemporaryFolder()
    index = folder.path("index")
    text = Corpora.text(Corpora.random(seed: 5, sentences: 60, wordTypes: 30))
  }

  /// An index as bytes, to be changed.
  private struct Original {
    let manifest: Manifest
    let manifestBytes: [UInt8]
    let file: String
    let bytes: [UInt8]
    /// The pages that hold no values.
    let structural: Set<Int>
    let pageBytes: Int
  }

  private func build(_ change: (inout BuildOptions) -> Void) throws -> Original {
    var options = BuildOptions(inputs: [try folder.write("text.txt", text)])
    options.order = 3
    options.memoryBytes = 64 << 20
    options.threads = 1
    options.replace = true
    change(&options)
    try IndexBuilder.build(options, to: index)
    let manifestBytes = [UInt8](try Data(contentsOf: URL(filePath: index + "/MANIFEST")))
    let manifest = try IndexFolder(index).manifest()
    let file = try #require(manifest.files.first)
    let path = index + "/" + file.name
    return Original(
      manifest: manifest,
      manifestBytes: manifestBytes,
      file: path,
      bytes: [UInt8](try Data(contentsOf: URL(filePath: path))),
      structural: Set(
        try TableFile(path: path, layout: file.layout).tree.structure()
          .flatMap { Int($0.first)..<Int($0.first + $0.count) }
      ),
      pageBytes: Int(file.layout.pageBytes)
    )
  }

  /// Does what the commands do, errors being fine, and returns whether the index is sound to `verify`.
  private func useEverything() -> Bool {
    if let model = try? NGramModel.open(index) {
      _ = model.query(text)
      _ = model.perplexity(of: text)
      _ = model.scoreSentence("w0 w1 zebra w2")
    }
    if let counts = try? NGramCounts(path: index) {
      for ngram in ["w0", "w0 w1", "<s> w0 w1", "w1 w1 w1"] { _ = try? counts.count(of: ngram) }
    }
    if let next = try? NextWords(path: index) {
      for context in ["", "<s> w0", "w1 w0", "zebra"] {
        _ = try? next.words(after: context, limit: 3)
        _ = try? next.completions(of: context, limit: 3)
        _ = try? next.sum(after: next.state(after: context))
      }
    }
    _ = try? Explainer(path: index).explain("w0 w1 zebra w2")
    _ = try? SentenceGenerator(path: index, options: GenerationOptions(maximumWords: 4)).sentence(0)
    _ = try? IndexInfo(path: index)
    let output = folder.path("out.arpa")
    _ = try? IndexExporter.run(ExportOptions(index: index, output: output))
    return (try? IndexVerifier.run(path: index))?.isSound ?? false
  }

  /// Computes the checksums of all values anew.
  private func sealValues(_ bytes: inout [UInt8], pageBytes: Int) {
    func number(_ place: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(bytes[place + $1]) << (8 * UInt64($1)) }
    }
    for page in stride(from: 0, to: bytes.count, by: pageBytes) {
      let start = page + 16
      guard UInt32(truncatingIfNeeded: number(start)) == Envelope.magic else { continue }
      let payload = start + Envelope.byteCount
      let count = number(start + 16)
      guard count <= UInt64(bytes.count - payload) else { continue }
      let parts = PayloadParts(bytes: Int(truncatingIfNeeded: min(number(start + 32), count)))
      let checksum = unsafe Array(bytes[payload..<(payload + Int(count))]).withUnsafeBytes {
        unsafe parts.checksum(of: $0)
      }
      for byte in 0..<8 {
        bytes[start + 24 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt64(byte)))
      }
    }
  }

  /// Writes the manifest with the checksum that the file's structural pages have now.
  private func sealStructure(_ original: Original) throws {
    var manifest = original.manifest
    let file = try TableFile(path: original.file, layout: manifest.files[0].layout)
    let structural = try file.tree.structure()
    manifest.files[0].layout.structuralChecksum = file.checksum(of: structural)
    try Data(manifest.encoded()).write(to: URL(filePath: index + "/MANIFEST"))
  }

  private func fuzz(
    _ target: String,
    _ change: (inout BuildOptions) -> Void,
    pages: (Original, Int) -> Bool,
    isSealed: Bool
  ) throws {
    let original = try build(change)
    let pages = (0..<original.bytes.count / original.pageBytes).filter { pages(original, $0) }
    try Fuzzing.run(target) { seed in
      var mutator = Mutator(seed: seed)
      var bytes = original.bytes
      for _ in 0...mutator.next(below: 3) {
        let start = pages[mutator.next(below: pages.count)] * original.pageBytes
        // Headers, envelopes and the beginnings of payloads are where lengths and offsets are.
        let isHead = mutator.next(below: 2) == 0
        mutator.overwrite(&bytes, start..<(start + (isHead ? 160 : original.pageBytes)))
      }
      if isSealed { sealValues(&bytes, pageBytes: original.pageBytes) }
      try Data(bytes).write(to: URL(filePath: original.file))
      if isSealed { try? sealStructure(original) }
      let isSound = useEverything()
      if !isSealed { #expect(!isSound || bytes == original.bytes, "seed \(seed)") }
    }
  }

  @Test(arguments: [ScoreLayout.exact, .compact])
  func `without the scores of some listed n-grams it is not sound`(layout: ScoreLayout) throws {
    let original = try build { $0.layout = layout }
    #expect(useEverything())
    let key = ScoreKey.span(0, order: 3, model: BuildOptions.defaultModelName)
    let hash = Envelope.keyHash(.scores, key: key)
    let start = try #require(
      stride(from: 16, to: original.bytes.count, by: original.pageBytes).first { place in
        (0..<8).allSatisfy {
          original.bytes[place + 8 + $0] == UInt8(truncatingIfNeeded: hash >> (8 * UInt64($0)))
        }
      }
    )
    var bytes = original.bytes
    // The whole chunk: no bucket has a tag, no slot a fingerprint.
    let payload = start + Envelope.byteCount
    let count = (0..<4).reduce(0) { $0 | Int(bytes[start + 16 + $1]) << (8 * $1) }
    for place in payload..<payload + count { bytes[place] = 0 }
    sealValues(&bytes, pageBytes: original.pageBytes)
    try Data(bytes).write(to: URL(filePath: original.file))
    let report = try IndexVerifier.run(path: index)
    #expect(report.problems.contains { $0.contains("order 3 have no score") }, "\(report)")
  }

  @Test func `its structural pages do no harm`() throws {
    try fuzz("structure", { _ in }, pages: { $0.structural.contains($1) }, isSealed: true)
  }

  @Test func `its values do no harm, exact`() throws {
    try fuzz("exact", { _ in }, pages: { !$0.structural.contains($1) }, isSealed: true)
  }

  @Test func `its values do no harm, compact and pruned`() throws {
    try fuzz(
      "compact",
      {
        $0.layout = .compact
        $0.pruning = PruningThresholds([0, 0, 1])
      },
      pages: { !$0.structural.contains($1) },
      isSealed: true
    )
  }

  @Test func `with its old checksums it is never sound, and does no harm`() throws {
    try fuzz("damage", { _ in }, pages: { _, _ in true }, isSealed: false)
  }

  @Test func `its manifest does no harm`() throws {
    let original = try build { _ in }
    let end = original.manifestBytes.count - "xxh3 0123456789abcdef\n".utf8.count
    try Fuzzing.run("manifest") { seed in
      var mutator = Mutator(
        seed: seed,
        words: [
          "0", "-1", "1", "4", "63", "64", "18446744073709551615", "18446744073709551616", "1e400",
          "null",
          "[]", "{}", "\"\"", ",", "true", "[[0,1]]", "4096", "\"arpa\"", "\"compact\"",
          "\"../x.mdb\"",
        ]
      )
      var bytes = Array(original.manifestBytes[..<end])
      mutator.mutate(&bytes)
      let sum = String(Checksum.xxh3(bytes), radix: 16)
      bytes += Array("xxh3 \(String(repeating: "0", count: 16 - sum.count))\(sum)\n".utf8)
      try Data(bytes).write(to: URL(filePath: index + "/MANIFEST"))
      _ = useEverything()
    }
  }
}
