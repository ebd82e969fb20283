import GramdexCore

/// How often the lines of texts count: whole numbers, as if they were there so often.
package struct TextWeights: Sendable, Equatable {
  /// The weight of each input; 1 for those beyond its end.
  package var inputs: [UInt32]
  /// Whether the first word of every line is its weight.
  package var areInLines: Bool

  /// Makes weights; by default each line counts once.
  package init(inputs: [UInt32] = [], areInLines: Bool = false) {
    self.inputs = inputs
    self.areInLines = areInLines
  }

  /// Whether each line counts once.
  package var isTrivial: Bool {
    !areInLines && inputs.allSatisfy { $0 == 1 }
  }

  /// Takes the weights out of the lines of a block that is not normalized yet; returns one for each line that ends in the
  /// block, and for one that goes on behind it.
  ///
  /// A weight that stands in the text becomes spaces. The weight of a line that began in an earlier block is nil if it
  /// stood there. Empty when each line counts once.
  package func take(from block: TextBlock, _ inputs: TextInputs) throws(TextError) -> [UInt32?] {
    if isTrivial { return [] }
    let base = block.inputIndex < self.inputs.count ? self.inputs[block.inputIndex] : 1
    var weights: [UInt32?] = []
    // SAFETY: only offsets below the block's size are read and written.
    let bytes = unsafe block.mutablePointer
    var isAtStart = block.startsLine
    var start = 0
    var line = block.firstLine
    while start < block.count || !isAtStart {
      var end = start
      while end < block.count, unsafe bytes[end] != 0x0A { end += 1 }
      if !areInLines {
        weights.append(base)
      } else if isAtStart {
        var first = start
        while first < end, unsafe TextPolicy.isSeparator(bytes[first]) { first += 1 }
        var last = first
        while last < end, unsafe !TextPolicy.isSeparator(bytes[last]) { last += 1 }
        let word = unsafe UnsafeBufferPointer(start: bytes + first, count: last - first)
        let weight = unsafe first == last ? base : Self.product(word, base)
        guard let weight else {
          let text = unsafe String(decoding: word.prefix(40), as: UTF8.self)
          throw .badWeight(path: Self.name(inputs, block), line: line, text: text)
        }
        for offset in first..<last { unsafe bytes[offset] = 0x20 }
        weights.append(weight)
      } else {
        weights.append(nil)
      }
      isAtStart = true
      line += 1
      start = end + 1
    }
    return weights
  }

  private static func name(_ inputs: TextInputs, _ block: TextBlock) -> String {
    inputs.files.indices.contains(block.inputIndex)
      ? inputs.files[block.inputIndex].name : "the text"
  }

  /// The product of the whole number that `word` is and `base`; nil when it is none from 1 on, or too large.
  private static func product(_ word: UnsafeBufferPointer<UInt8>, _ base: UInt32) -> UInt32? {
    var value: UInt32 = 0
    for index in word.indices {
      let byte = unsafe word[index]
      guard byte &- 0x30 < 10 else { return nil }
      let (ten, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = ten.addingReportingOverflow(UInt32(byte - 0x30))
      if tooLarge || overflow { return nil }
      value = sum
    }
    let (product, overflow) = value.multipliedReportingOverflow(by: base)
    return value == 0 || overflow ? nil : product
  }
}
