package import GramdexStorage

extension VocabularyStage {
  /// Writes the words of an ARPA file in the order of their ids.
  package static func write(_ words: ArpaVocabulary, to writer: TableFileWriter) throws {
    let plan = try VocabularyTable(wordCount: words.count, stringBytes: words.bytes.count)
    try writer.put(.vocabulary, key: Array("header".utf8), payload: plan.header)
    let offsets = try writer.reserve(
      .vocabulary,
      key: Array("offsets".utf8),
      payloadBytes: plan.offsetsBytes
    )
    let bytes = try writer.reserve(
      .vocabulary,
      key: Array("bytes".utf8),
      payloadBytes: plan.bytesBytes
    )
    let hash = try writer.reserve(
      .vocabulary,
      key: Array("hash".utf8),
      payloadBytes: plan.hashBytes
    )
    // SAFETY: the regions have the sizes that the plan gives: an offset more than there are words, all bytes.
    unsafe offsets.withUnsafeMutableBytes { target in
      for (index, offset) in words.offsets.enumerated() {
        unsafe target.storeBytes(
          of: offset.littleEndian,
          toByteOffset: 8 * index,
          as: UInt64.self
        )
      }
    }
    unsafe bytes.withUnsafeMutableBytes { unsafe $0.copyBytes(from: words.bytes) }
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
