/// The payload of order 1: for each word, f32 log10 probability and f32 log10 backoff.
package enum UnigramTable {
  /// Bytes of a word's entry.
  package static let entryBytes = 8
  private static let blockSize = 1024

  /// Writes the table of `probabilities.count` words into `target`, 8 bytes a word.
  ///
  /// - Parameters:
  ///   - probabilities: each word's probability.
  ///   - backoffs: each word's backoff weight; NaN when nothing follows the word, which is stored as −0.0;
  ///     empty in a model of order 1.
  ///   - valuesAreLog10: whether both are decimal logarithms already.
  ///   - target: where the table goes.
  package static func fill(
    probabilities: UnsafeBufferPointer<Float>,
    backoffs: UnsafeBufferPointer<Float>,
    valuesAreLog10: Bool,
    into target: UnsafeMutableRawBufferPointer
  ) {
    let count = probabilities.count
    precondition(target.count == count * entryBytes, "the target holds 8 bytes a word")
    precondition(
      backoffs.isEmpty || backoffs.count == count,
      "every word has a backoff or none has"
    )
    for start in stride(from: 0, to: count, by: blockSize) {
      let block = start..<min(start + blockSize, count)
      var logarithms = block.map { unsafe probabilities[$0] }
      var weights = backoffs.isEmpty ? [] : block.map { unsafe backoffs[$0] }
      Logarithms.replace(&logarithms, areLog10: valuesAreLog10)
      Logarithms.replaceOrNone(&weights, areLog10: valuesAreLog10)
      for word in block {
        let index = word - start
        let backoff = weights.isEmpty ? -0.0 : weights[index]
        // SAFETY: the precondition: the target has an entry for every word.
        unsafe target.storeBytes(
          of: logarithms[index].bitPattern.littleEndian,
          toByteOffset: word * entryBytes,
          as: UInt32.self
        )
        unsafe target.storeBytes(
          of: backoff.bitPattern.littleEndian,
          toByteOffset: word * entryBytes + 4,
          as: UInt32.self
        )
      }
    }
  }
}
