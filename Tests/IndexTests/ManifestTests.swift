import Foundation
import GramdexCore
import GramdexIndex
import GramdexStorage
import TestSupport
import Testing

@Suite("Manifest")
struct ManifestTests {
  /// A manifest with every field set.
  static func sample(file: String = "ngrams-000001.mdb") -> Manifest {
    var model = ModelEntry(
      name: "default",
      file: file,
      order: 2,
      layout: .compact,
      source: .text,
      smoothing: .modifiedKneserNey
    )
    model.smoothingOptions = SmoothingOptions()
    model.pruning = PruningThresholds([0, 1])
    model.ngrams = [5, .max]
    model.countsOfCounts = [[1, 2, 3, 4], [5, 6, 7, 8]]
    model.discounts = [[0.1, 0.2, 0.3], [0.5, 1, 1.5]]
    model.log10UnknownProbability = -3.25
    model.hasCounts = true
    let layout = TableFileLayout(
      bytes: 8192,
      pageBytes: 4096,
      structuralChecksum: .max
    )
    let summary = TableFileSummary(
      layout: layout,
      databases: [.counts: .init(values: 1, payloadBytes: 2, pageBytes: 3)]
    )
    return Manifest(
      toolVersion: "1.0",
      tokenizer: TokenizerOptions(kind: .words, unicode: .nfc),
      models: [model],
      corpus: [.init(path: "a/ü \"b\"", bytes: 7)],
      files: [.init(name: file, summary: summary)]
    )
  }

  @Test func `what was written is read`() throws {
    let bytes = try Self.sample().encoded()
    #expect(try Manifest(decoding: bytes, path: "m") == Self.sample())
    #expect(try Self.sample().encoded() == bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains("\"structuralChecksum\" : \"ffffffffffffffff\""))
    #expect(text.split(separator: "\n").last?.hasPrefix("xxh3 ") == true)
  }

  @Test func `no changed, missing or added byte goes unnoticed`() throws {
    let bytes = try Self.sample().encoded()
    for i in stride(from: 0, to: bytes.count, by: 3) {
      var changed = bytes
      changed[i] ^= 1 << UInt8(i % 8)
      #expect(throws: IndexError.self) { try Manifest(decoding: changed, path: "m") }
      #expect(throws: IndexError.self) { try Manifest(decoding: Array(bytes[..<i]), path: "m") }
      changed = bytes
      changed.insert(0x20, at: i)
      #expect(throws: IndexError.self) { try Manifest(decoding: changed, path: "m") }
    }
  }

  /// A manifest's bytes after `change` was made to its text, with a checksum that fits.
  func forged(_ change: (String) -> String) throws -> [UInt8] {
    let lines = String(decoding: try Self.sample().encoded(), as: UTF8.self)
    let json = Array(change(String(lines.dropLast(22))).utf8)
    return json + Array("xxh3 \(Hexadecimal.format(Checksum.xxh3(json)))\n".utf8)
  }

  @Test func `another version is named, with the one that is read`() throws {
    let bytes = try forged {
      $0.replacingOccurrences(of: "\"formatVersion\" : 2", with: "\"formatVersion\" : 3")
        .replacingOccurrences(of: "\"models\"", with: "\"networks\"")
    }
    let error = #expect(throws: IndexError.self) { try Manifest(decoding: bytes, path: "m") }
    #expect(error == .otherVersion(path: "m", found: 3, supported: 2))
    #expect(error?.description.contains("version 3") == true)
    #expect(error?.description.contains("reads version 2") == true)
  }

  @Test(arguments: [
    ("ngrams-000001.mdb", "../../etc/passwd"),
    ("ngrams-000001.mdb", "ngrams-1.mdb"),
    ("\"order\" : 2", "\"order\" : 64"),
    ("\"order\" : 2", "\"order\" : -1"),
    ("\"order\" : 2", "\"order\" : 3"),
    ("\"formatVersion\" : 2", "\"formatVersion\" : 0"),
    ("\"formatVersion\" : 2", "\"formatVersion\" : 1e99"),
    ("ffffffffffffffff", "ffffffffffffff"),
    ("\"name\" : \"default\"", "\"name\" : \"\""),
    ("\"name\" : \"default\"", "\"name\" : \"a\\u0000b\""),
    ("\"file\" : \"ngrams-000001.mdb\"", "\"file\" : \"ngrams-000002.mdb\""),
    ("{", "["), ("\"models\"", "\"networks\""), ("1.5", "\"x\""), ("1.5", "1.5, 2"),
  ])
  func `values that no writer writes are refused`(old: String, new: String) throws {
    let bytes = try forged { $0.replacingOccurrences(of: old, with: new) }
    #expect(throws: IndexError.self) { try Manifest(decoding: bytes, path: "m") }
  }

  @Test func `deeply nested text is refused, not followed`() throws {
    let bytes = try forged { _ in String(repeating: "[", count: 100_000) }
    #expect(throws: IndexError.self) { try Manifest(decoding: bytes, path: "m") }
  }

  @Test func `names of files are read back`() {
    #expect(TableFileName(number: 1).text == "ngrams-000001.mdb")
    #expect(TableFileName(number: .max).text == "ngrams-4294967295.mdb")
    #expect(TableFileName("ngrams-000012.mdb")?.number == 12)
    for prefix in ["lstm", "a-b_c.d", "x-000001.mdb", "..", String(repeating: "x", count: 64)] {
      let name = TableFileName(prefix, number: 7)
      #expect(name.text == prefix + "-000007.mdb" && TableFileName(name.text) == name)
    }
    for text in [
      "ngrams-12.mdb", "ngrams-+00012.mdb", "ngrams-0000012.mdb", "ngrams-.mdb", "LOCK", "",
      "x/ngrams-000012.mdb", "-000012.mdb", "a b-000012.mdb", "ä-000012.mdb",
      String(repeating: "x", count: 65) + "-000012.mdb",
    ] { #expect(TableFileName(text) == nil) }
  }
}
