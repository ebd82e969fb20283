internal import GramdexSmoothing
internal import GramdexStorage

/// Which group a chunk's record belongs to, and the key under which it is kept there.
protocol RecordGrouping {
  /// Groups of a chunk.
  var groupCount: Int { get }
  /// The group of an n-gram's hash, below `groupCount`.
  func group(of hash: UInt64) -> Int
  /// The key of an n-gram's hash; distinct hashes have distinct keys.
  func key(of hash: UInt64) -> UInt64
}

/// The records of a chunk, those of each group next to each other: a counting sort by group.
///
/// Memory: 12 bytes a record, 16 below the top order, and 4 a group. A chunk with more records than `capacity` gets
/// more memory, which chance hardly asks for.
struct GroupedRecords: ~Copyable {
  let geometry: TableGeometry
  /// The records' keys, and one element more.
  private(set) var keys: RecordBuffer<UInt64>
  /// The probabilities that belong to the keys, and one element more.
  private(set) var probabilities: RecordBuffer<Float>
  /// The backoffs that belong to the keys, NaN where there is none; unused in the top order.
  private(set) var backoffs: RecordBuffer<Float>
  /// Group g has the records cuts[g] ..< cuts[g + 1]; there is one element more.
  let cuts: RecordBuffer<UInt32>
  /// How many records there are.
  private(set) var count = 0

  /// Makes room for `capacity` records in `groupCount` groups.
  init(geometry: TableGeometry, capacity: Int, groupCount: Int) {
    self.geometry = geometry
    keys = RecordBuffer(uninitialized: capacity + 1)
    probabilities = RecordBuffer(uninitialized: capacity + 1)
    backoffs = RecordBuffer(uninitialized: geometry.isTop ? 0 : capacity)
    cuts = RecordBuffer(uninitialized: groupCount + 2)
  }

  /// Takes in the probability records of a chunk, group by group.
  @inline(__always)
  mutating func take<Grouping: RecordGrouping>(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    chunk: Int,
    _ grouping: Grouping
  ) throws(TableError) {
    count = 0
    for index in unsafe segments.indices { count += unsafe segments[index].count }
    if count >= keys.count {
      keys = RecordBuffer(uninitialized: count + 1)
      probabilities = RecordBuffer(uninitialized: count + 1)
      backoffs = RecordBuffer(uninitialized: geometry.isTop ? 0 : count)
    }
    if unsafe countGroups(segments, chunk: chunk, grouping) > 0 {
      throw .wrongChunk(order: geometry.order, chunk: chunk)
    }
    unsafe scatter(segments, grouping)
    // Whoever looks at the first record of a last, empty group reads these.
    keys[count] = .max
    probabilities[count] = 0
  }

  /// Sets `cuts[g + 1]` to where group g begins; returns how many records belong to other chunks.
  @inline(__always)
  private func countGroups<Grouping: RecordGrouping>(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    chunk: Int,
    _ grouping: Grouping
  ) -> Int {
    let geometry = geometry
    let groups = grouping.groupCount
    // SAFETY: a group is below `groups`, and `cuts` has two elements more.
    unsafe cuts.pointer.update(repeating: 0, count: groups + 2)
    let counts = unsafe cuts.pointer + 1
    var strangers = 0
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let hash = unsafe segment[position].hash
        strangers += geometry.chunk(of: hash) == chunk ? 0 : 1
        unsafe counts[grouping.group(of: hash)] &+= 1
      }
    }
    var start: UInt32 = 0
    for group in 0..<groups {
      let size = unsafe counts[group]
      unsafe counts[group] = start
      start &+= size
    }
    return strangers
  }

  /// Puts each record where its group's next one goes, which moves every cut to its place.
  @inline(__always)
  private func scatter<Grouping: RecordGrouping>(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    _ grouping: Grouping
  ) {
    // SAFETY: the positions of all groups together are 0 ..< count, and both buffers hold more elements.
    let next = unsafe cuts.pointer + 1
    let keys = unsafe keys.pointer
    let values = unsafe probabilities.pointer
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let record = unsafe segment[position]
        let group = grouping.group(of: record.hash)
        let target = unsafe Int(truncatingIfNeeded: next[group])
        unsafe next[group] &+= 1
        unsafe keys[target] = grouping.key(of: record.hash)
        unsafe values[target] = record.value
      }
    }
  }

  /// Finds the n-gram of each backoff record and sets its backoff; the others get NaN.
  @inline(__always)
  func match<Grouping: RecordGrouping>(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    chunk: Int,
    _ grouping: Grouping
  ) throws(TableError) {
    let geometry = geometry
    let keys = unsafe keys.pointer
    let cuts = unsafe cuts.pointer
    let backoffs = unsafe backoffs.pointer
    if !geometry.isTop { unsafe backoffs.update(repeating: .nan, count: count) }
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let record = unsafe segment[position]
        let group = grouping.group(of: record.hash)
        let key = grouping.key(of: record.hash)
        // SAFETY: a group is below the number of groups, and its records are at most `count`, which can be read.
        var found = unsafe Int(truncatingIfNeeded: cuts[group])
        let end = unsafe Int(truncatingIfNeeded: cuts[group + 1])
        // Most often it is the first or the second: the step between them needs no branch.
        found += unsafe keys[found] == key ? 0 : 1
        while unsafe found < end && keys[found] != key { found += 1 }
        if found >= end || geometry.isTop || geometry.chunk(of: record.hash) != chunk {
          throw .backoffWithoutProbability(order: geometry.order)
        }
        if unsafe !backoffs[found].isNaN { throw .equalHashes(order: geometry.order) }
        unsafe backoffs[found] = record.value.isNaN ? -.infinity : record.value
      }
    }
  }

  /// Replaces probabilities and backoffs by what is stored: decimal logarithms.
  func takeLogarithms(valuesAreLog10: Bool) {
    // SAFETY: the buffers hold `count` values.
    unsafe Logarithms.replace(probabilities.pointer, count: count, areLog10: valuesAreLog10)
    if !geometry.isTop {
      unsafe Logarithms.replaceOrNone(backoffs.pointer, count: count, areLog10: valuesAreLog10)
    }
  }

  /// log10 of the backoff of record number `index`, −0.0 in the top order.
  @inline(__always)
  func backoff(_ index: Int) -> Float {
    geometry.isTop ? -0.0 : backoffs[index]
  }
}
