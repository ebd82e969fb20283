package import GramdexCounting
package import GramdexStorage

/// Writes a counted vocabulary into an index file.
package enum VocabularyStage {
  /// Writes the words of `table` in the order of `ranked`, straight into the file's pages.
  package static func write(
    _ table: borrowing WordTable,
    ranked: borrowing RankedVocabulary,
    to writer: TableFileWriter
  ) throws {
    let plan = try VocabularyTable(wordCount: ranked.count, stringBytes: table.spellingBytes)
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
    // SAFETY: the regions have the sizes that the plan gives, and spellings add up to `stringBytes`.
    unsafe offsets.withUnsafeMutableBytes { offsetBytes in
      unsafe bytes.withUnsafeMutableBytes { wordBytes in
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
