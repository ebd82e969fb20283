/// The least number of substitutions, insertions and deletions that make a reference of other sequences.
///
/// Made once for a reference and asked for each hypothesis of a list. Counts only; `WordAlignment` says which.
/// Cost: ⌈n / 64⌉ steps for each token of the hypothesis, n the tokens of the reference; memory: n bits for each distinct token of it.
/// Source: Myers: A fast bit-vector algorithm for approximate string matching (J. ACM 46, 1999), in blocks as in
/// Hyyrö: A bit-vector algorithm for computing Levenshtein and Damerau edit distances (2003).
package struct EditDistance: Sendable {
  /// How many tokens the reference has.
  package let referenceLength: Int
  private let blocks: Int
  /// Where the bits of a token begin in `bits`.
  private let places: [Int32: Int]
  /// For each distinct token of the reference one bit for each place at which it stands; the first `blocks` are those of
  /// a token that does not occur.
  private let bits: [UInt64]

  /// Prepares a reference.
  package init(reference: [Int32]) {
    referenceLength = reference.count
    blocks = (reference.count + 63) / 64
    var places: [Int32: Int] = [:]
    var bits = [UInt64](repeating: 0, count: blocks)
    for (index, token) in reference.enumerated() {
      let place = places[token] ?? bits.count
      if place == bits.count {
        places[token] = place
        bits += [UInt64](repeating: 0, count: blocks)
      }
      bits[place + index >> 6] |= 1 << UInt64(index & 63)
    }
    self.places = places
    self.bits = bits
  }

  /// The distance of a hypothesis.
  package func distance(to hypothesis: [Int32]) -> Int {
    switch blocks {
    case 0: hypothesis.count
    case 1: distanceInOneBlock(hypothesis)
    default: distanceInBlocks(hypothesis)
    }
  }

  /// Letters as in Hyyrö 2003: VP and VN say where the column rises and falls, HP and HN where the row does.
  private func distanceInOneBlock(_ hypothesis: [Int32]) -> Int {
    var vp = UInt64.max
    var vn: UInt64 = 0
    var distance = referenceLength
    let last: UInt64 = 1 << UInt64(referenceLength - 1)
    for token in hypothesis {
      let match = bits[places[token] ?? 0]
      let d0 = (((match & vp) &+ vp) ^ vp) | match | vn
      var hp = vn | ~(d0 | vp)
      var hn = d0 & vp
      if hp & last != 0 { distance += 1 }
      if hn & last != 0 { distance -= 1 }
      hp = hp << 1 | 1
      hn <<= 1
      vp = hn | ~(d0 | hp)
      vn = d0 & hp
    }
    return distance
  }

  private func distanceInBlocks(_ hypothesis: [Int32]) -> Int {
    var vp = [UInt64](repeating: .max, count: blocks)
    var vn = [UInt64](repeating: 0, count: blocks)
    var distance = referenceLength
    let last: UInt64 = 1 << UInt64((referenceLength - 1) & 63)
    for token in hypothesis {
      let place = places[token] ?? 0
      // What the row above hands down: it rises by one at every step.
      var carryUp: UInt64 = 1
      var carryDown: UInt64 = 0
      for block in 0..<blocks {
        let match = bits[place + block] | carryDown
        let up = vp[block]
        let d0 = (((match & up) &+ up) ^ up) | match | vn[block]
        var hp = vn[block] | ~(d0 | up)
        var hn = d0 & up
        if block == blocks - 1 {
          if hp & last != 0 { distance += 1 }
          if hn & last != 0 { distance -= 1 }
        }
        let nextUp = hp >> 63
        let nextDown = hn >> 63
        hp = hp << 1 | carryUp
        hn = hn << 1 | carryDown
        vp[block] = hn | ~(d0 | hp)
        vn[block] = d0 & hp
        carryUp = nextUp
        carryDown = nextDown
      }
    }
    return distance
  }
}
