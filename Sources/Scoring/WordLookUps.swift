import CKernels
import GramdexCore
import GramdexIndex

/// The look-ups of one word after a state: the n-grams that they form, from order 2 up.
///
/// All n-grams are known before the first is found, so the memory of the first eight is asked for at once, and cache
/// misses overlap. Longer ones are looked up when their turn comes. Model and state are passed to every call, since
/// keeping them would cost as much as a look-up in a cached table.
@safe
struct WordLookUps {
  private static let overlapping = 8
  /// Elements of the memory that look-ups need.
  static let scratchCount = 2 * overlapping

  /// The sum of products of the longest n-gram so far.
  private var sum: UInt64
  /// Element k − 2 for the n-gram of order k.
  private let hashes: UnsafeMutablePointer<UInt64>
  /// The tables of the n-grams' shard.
  private let views: UnsafePointer<TableView>
  /// Where compact records are, as the bits of a `SlotPlace`.
  private let places: UnsafeMutablePointer<UInt64>

  /// Asks for the memory of `word`'s n-grams with the words of `state`.
  ///
  /// `scratch` holds `scratchCount` elements and outlives this value.
  @inline(__always)
  init(
    scratch: UnsafeMutablePointer<UInt64>,
    _ model: NGramModel,
    _ word: WordID,
    after state: borrowing State
  ) {
    unsafe hashes = scratch
    unsafe places = scratch + Self.overlapping
    sum = UInt64(word.rawValue) &* model.multipliers[0]
    let limit = min(state.count, model.order - 1, Self.overlapping)
    let isCompact = model.isCompact
    // SAFETY: there is a view for each order from 2 to the model's; the model keeps its tables.
    let before = state.count > 0 ? state.word(0) : 0
    unsafe views = model.tables.views(before: before)
    var count = 0
    while count < limit {
      let view = unsafe views[count]
      // Nothing longer is looked for, see `find`.
      if view.isEmpty { break }
      let hash = nextHash(count, model, state, seed: view.seed)
      unsafe hashes[count] = hash
      if isCompact {
        unsafe gramdex_prefetch(view.pilotAddress(of: hash))
      } else {
        unsafe view.fetchHome(view.home(of: hash))
      }
      count += 1
    }
    if !isCompact { return }
    for index in 0..<count {
      let view = unsafe views[index]
      let place = unsafe view.place(
        of: hashes[index],
        pilot: view.pilotAddress(of: hashes[index])
      )
      if let address = unsafe place.address { unsafe gramdex_prefetch(address) }
      unsafe places[index] = UInt64(place.bits)
    }
  }

  @inline(__always)
  private mutating func nextHash(
    _ index: Int,
    _ model: NGramModel,
    _ state: borrowing State,
    seed: UInt64
  ) -> UInt64 {
    sum &+= UInt64(state.word(index)) &* model.multipliers[index + 1]
    return NGramHash.finish(sum, seed: seed)
  }

  /// Looks for the n-gram of `order`, called with ascending orders; sets the values when it is found.
  @inline(__always)
  mutating func find(
    _ order: Int,
    _ model: NGramModel,
    _ state: borrowing State,
    probability: inout Float,
    backoff: inout Float
  ) -> Bool {
    let index = order - 2
    // SAFETY: as above; the place and the home are those of the hash.
    let view = unsafe views[index]
    if view.isEmpty { return false }
    if index >= Self.overlapping {
      let hash = nextHash(index, model, state, seed: view.seed)
      return view.find(hash, probability: &probability, backoff: &backoff)
    }
    let hash = unsafe hashes[index]
    if model.isCompact {
      return unsafe view.findRecord(
        hash,
        at: SlotPlace(bits: UInt(places[index])),
        probability: &probability,
        backoff: &backoff
      )
    }
    let home = unsafe view.home(of: hash)
    return unsafe order < model.order
      ? view.find(
        ExactMiddleBucket.self,
        hash,
        home: home,
        probability: &probability,
        backoff: &backoff
      )
      : view.find(
        ExactTopBucket.self,
        hash,
        home: home,
        probability: &probability,
        backoff: &backoff
      )
  }
}
