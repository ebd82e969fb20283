import Foundation
package import GramdexCounting
package import GramdexStorage

/// Writes a vocabulary into an index file, straight into the file's pages.
package enum VocabularyStage {
  /// Writes the words of `table` in the order of `ranked`.
  package static func write(
    _ table: borrowing WordTable,
    ranked: borrowing RankedVocabulary,
    to writer: TableFileWriter
  ) throws {
    var stringBytes = table.spellingBytes
    if ranked.count < table.count {
      // SAFETY: the ids are those of words of the table.
      stringBytes = (0..<ranked.count).reduce(0) { sum, id in
        unsafe sum + table.withSpelling(ranked.provisionalIDs[id]) { $0.count }
      }
    }
    let plan = try VocabularyTable(wordCount: ranked.count, stringBytes: stringBytes)
    let stage = try Room(plan, in: writer)
    // SAFETY: the regions have the sizes that the plan gives, and spellings add up to `stringBytes`.
    unsafe stage.offsets.withUnsafeMutableBytes { offsetBytes in
      unsafe stage.bytes.withUnsafeMutableBytes { wordBytes in
        var position = 0
        for id in 0..<ranked.count {
          unsafe offsetBytes.storeBytes(
            of: UInt64(position).littleEndian,
            toByteOffset: 8 * id,
            as: UInt64.self
          )
          unsafe table.withSpelling(ranked.provisionalIDs[id]) { word in
            let target = unsafe UnsafeMutableRawBufferPointer(
              rebasing: wordBytes[position..<position + word.count]
            )
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(word))
            position += word.count
          }
        }
        unsafe offsetBytes.storeBytes(
          of: UInt64(position).littleEndian,
          toByteOffset: 8 * ranked.count,
          as: UInt64.self
        )
      }
    }
    try stage.finish()
  }

  /// Writes which words stand for classes.
  ///
  /// - Parameters:
  ///   - labels: the ids of the classes.
  ///   - members: for each id from `firstMember` to the last one, its class and p(word | class).
  ///   - firstMember: the words from this id on are in classes.
  ///   - writer: the file.
  /// - Throws: errors of the file.
  package static func write(
    classes labels: [UInt32],
    members: [(classID: UInt32, probability: Double)],
    firstMember: Int,
    to writer: TableFileWriter
  ) throws {
    var bytes: [UInt8] = []
    LittleEndian.append(UInt32(firstMember), to: &bytes)
    LittleEndian.append(UInt32(labels.count), to: &bytes)
    for label in labels.sorted() { LittleEndian.append(label, to: &bytes) }
    for member in members {
      LittleEndian.append(member.classID, to: &bytes)
      let logarithm = Float(member.probability > 0 ? log10(member.probability) : -99)
      LittleEndian.append(logarithm.bitPattern, to: &bytes)
    }
    try writer.put(.vocabulary, key: WordMemberships.key, payload: bytes)
  }

  /// Writes the words of an ARPA file in the order of their ids.
  package static func write(_ words: ArpaVocabulary, to writer: TableFileWriter) throws {
    let plan = try VocabularyTable(wordCount: words.count, stringBytes: words.bytes.count)
    let stage = try Room(plan, in: writer)
    // SAFETY: the regions have the sizes that the plan gives: an offset more than there are words, all bytes.
    unsafe stage.offsets.withUnsafeMutableBytes { target in
      for (index, offset) in words.offsets.enumerated() {
        unsafe target.storeBytes(of: offset.littleEndian, toByteOffset: 8 * index, as: UInt64.self)
      }
    }
    unsafe stage.bytes.withUnsafeMutableBytes { unsafe $0.copyBytes(from: words.bytes) }
    try stage.finish()
  }

  /// Room in the file for the parts of a vocabulary, whose header is there.
  private struct Room {
    let plan: VocabularyTable
    let offsets: ReservedValue
    let bytes: ReservedValue
    let hash: ReservedValue

    init(_ plan: VocabularyTable, in writer: TableFileWriter) throws {
      func reserve(_ key: String, _ payloadBytes: Int) throws -> ReservedValue {
        try writer.reserve(.vocabulary, key: Array(key.utf8), payloadBytes: payloadBytes)
      }
      self.plan = plan
      try writer.put(.vocabulary, key: Array("header".utf8), payload: plan.header)
      offsets = try reserve("offsets", plan.offsetsBytes)
      bytes = try reserve("bytes", plan.bytesBytes)
      hash = try reserve("hash", plan.hashBytes)
    }

    /// Makes the hash table of words whose offsets and bytes are there.
    func finish() throws {
      // SAFETY: the regions have the sizes that the plan gives.
      try unsafe offsets.withUnsafeBytes { offsetBytes in
        try unsafe bytes.withUnsafeBytes { wordBytes in
          try unsafe hash.withUnsafeMutableBytes { hashBytes in
            try unsafe plan.fillHash(offsets: offsetBytes, bytes: wordBytes, into: hashBytes)
          }
        }
      }
      offsets.seal()
      bytes.seal()
      hash.seal()
    }
  }
}
