/// Draws numbers 0 … n − 1 with given chances in constant time (Walker 1977; Vose 1991).
public struct AliasTable: Sendable {
  private var thresholds: [UInt32]
  private var aliases: [Int32]

  /// The table of chances proportional to `weights`, which are not negative and not all zero.
  public init(_ weights: [Double]) {
    let count = weights.count
    let total = weights.reduce(0, +)
    var shares = weights.map { $0 / total * Double(count) }
    thresholds = Array(repeating: .max, count: count)
    aliases = (0..<count).map { Int32($0) }
    var small = shares.indices.filter { shares[$0] < 1 }
    var large = shares.indices.filter { shares[$0] >= 1 }
    while let poor = small.popLast(), let rich = large.last {
      thresholds[poor] = UInt32(min(shares[poor] * 0x1p32, 0x1p32 - 1))
      aliases[poor] = Int32(rich)
      shares[rich] -= 1 - shares[poor]
      if shares[rich] < 1 {
        large.removeLast()
        small.append(rich)
      }
    }
  }

  /// The number that 64 random bits choose.
  public func draw(_ bits: UInt64) -> Int {
    let place = Int((bits >> 32).multipliedFullWidth(by: UInt64(aliases.count) << 32).high)
    return UInt32(truncatingIfNeeded: bits) < thresholds[place] ? place : Int(aliases[place])
  }
}
