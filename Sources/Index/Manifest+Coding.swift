import GramdexStorage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

// The file `MANIFEST`: a JSON object with sorted keys, a line end, and one line
// `xxh3 <16 hexadecimal digits>`, the XXH3-64 of all bytes before that line.
// It is valid when the last line fits the rest, the version is a known one, and `check(path:)` finds no flaw.

extension Manifest {
  /// Larger files than this are no manifests.
  package static let maximumBytes = 256 << 20

  private static let checksumMark = "xxh3 "
  /// `xxh3 `, 16 digits and a line end.
  private static let checksumBytes = 22

  private struct Version: Decodable {
    var formatVersion: Int
  }

  /// The bytes of the file; numbers must be finite.
  package func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    var bytes = [UInt8](try encoder.encode(self))
    bytes.append(UInt8(ascii: "\n"))
    let checksum = Hexadecimal.format(Checksum.xxh3(bytes))
    bytes += Array("\(Self.checksumMark)\(checksum)\n".utf8)
    return bytes
  }

  /// Reads the bytes of a file; `path` is for messages.
  package init(decoding bytes: [UInt8], path: String) throws(IndexError) {
    guard bytes.count > Self.checksumBytes else {
      throw .damagedManifest(path: path, reason: "it is cut off")
    }
    let json = Array(bytes.dropLast(Self.checksumBytes))
    let expected = Self.checksumMark + Hexadecimal.format(Checksum.xxh3(json)) + "\n"
    guard Array(expected.utf8) == Array(bytes.suffix(Self.checksumBytes)) else {
      throw .damagedManifest(
        path: path,
        reason: "its last line is not the checksum of the lines before"
      )
    }
    let decoder = JSONDecoder()
    do {
      let found = try decoder.decode(Version.self, from: Data(json)).formatVersion
      guard found == Self.currentFormatVersion else {
        throw IndexError.otherVersion(
          path: path,
          found: found,
          supported: Self.currentFormatVersion
        )
      }
      self = try decoder.decode(Manifest.self, from: Data(json))
    } catch let error as IndexError {
      throw error
    } catch {
      throw .damagedManifest(path: path, reason: "it does not have the expected fields (\(error))")
    }
    try check(path: path)
  }

  /// Refuses values that no writer writes: names that lead elsewhere, lists of a wrong length.
  private func check(path: String) throws(IndexError) {
    func require(_ isRight: Bool, _ reason: String) throws(IndexError) {
      if !isRight { throw .damagedManifest(path: path, reason: reason) }
    }
    for file in files {
      try require(TableFileName(file.name) != nil, "\(file.name) is no name of a file in an index")
    }
    try require(IndexFolder.isNamed(tokenizer), "its tokenizer and the model of that do not fit")
    try require(Set(files.map(\.name)).count == files.count, "a file is named twice")
    try require(Set(models.map(\.name)).count == models.count, "a model is named twice")
    try require(
      Set(neuralModels.map(\.name)).union(models.map(\.name)).count
        == neuralModels.count + models.count,
      "a model is named twice"
    )
    for model in neuralModels {
      try require(
        neuralFiles.contains { $0.name == model.file && $0.databases[.network] != nil },
        "the file of the neural model \(model.name) is not listed"
      )
      try require(TableFileName.isPrefix(model.name), "a neural model has no usable name")
    }
    for model in models {
      try require(
        [model.file, model.countsFile ?? model.file].allSatisfy { name in
          files.contains { $0.name == name }
        },
        "a file of model \(model.name) is not listed"
      )
      try require(
        (1...ModelHeader.maximumOrder).contains(model.order) && model.ngrams.count == model.order
          && [0, model.order].contains(model.countsOfCounts.count)
          && [0, model.order].contains(model.discounts.count)
          && model.discounts.allSatisfy { $0.count == 3 },
        "the lists of model \(model.name) do not fit its order"
      )
      try require(
        !model.name.isEmpty && model.name.utf8.count <= 255 && !model.name.utf8.contains(0),
        "a model has no usable name"
      )
    }
  }
}

/// The name of a table file: `ngrams-000001.mdb`, or with the name of its neural model, `lstm-000002.mdb`.
package struct TableFileName: Hashable, Comparable, Sendable {
  /// What files of n-gram models begin with.
  package static let ngrams = "ngrams"
  private static let suffix = ".mdb"

  /// What stands before the number.
  package let prefix: String
  /// Counts the files of an index, whatever they begin with; never used twice.
  package let number: UInt32

  /// Makes a name; the prefix must be one (`isPrefix`).
  package init(_ prefix: String = ngrams, number: UInt32) {
    self.prefix = prefix
    self.number = number
  }

  /// Reads a name; nil when it is another one.
  package init?(_ text: String) {
    guard text.hasSuffix(Self.suffix), let dash = text.lastIndex(of: "-") else { return nil }
    let digits = text[text.index(after: dash)...].dropLast(Self.suffix.count)
    guard let number = UInt32(digits) else { return nil }
    prefix = String(text[..<dash])
    self.number = number
    if !Self.isPrefix(prefix) || self.text != text { return nil }
  }

  /// Whether a file may begin so: 1 to 64 letters, digits, `-`, `_` and `.`, as names of models.
  package static func isPrefix(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
      }
  }

  /// The name.
  package var text: String {
    let digits = String(number)
    return prefix + "-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
      + Self.suffix
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.number, left.prefix) < (right.number, right.prefix)
  }
}
