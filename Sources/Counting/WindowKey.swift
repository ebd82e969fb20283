/// A window of `order` words packed into one comparable number, in context order.
///
/// From the top: w[n−1], w[n−2], …, w[1], w[n], each in the same number of bits; the rest is zero.
/// Comparing keys compares windows in context order. `UInt128` serves while order × bits ≤ 128; pairs of
/// keys serve beyond. Every operation is a few instructions and is specialised in this module.
protocol WindowKey: BitwiseCopyable, Comparable, Sendable {
  /// Bits of the whole key.
  static var width: Int { get }
  /// The key of all zero bits.
  static var zero: Self { get }
  /// The key of all one bits.
  static var ones: Self { get }

  static func | (left: Self, right: Self) -> Self
  static func & (left: Self, right: Self) -> Self
  static func ^ (left: Self, right: Self) -> Self
  /// Shifts towards the low end by 0 … width bits, zeros coming in.
  func shiftedDown(by bits: Int) -> Self
  /// Shifts towards the top by 0 … width bits, zeros coming in.
  func shiftedUp(by bits: Int) -> Self
  /// The number of zero bits at the top.
  var leadingZeroBits: Int { get }
  /// The lowest 32 bits.
  var low32: UInt32 { get }
  /// The lowest 64 bits.
  var low64: UInt64 { get }
  /// A key with `value` in its lowest 64 bits.
  init(low64 value: UInt64)
  /// A key with `value` in its lowest bits.
  init(low value: UInt32)
}

extension WindowKey {
  /// The `count` ≤ 32 bits that start `offset` bits below the top.
  @inline(__always)
  func bits(at offset: Int, count: Int) -> UInt32 {
    shiftedDown(by: Self.width &- offset &- count).low32
      & UInt32(truncatingIfNeeded: (UInt64(1) << UInt64(truncatingIfNeeded: count)) &- 1)
  }

  /// A key with `value` in the `count` bits that start `offset` bits below the top, zero elsewhere.
  @inline(__always)
  static func placing(_ value: UInt32, at offset: Int, count: Int) -> Self {
    Self(low: value).shiftedUp(by: width &- offset &- count)
  }

  /// A key whose top `count` bits are one.
  static func topMask(_ count: Int) -> Self {
    ones.shiftedUp(by: width - count)
  }
}

extension UInt128: WindowKey {
  static var width: Int { 128 }
  static var zero: Self { 0 }
  static var ones: Self { .max }

  @inline(__always)
  func shiftedDown(by bits: Int) -> Self {
    bits >= 128 ? 0 : self &>> Self(truncatingIfNeeded: bits)
  }

  @inline(__always)
  func shiftedUp(by bits: Int) -> Self {
    bits >= 128 ? 0 : self &<< Self(truncatingIfNeeded: bits)
  }

  @inline(__always)
  var leadingZeroBits: Int { leadingZeroBitCount }

  @inline(__always)
  var low32: UInt32 { UInt32(truncatingIfNeeded: self) }

  @inline(__always)
  var low64: UInt64 { UInt64(truncatingIfNeeded: self) }

  @inline(__always)
  init(low value: UInt32) { self = Self(truncatingIfNeeded: value) }

  @inline(__always)
  init(low64 value: UInt64) { self = Self(truncatingIfNeeded: value) }
}

/// A key twice as wide as `Half`.
struct WideKey<Half: WindowKey>: WindowKey {
  var high: Half
  var low: Half

  @inline(__always)
  init(high: Half, low: Half) {
    self.high = high
    self.low = low
  }

  @inline(__always)
  init(low value: UInt32) {
    self.init(high: .zero, low: Half(low: value))
  }

  @inline(__always)
  init(low64 value: UInt64) {
    self.init(high: .zero, low: Half(low64: value))
  }

  static var width: Int { 2 * Half.width }
  static var zero: Self { Self(high: .zero, low: .zero) }
  static var ones: Self { Self(high: .ones, low: .ones) }

  @inline(__always)
  static func < (left: Self, right: Self) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }

  @inline(__always)
  static func == (left: Self, right: Self) -> Bool {
    left.high == right.high && left.low == right.low
  }

  @inline(__always)
  static func | (left: Self, right: Self) -> Self {
    Self(high: left.high | right.high, low: left.low | right.low)
  }

  @inline(__always)
  static func & (left: Self, right: Self) -> Self {
    Self(high: left.high & right.high, low: left.low & right.low)
  }

  @inline(__always)
  static func ^ (left: Self, right: Self) -> Self {
    Self(high: left.high ^ right.high, low: left.low ^ right.low)
  }

  @inline(__always)
  func shiftedDown(by bits: Int) -> Self {
    if bits >= Half.width {
      return Self(high: .zero, low: high.shiftedDown(by: bits - Half.width))
    }
    return Self(
      high: high.shiftedDown(by: bits),
      low: low.shiftedDown(by: bits) | high.shiftedUp(by: Half.width - bits)
    )
  }

  @inline(__always)
  func shiftedUp(by bits: Int) -> Self {
    if bits >= Half.width {
      return Self(high: low.shiftedUp(by: bits - Half.width), low: .zero)
    }
    return Self(
      high: high.shiftedUp(by: bits) | low.shiftedDown(by: Half.width - bits),
      low: low.shiftedUp(by: bits)
    )
  }

  @inline(__always)
  var leadingZeroBits: Int {
    high == .zero ? Half.width + low.leadingZeroBits : high.leadingZeroBits
  }

  @inline(__always)
  var low32: UInt32 { low.low32 }

  @inline(__always)
  var low64: UInt64 { low.low64 }
}

/// How a window of `order` words is laid out in a key.
///
/// Windows that stand for several carry how many more, in the lowest bits, which no word uses; so they are sorted and divided
/// like others, and equal windows still stand next to each other.
struct WindowShape: Sendable, Equatable {
  /// Words of a window.
  let order: Int
  /// Bits of a word.
  let wordBits: Int
  /// Words of a context.
  var depths: Int { order - 1 }
  /// Bits of a context.
  var contextBits: Int { depths * wordBits }
  /// Bits of a window.
  var bits: Int { order * wordBits }
  /// Bits at the low end for how often a window occurs, less one.
  let weightBits: Int
  /// Bits of a key.
  var keyBits: Int { bits + weightBits }

  /// The bits that numbers from 1 to `largest` need, less one each.
  static func weightBits(largest: UInt64) -> Int {
    UInt64.bitWidth - (max(largest, 1) - 1).leadingZeroBitCount
  }

  /// How often the window of a key occurs.
  @inline(__always)
  func weight<Key: WindowKey>(_ key: Key) -> UInt64 {
    let mask = (UInt64(1) << UInt64(truncatingIfNeeded: weightBits)) &- 1
    return (key.low64 & mask) &+ 1
  }

  /// The shape for ids below `vocabularySize`.
  init(order: Int, vocabularySize: Int, weightBits: Int = 0) {
    self.order = order
    self.weightBits = weightBits
    self.wordBits = max(2, Int.bitWidth - (vocabularySize - 1).leadingZeroBitCount)
  }

  /// The widest window that any key holds, in bits.
  static let maximumBits = 2048
}
