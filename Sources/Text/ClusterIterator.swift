/// Cuts bytes into extended grapheme clusters, one after the other.
///
/// Cluster borders are those of the standard library's Unicode version; between scalars that stand alone they
/// are found without asking it. An ill-formed byte comes alone, without a scalar.
@safe
struct ClusterIterator {
  /// One cluster: where its bytes are, and its first scalar.
  struct Cluster {
    var start: Int
    var end: Int
    var first: Unicode.Scalar?
  }

  private let base: UnsafePointer<UInt8>
  private let reader: ScalarReader
  private var offset: Int
  private let end: Int
  /// Clusters of a stretch that the standard library has cut, last one first.
  private var pending: [Cluster] = []

  /// Makes an iterator over `range` of the bytes from `base` on; see `ScalarReader` for what must follow them.
  @unsafe
  init(_ base: UnsafePointer<UInt8>, _ range: Range<Int>) {
    unsafe self.base = base
    reader = unsafe ScalarReader(base, count: range.upperBound)
    offset = range.lowerBound
    end = range.upperBound
  }

  /// The next cluster, or nil at the end.
  @inline(__always)
  mutating func next() -> Cluster? {
    if !pending.isEmpty { return pending.popLast() }
    if offset >= end { return nil }
    let start = offset
    let (first, length) = reader.scalar(at: start)
    guard let first else {
      offset += 1
      return Cluster(start: start, end: offset, first: nil)
    }
    if isBorder(after: first, at: start + length) {
      offset = start + length
      return Cluster(start: start, end: offset, first: first)
    }
    return cutStretch(first, length)
  }

  /// Whether a cluster ends at `offset`, with `previous` before it; false when that needs a closer look.
  @inline(__always)
  private func isBorder(after previous: Unicode.Scalar, at offset: Int) -> Bool {
    if offset >= end { return true }
    guard let next = reader.scalar(at: offset).scalar else { return true }
    return UnicodeForms.standsAlone(previous) && UnicodeForms.standsAlone(next)
  }

  /// Lets the standard library cut the bytes up to the next certain border; returns the first cluster.
  private mutating func cutStretch(_ first: Unicode.Scalar, _ length: Int) -> Cluster? {
    let start = offset
    var previous = first
    offset += length
    while !isBorder(after: previous, at: offset) {
      let (next, length) = reader.scalar(at: offset)
      previous = next ?? previous
      offset += length
    }
    // SAFETY: start ..< offset lies within the bytes.
    let bytes = unsafe UnsafeBufferPointer(start: base + start, count: offset - start)
    var position = start
    for cluster in unsafe String(decoding: bytes, as: UTF8.self) {
      let next = position + cluster.utf8.count
      pending.append(Cluster(start: position, end: next, first: cluster.unicodeScalars.first))
      position = next
    }
    pending.reverse()
    return pending.popLast()
  }
}
