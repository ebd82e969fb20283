internal import GramdexCore
internal import GramdexSmoothing
internal import GramdexStorage

/// Writes chunks of a compact score table from records in any order, always the same bytes.
///
/// A chunk's records are gathered by bucket, their logarithms taken, pilots found, and a record written to each
/// n-gram's slot. Which slots those are depends on the set of hashes alone. Layout: `PerfectHash.swift`.
///
/// One filler serves one thread. Memory: `scratchBytes(geometry:)`, and more only for a chunk that gets more
/// records than it has slots, which chance hardly produces.
struct CompactFiller: ~Copyable {
  private let geometry: TableGeometry
  private let quantizer: Quantizer
  private let valuesAreLog10: Bool
  private var search: PilotSearch
  private var records: GroupedRecords

  init(geometry: TableGeometry, quantizer: Quantizer, valuesAreLog10: Bool) {
    self.geometry = geometry
    self.quantizer = quantizer
    self.valuesAreLog10 = valuesAreLog10
    search = PilotSearch(geometry: geometry)
    records = GroupedRecords(
      geometry: geometry,
      capacity: geometry.slotsPerChunk,
      groupCount: geometry.bucketsPerChunk
    )
  }

  static func scratchBytes(geometry: TableGeometry) -> Int {
    PilotSearch.scratchBytes(geometry: geometry)
      + geometry.slotsPerChunk * (geometry.isTop ? 12 : 16) + geometry.bucketsPerChunk * 4
  }

  /// Does what `ChunkFiller.fill` says; `base` has `geometry.bytesPerChunk` bytes.
  mutating func fill(
    chunk: Int,
    probabilities: [UnsafeBufferPointer<ScoreRecord>],
    backoffs: [UnsafeBufferPointer<ScoreRecord>],
    into base: UnsafeMutableRawPointer,
    side: inout [SideEntry]
  ) throws(TableError) {
    let buckets = PilotBuckets(geometry: geometry)
    try unsafe records.take(probabilities, chunk: chunk, buckets)
    try unsafe records.match(backoffs, chunk: chunk, buckets)
    records.takeLogarithms(valuesAreLog10: valuesAreLog10)
    // SAFETY: the target has `bytesPerChunk` bytes, a multiple of 8, of which the first are the pilots.
    unsafe base.initializeMemory(
      as: UInt64.self,
      repeating: 0,
      count: geometry.bytesPerChunk / 8
    )
    let hasUniqueKeys = unsafe search.run(
      keys: records.keys.pointer,
      cuts: records.cuts.pointer,
      pilots: base.bindMemory(to: UInt8.self, capacity: geometry.bucketsPerChunk)
    )
    if !hasUniqueKeys { throw .equalHashes(order: geometry.order) }
    unsafe putRecords(base, &side)
  }

  /// Writes every n-gram to its slot, or to `side` where its bucket has no pilot.
  private func putRecords(_ base: UnsafeMutableRawPointer, _ side: inout [SideEntry]) {
    let geometry = geometry
    // SAFETY: the target begins with a pilot for each bucket, and has room for every slot.
    let slots = unsafe base + geometry.recordsOffset
    let firstAside = side.count
    for bucket in 0..<geometry.bucketsPerChunk {
      let pilot = unsafe base.load(fromByteOffset: bucket, as: UInt8.self)
      for index in Int(records.cuts[bucket])..<Int(records.cuts[bucket + 1]) {
        let hash = records.keys[index]
        let probability = records.probabilities[index]
        let backoff = records.backoff(index)
        if pilot == PerfectHash.pilotAside {
          side.append(SideEntry(hash: hash, probability: probability, backoff: backoff))
          continue
        }
        let record = CompactRecord(
          geometry,
          hash: hash,
          probabilityCode: quantizer.probabilityCode(probability),
          backoffCode: geometry.isTop ? 0 : quantizer.backoffCode(backoff)
        )
        let slot = geometry.slot(of: hash, pilot: pilot)
        unsafe record.put(base: slots, position: slot * geometry.recordBits)
      }
    }
    // Within a bucket, keys come in the order of the records.
    if side.count > firstAside { side[firstAside...].sort { $0.hash < $1.hash } }
  }
}

/// Groups the records of a compact chunk by the bucket that shares a pilot.
private struct PilotBuckets: RecordGrouping {
  let geometry: TableGeometry

  var groupCount: Int { geometry.bucketsPerChunk }

  @inline(__always)
  func group(of hash: UInt64) -> Int { geometry.pilot(of: hash) }

  @inline(__always)
  func key(of hash: UInt64) -> UInt64 { hash }
}
