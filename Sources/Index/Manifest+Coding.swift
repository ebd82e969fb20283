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

/// The name of a table file: `ngrams-000001.mdb`.
package struct TableFileName: Hashable, Comparable, Sendable {
  /// Counts the files of an index; never used twice.
  package var number: UInt32

  /// Makes a name.
  package init(number: UInt32) {
    self.number = number
  }

  /// Reads a name; nil when it is another one.
  package init?(_ text: String) {
    let prefix = "ngrams-"
    let suffix = ".mdb"
    guard text.hasPrefix(prefix), text.hasSuffix(suffix),
      let number = UInt32(text.dropFirst(prefix.count).dropLast(suffix.count))
    else { return nil }
    self.number = number
    if self.text != text { return nil }
  }

  /// The name.
  package var text: String {
    let digits = String(number)
    return "ngrams-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".mdb"
  }

  package static func < (left: Self, right: Self) -> Bool {
    left.number < right.number
  }
}
