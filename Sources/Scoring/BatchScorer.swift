import CKernels
import GramdexCore
import GramdexIndex
package import GramdexStorage

/// Scores many words in a row, faster than one by one, with exactly the same results.
///
/// The words of a known text are all known in advance, so the table look-ups of a batch are independent: order by
/// order, all hashes are computed and their buckets fetched, and only then looked into. Whether a word's
/// context is long enough for the next order is known by then, from the orders before.
///
/// Words are ids that the model knows; `<s>` begins a sentence and is not scored, and `breakMarker` begins a text
/// that nothing precedes. One scorer serves one thread. Memory: about 128 · (4 · order + 60) bytes.
package struct BatchScorer: ~Copyable {
  /// Stands where nothing that came before matters.
  package static let breakMarker = UInt32.max
  static let batchSize = 128

  private let model: NGramModel
  private let order: Int
  /// Backoffs that a position keeps.
  private let width: Int
  private let multipliers: RecordBuffer<UInt64>
  // Element 0 is the position before the batch, elements 1 … batchSize are the batch's.
  private let probabilities = RecordBuffer<Float>(uninitialized: batchSize + 1)
  private let matched = RecordBuffer<UInt8>(uninitialized: batchSize + 1)
  /// How many words of context the state after each position has.
  private let lengths = RecordBuffer<UInt8>(repeating: 0, count: batchSize + 1)
  private let backoffs: RecordBuffer<Float>
  /// The tables of each position's shard, which its word before decides.
  private let tables = RecordBuffer<UInt>(uninitialized: batchSize + 1)
  private let sums = RecordBuffer<UInt64>(uninitialized: batchSize + 1)
  /// The order at which a position's context was found too short; 0 when it was not.
  private let stopped = RecordBuffer<UInt8>(uninitialized: batchSize + 1)
  // The positions that still look for longer n-grams, and where.
  private let active = RecordBuffer<Int32>(uninitialized: batchSize)
  /// Positions whose n-gram may lie in its other bucket.
  private let deferred = RecordBuffer<Int32>(uninitialized: batchSize)
  private let hashes = RecordBuffer<UInt64>(uninitialized: batchSize)
  /// The addresses of exact buckets, or of compact pilots.
  private let homes = RecordBuffer<UInt>(uninitialized: batchSize)
  private let places = RecordBuffer<SlotPlace>(uninitialized: batchSize)

  /// Makes a scorer for `model`.
  package init(_ model: NGramModel) {
    self.model = model
    order = model.order
    width = max(model.order - 1, 1)
    multipliers = RecordBuffer(uninitialized: model.order)
    for distance in 0..<model.order {
      multipliers[distance] = NGramHash.multiplier(distance)
    }
    backoffs = RecordBuffer(repeating: 0, count: width * (Self.batchSize + 1))
  }

  /// Scores the words `range` of `ids` that follow `state`.
  ///
  /// - Parameters:
  ///   - ids: at least `order` elements before the range, which are overwritten.
  ///   - range: which elements to score.
  ///   - state: what came before the first word.
  ///   - scores: receives log10 probabilities at the places of the words; 0 at markers.
  ///   - orders: receives the matched orders at the same places; 0 at markers.
  /// - Returns: the state after the last word.
  package mutating func score(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    after state: State,
    scores: borrowing RecordBuffer<Float>,
    orders: borrowing RecordBuffer<UInt8>
  ) -> State {
    precondition(range.lowerBound >= order && range.upperBound <= ids.count, "ids lack room")
    precondition(range.upperBound <= scores.count && range.upperBound <= orders.count)
    let count = min(state.count, order - 1)
    lengths[0] = UInt8(count)
    for distance in 0..<count {
      ids[range.lowerBound - 1 - distance] = state.word(distance)
      backoffs[distance] = state.backoff(distance)
    }
    let layout = model.tables.header.layout
    var base = range.lowerBound
    while base < range.upperBound {
      let size = min(Self.batchSize, range.upperBound - base)
      switch layout {
      case .exact: look(ids, base, size, isCompact: false)
      case .compact: look(ids, base, size, isCompact: true)
      }
      add(ids, base, size, scores, orders)
      lengths[0] = lengths[size]
      for distance in 0..<Int(lengths[0]) {
        backoffs[distance] = backoffs[size * width + distance]
      }
      base += size
    }
    var after = State()
    for distance in 0..<Int(lengths[0]) {
      after.append(word: ids[range.upperBound - 1 - distance], backoff: backoffs[distance])
    }
    return after
  }

  /// Finds the longest stored n-gram of each word, order by order.
  @inline(__always)
  private func look(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ base: Int,
    _ size: Int,
    isCompact: Bool
  ) {
    var count = takeUnigrams(ids, base, size)
    for length in stride(from: 2, through: order, by: 1) {
      if count == 0 { return }
      count = fetch(length, ids, base, count, isCompact: isCompact)
      if isCompact {
        fetchRecords(length, count)
        count = probeRecords(length, count)
      } else if length < order {
        count = probe(ExactMiddleBucket.self, length, count)
      } else {
        count = probe(ExactTopBucket.self, length, count)
      }
    }
  }

  /// The table of n-grams of `length` words that end at `position`.
  @inline(__always)
  private func view(_ position: Int, _ length: Int) -> UnsafePointer<TableView> {
    // SAFETY: `takeUnigrams` stored the address of the tables of a shard, order − 1 of them.
    unsafe UnsafePointer<TableView>(bitPattern: tables[position]).unsafelyUnwrapped
      + (length &- 2)
  }

  /// Takes the unigram of each word; returns how many words look for more.
  @inline(__always)
  private func takeUnigrams(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ base: Int,
    _ size: Int
  ) -> Int {
    let words = UInt32(truncatingIfNeeded: model.tables.header.vocabularySize)
    let unigrams = unsafe model.tables.unigrams
    var count = 0
    for position in 1...size {
      let id = ids[base + position - 1]
      // SAFETY: there is a unigram of 8 bytes for every id below `words`, which is at least 3.
      let unigram = unsafe unigrams + 8 * Int(id < words ? id : 0)
      let backoff = unsafe unigram.loadUnaligned(fromByteOffset: 4, as: Float.self)
      probabilities[position] = unsafe unigram.loadUnaligned(as: Float.self)
      backoffs[position * width] = backoff
      stopped[position] = 0
      let isMarker = id == WordID.beginOfSentence.rawValue || id == Self.breakMarker
      matched[position] = isMarker ? 0 : 1
      let isContext = id == WordID.beginOfSentence.rawValue || (backoff.marksContext && !isMarker)
      lengths[position] = isContext && order > 1 ? 1 : 0
      sums[position] = UInt64(id) &* multipliers[0]
      let before = ids[base + position - 2]
      tables[position] = unsafe UInt(bitPattern: model.tables.views(before: before))
      active[count] = Int32(truncatingIfNeeded: position)
      count += isMarker ? 0 : 1
    }
    return count
  }

  /// Computes the next longer n-gram of each active position and asks the cache for its bucket or pilot.
  @inline(__always)
  private func fetch(
    _ length: Int,
    _ ids: borrowing RecordBuffer<UInt32>,
    _ base: Int,
    _ count: Int,
    isCompact: Bool
  ) -> Int {
    let multiplier = multipliers[length - 1]
    var kept = 0
    for index in 0..<count {
      let position = Int(active[index])
      guard Int(lengths[position - 1]) >= length - 1 else {
        stopped[position] = UInt8(truncatingIfNeeded: length)
        continue
      }
      let view = unsafe view(position, length)
      // Nothing longer is there either.
      if unsafe view.pointee.isEmpty { continue }
      let word = ids[base + position - length]
      let sum = sums[position] &+ UInt64(word) &* multiplier
      sums[position] = sum
      let hash = NGramHash.finish(sum, seed: unsafe view.pointee.seed)
      // SAFETY: the view is not empty and of this layout; the address is used by what comes next.
      let home: UnsafeRawPointer
      if isCompact {
        unsafe home = view.pointee.pilotAddress(of: hash)
        unsafe gramdex_prefetch(home)
      } else {
        unsafe home = view.pointee.home(of: hash)
        unsafe view.pointee.fetchHome(home)
      }
      hashes[kept] = hash
      homes[kept] = UInt(bitPattern: home)
      active[kept] = Int32(truncatingIfNeeded: position)
      kept += 1
    }
    return kept
  }

  /// Reads the fetched pilots and asks the cache for the slots to which they lead.
  @inline(__always)
  private func fetchRecords(_ length: Int, _ count: Int) {
    for index in 0..<count {
      // SAFETY: `fetch` stored the address of a pilot.
      let pilot = unsafe UnsafeRawPointer(bitPattern: homes[index]).unsafelyUnwrapped
      let place = unsafe view(Int(active[index]), length).pointee.place(
        of: hashes[index],
        pilot: pilot
      )
      if let address = unsafe place.address { unsafe gramdex_prefetch(address) }
      places[index] = place
    }
  }

  /// Looks into the fetched slots; returns how many n-grams were found.
  @inline(__always)
  private func probeRecords(_ length: Int, _ count: Int) -> Int {
    probe(length, count) { index, probability, backoff in
      // SAFETY: `fetchRecords` stored a place of this table.
      unsafe view(Int(active[index]), length).pointee.findRecord(
        hashes[index],
        at: places[index],
        probability: &probability,
        backoff: &backoff
      )
    }
  }

  /// Looks into the fetched buckets; returns how many n-grams were found.
  ///
  /// Those that may lie in their other bucket come last, when that has been fetched too.
  @inline(__always)
  private func probe<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ length: Int,
    _ count: Int
  ) -> Int {
    var found = 0
    var waiting = 0
    for index in 0..<count {
      let position = Int(active[index])
      let view = unsafe view(position, length)
      var probability: Float = 0
      var backoff: Float = 0
      // SAFETY: `fetch` stored the address of a bucket.
      let outcome = unsafe view.pointee.findAtHome(
        format,
        hashes[index],
        home: UnsafeRawPointer(bitPattern: homes[index]).unsafelyUnwrapped,
        probability: &probability,
        backoff: &backoff
      )
      switch outcome {
      case .found:
        keep(position, length, probability, backoff)
        active[found] = Int32(truncatingIfNeeded: position)
        found += 1
      case .inOther:
        let bucket = unsafe view.pointee.otherBucket(of: hashes[index])
        unsafe gramdex_prefetch(bucket)
        deferred[waiting] = Int32(truncatingIfNeeded: position)
        hashes[waiting] = hashes[index]
        homes[waiting] = UInt(bitPattern: bucket)
        waiting += 1
      case .absent:
        break
      }
    }
    for index in 0..<waiting {
      let position = Int(deferred[index])
      var probability: Float = 0
      var backoff: Float = 0
      // SAFETY: the address of a bucket was stored above.
      let isFound = unsafe view(position, length).pointee.findInOther(
        format,
        hashes[index],
        bucket: UnsafeRawPointer(bitPattern: homes[index]).unsafelyUnwrapped,
        probability: &probability,
        backoff: &backoff
      )
      if !isFound { continue }
      keep(position, length, probability, backoff)
      active[found] = Int32(truncatingIfNeeded: position)
      found += 1
    }
    return found
  }

  /// Asks `find` for each active position, and keeps those whose n-gram it found; returns how many.
  @inline(__always)
  private func probe(
    _ length: Int,
    _ count: Int,
    _ find: (_ index: Int, _ probability: inout Float, _ backoff: inout Float) -> Bool
  ) -> Int {
    var found = 0
    for index in 0..<count {
      let position = Int(active[index])
      var probability: Float = 0
      var backoff: Float = 0
      if !find(index, &probability, &backoff) { continue }
      keep(position, length, probability, backoff)
      active[found] = Int32(truncatingIfNeeded: position)
      found += 1
    }
    return found
  }

  /// Notes a found n-gram of `length` words that ends at `position`.
  @inline(__always)
  private func keep(_ position: Int, _ length: Int, _ probability: Float, _ backoff: Float) {
    probabilities[position] = probability
    matched[position] = UInt8(truncatingIfNeeded: length)
    if length < order {
      backoffs[position * width + length - 1] = backoff
      if backoff.marksContext { lengths[position] = UInt8(truncatingIfNeeded: length) }
    }
  }

  /// Adds the backoffs and writes the results.
  @inline(__always)
  private func add(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ base: Int,
    _ size: Int,
    _ scores: borrowing RecordBuffer<Float>,
    _ orders: borrowing RecordBuffer<UInt8>
  ) {
    for position in 1...size {
      let target = base + position - 1
      let length = Int(lengths[position - 1])
      if stopped[position] != 0 && length >= Int(stopped[position]) - 1 {
        resume(position, ids, base)
      }
      let order = matched[position]
      var score = order == 0 ? 0 : probabilities[position]
      if order != 0 {
        for distance in stride(from: Int(order) - 1, to: length, by: 1) {
          score += backoffs[(position - 1) * width + distance]
        }
      }
      scores[target] = score
      orders[target] = order
    }
  }

  /// Goes on with a word whose context turned out longer after it was given up.
  ///
  /// This takes an n-gram that is a context while its own suffix is none, which only an imported model or a
  /// false match of a compact table can bring about.
  @inline(never)
  private func resume(_ position: Int, _ ids: borrowing RecordBuffer<UInt32>, _ base: Int) {
    var length = Int(stopped[position])
    while length <= order && Int(lengths[position - 1]) >= length - 1 {
      sums[position] &+= UInt64(ids[base + position - length]) &* multipliers[length - 1]
      let before = ids[base + position - 2]
      guard
        let found = model.tables.ngram(order: length, sum: sums[position], before: before)
      else { return }
      keep(position, length, found.probability, found.backoff)
      length += 1
    }
  }
}
