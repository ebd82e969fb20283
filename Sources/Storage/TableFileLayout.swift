/// The named databases of a table file.
package enum TableDatabase: String, Sendable, Codable, CodingKeyRepresentable {
  /// Words and their ids.
  case vocabulary
  /// Counted n-grams, in context order.
  case counts
  /// Score tables.
  case scores
  /// What a neural model is: its description, its words, the shapes of its parameters.
  case network
  /// The numbers of a neural model.
  case parameters

  /// The databases of a file of n-gram models.
  package static let ofNGrams: [Self] = [.vocabulary, .counts, .scores]
  /// The databases of the file of a neural model.
  package static let ofNetwork: [Self] = [.network, .parameters]
}

/// What a manifest says of a table file.
package struct TableFileLayout: Hashable, Sendable, Codable {
  /// The file's size.
  package var bytes: UInt64
  /// The size of a page, a power of two.
  package var pageBytes: UInt64
  /// XXH3-64 over the bytes of all pages that hold no values, in the order of the file.
  package var structuralChecksum: UInt64

  /// Makes a layout.
  package init(
    bytes: UInt64,
    pageBytes: UInt64,
    structuralChecksum: UInt64
  ) {
    self.bytes = bytes
    self.pageBytes = pageBytes
    self.structuralChecksum = structuralChecksum
  }

  private enum CodingKeys: String, CodingKey {
    case bytes, pageBytes, structuralChecksum
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    bytes = try container.decode(UInt64.self, forKey: .bytes)
    pageBytes = try container.decode(UInt64.self, forKey: .pageBytes)
    let digits = try container.decode(String.self, forKey: .structuralChecksum)
    guard let checksum = Hexadecimal.parse(digits) else {
      throw DecodingError.dataCorruptedError(
        forKey: .structuralChecksum,
        in: container,
        debugDescription: "16 hexadecimal digits expected"
      )
    }
    structuralChecksum = checksum
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(pageBytes, forKey: .pageBytes)
    try container.encode(Hexadecimal.format(structuralChecksum), forKey: .structuralChecksum)
  }
}

/// What a finished table file holds.
package struct TableFileSummary: Equatable, Sendable {
  /// What one database holds.
  package struct Usage: Hashable, Sendable, Codable {
    /// Stored values.
    package var values: UInt64 = 0
    /// Bytes of their payloads.
    package var payloadBytes: UInt64 = 0
    /// Bytes of the pages that they take.
    package var pageBytes: UInt64 = 0

    /// Makes a usage.
    package init(values: UInt64 = 0, payloadBytes: UInt64 = 0, pageBytes: UInt64 = 0) {
      self.values = values
      self.payloadBytes = payloadBytes
      self.pageBytes = pageBytes
    }

    /// Counts one more value.
    mutating func add(payloadBytes: UInt64, pageBytes: UInt64) {
      values += 1
      self.payloadBytes += payloadBytes
      self.pageBytes += pageBytes
    }
  }

  /// What the manifest must say of the file.
  package var layout: TableFileLayout
  /// What each database holds.
  package var databases: [TableDatabase: Usage]

  /// Makes a summary.
  package init(layout: TableFileLayout, databases: [TableDatabase: Usage]) {
    self.layout = layout
    self.databases = databases
  }
}

/// 64-bit numbers as 16 hexadecimal digits: checksums in text, exact for every reader of JSON.
package enum Hexadecimal {
  /// 16 lower-case digits.
  package static func format(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The number, or nil unless `text` is 16 digits.
  package static func parse(_ text: String) -> UInt64? {
    guard text.utf8.count == 16, text.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
    else { return nil }
    return UInt64(text, radix: 16)
  }
}
