// Compact tables are looked into in three steps, each of which a batch takes for all of its n-grams before the next:
// where the pilot is, where its slot is, and what the slot holds. Layout: `PerfectHash.swift`.

extension TableView {
  /// The address of the pilot of `hash`; the table must be compact and not empty.
  @unsafe
  @inlinable
  @inline(__always)
  public func pilotAddress(of hash: UInt64) -> UnsafeRawPointer {
    // SAFETY: chunk(of:) < chunkCount, pilot(of:) < bucketsPerChunk, and every chunk begins with so many pilots.
    unsafe chunks[geometry.chunk(of: hash)] + geometry.pilot(of: hash)
  }

  /// Where the record of `hash` is, whose pilot is at `pilot`: aside when it is in the side table.
  @unsafe
  @inlinable
  @inline(__always)
  public func place(of hash: UInt64, pilot: UnsafeRawPointer) -> SlotPlace {
    // SAFETY: `pilot` is the address that pilotAddress(of:) gave.
    let number = unsafe pilot.load(as: UInt8.self)
    if number == PerfectHash.pilotAside { return SlotPlace.aside }
    let records = unsafe chunks[geometry.chunk(of: hash)] + geometry.recordsOffset
    return unsafe SlotPlace(
      records: records,
      position: geometry.slot(of: hash, pilot: number) &* geometry.recordBits
    )
  }

  /// Looks for the n-gram of `hash` at its place; sets the values when it is found.
  @unsafe
  @inlinable
  @inline(__always)
  public func findRecord(
    _ hash: UInt64,
    at place: SlotPlace,
    probability: inout Float,
    backoff: inout Float
  ) -> Bool {
    if place.isAside { return findAside(hash, probability: &probability, backoff: &backoff) }
    // SAFETY: the place is one that place(of:pilot:) gave.
    let record = unsafe CompactRecord(place)
    if !record.matches(hash, fingerprintBits: geometry.fingerprintBits) { return false }
    // SAFETY: a codebook has `codebookCount` floats: 256 for all bytes, then one for each probability code.
    probability = unsafe codebook[256 + record.probabilityCode(geometry)]
    backoff = geometry.isTop ? -0.0 : unsafe codebook[record.backoffCode(geometry)]
    return true
  }
}

/// Where a slot of a compact table is in memory, as a number of bits, or that an n-gram is in the side table.
@frozen
public struct SlotPlace: BitwiseCopyable, Sendable {
  /// 0 stands for the side table.
  public let bits: UInt

  /// The place that has these bits.
  @inlinable
  @inline(__always)
  public init(bits: UInt) {
    self.bits = bits
  }

  /// The place `position` bits after `records`.
  @unsafe
  @inlinable
  @inline(__always)
  init(records: UnsafeRawPointer, position: Int) {
    // Addresses of processes are below 2⁵⁷, so a number of bits is exact.
    bits = UInt(bitPattern: records) << 3 &+ UInt(bitPattern: position)
  }

  /// Stands for the side table.
  @inlinable
  static var aside: SlotPlace { SlotPlace(bits: 0) }

  @inlinable
  var isAside: Bool { bits == 0 }

  /// The multiple of two bytes at which the slot begins; not to be asked when the place is aside.
  @unsafe
  @inlinable
  @inline(__always)
  public var address: UnsafeRawPointer? {
    unsafe UnsafeRawPointer(bitPattern: bits >> 3 & ~1)
  }

  /// How many bits after its address the slot begins.
  @inlinable
  var shift: UInt64 { UInt64(truncatingIfNeeded: bits & 15) }
}
