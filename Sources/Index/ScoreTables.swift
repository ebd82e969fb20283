package import GramdexCore

/// The stored scores of one model, checked and ready to be looked into from any number of threads.
///
/// All parts are found once, when the tables are opened; a query follows no tree. Whatever the parts hold, a
/// query reads only inside them and ends: a damaged byte can only lead to a wrong value. Public, as `TableView` is,
/// for the loops of other modules.
@safe
public final class ScoreTables: @unchecked Sendable {
  // @unchecked: everything is written in the initializer only.

  /// The model's header.
  package let header: ModelHeader
  /// log10 probability and backoff of each word, 8 bytes a word.
  private let unigramRegion: TableRegion
  /// One view for each table, shard after shard, in each by order from 2 on.
  @usableFromInline let views: UnsafeMutablePointer<TableView>
  /// The addresses and codebooks that the views point to.
  private let chunks: UnsafeMutablePointer<UnsafeRawPointer>
  private let codebooks: UnsafeMutablePointer<Float>
  @usableFromInline let firstWords: UnsafeMutablePointer<UInt32>
  @usableFromInline let shardCount: Int
  @usableFromInline let tablesPerShard: Int
  /// Keeps everything that the views point to in memory.
  private let regions: [TableRegion]

  /// Opens the tables of a model.
  ///
  /// - Parameters:
  ///   - model: the model's name.
  ///   - part: finds the payload at a key that `ScoreKey` made, nil when there is none.
  /// - Throws: `TableError.damagedScores`, and what `part` throws.
  package init(model: String, part: (_ key: [UInt8]) throws -> TableRegion?) throws {
    let parts = try Parts(model: model, part: part)
    header = parts.header
    unigramRegion = parts.unigrams
    regions = parts.regions
    unsafe chunks = .allocate(capacity: max(parts.chunks.count, 1))
    unsafe codebooks = .allocate(capacity: max(parts.codebooks.count, 1))
    shardCount = header.shardCount
    tablesPerShard = header.order - 1
    let geometries = parts.geometries
    unsafe views = .allocate(capacity: max(geometries.count, 1))
    unsafe firstWords = .allocate(capacity: header.shardCount)
    for shard in 0..<header.shardCount {
      // SAFETY: shard < shardCount.
      unsafe (firstWords + shard).initialize(to: header.firstWords[shard])
    }
    for index in parts.chunks.indices {
      // SAFETY: index < chunks.count; the same holds for the codebooks below.
      unsafe (chunks + index).initialize(to: parts.chunks[index].bytes.baseAddress ?? Self.nowhere)
    }
    for index in parts.codebooks.indices {
      unsafe (codebooks + index).initialize(to: parts.codebooks[index])
    }
    var firstChunk = 0
    var firstCode = 0
    for (index, geometry) in geometries.enumerated() {
      let side = parts.sides[index]
      // SAFETY: there is a view a table; `Parts` has chunks and codebooks in their order.
      unsafe (views + index).initialize(
        to: TableView(
          geometry: geometry,
          seed: header.seed,
          chunks: chunks + firstChunk,
          side: side?.bytes.baseAddress ?? Self.nowhere,
          sideCount: (side?.count ?? 0) / SideTable.entryBytes,
          codebook: codebooks + firstCode
        )
      )
      firstChunk += geometry.chunkCount
      firstCode += geometry.codebookCount
    }
  }

  deinit {
    unsafe views.deallocate()
    unsafe firstWords.deallocate()
    unsafe chunks.deallocate()
    unsafe codebooks.deallocate()
  }

  /// An address for parts without bytes, never read.
  private static var nowhere: UnsafeRawPointer {
    unsafe UnsafeRawPointer(bitPattern: 64).unsafelyUnwrapped
  }

  /// The tables of n-grams whose last word but one is `word`, whatever it is, by order from 2 on.
  ///
  /// Valid while these tables live.
  @unsafe
  @inlinable
  @inline(__always)
  public func views(before word: UInt32) -> UnsafePointer<TableView> {
    var low = 0
    var count = shardCount
    while count > 1 {
      let half = count &>> 1
      // SAFETY: low + half is below the number of shards.
      low = unsafe firstWords[low &+ half] <= word ? low &+ half : low
      count &-= half
    }
    return unsafe UnsafePointer(views + low &* tablesPerShard)
  }

  /// The table of `order`, 2 … header.order, for n-grams whose last word but one is `word`.
  ///
  /// Valid while these tables live.
  @unsafe
  package func view(order: Int, before word: UInt32) -> TableView {
    precondition(order >= 2 && order <= header.order, "no table has this order")
    return unsafe views(before: word)[order - 2]
  }

  /// The number of the shard of n-grams whose last word but one is `word`.
  package func shard(ofWord word: UInt32) -> Int {
    unsafe (views(before: word) - UnsafePointer(views)) / max(tablesPerShard, 1)
  }

  /// The tables of a shard by order from 2 on; valid while these tables live.
  @unsafe
  package func views(ofShard shard: Int) -> UnsafePointer<TableView> {
    precondition(shard >= 0 && shard < shardCount, "no shard has this number")
    return unsafe UnsafePointer(views + shard * tablesPerShard)
  }

  /// The unigram table, 8 bytes a word: f32 log10 probability, f32 log10 backoff; valid while these tables live.
  @unsafe
  package var unigrams: UnsafeRawPointer {
    unsafe unigramRegion.bytes.baseAddress ?? Self.nowhere
  }

  /// log10 probability and backoff of a word, nil when there is none with this id.
  package func unigram(_ word: WordID) -> (probability: Float, backoff: Float)? {
    guard UInt64(word.rawValue) < header.vocabularySize else { return nil }
    // SAFETY: the region has 8 bytes for each word of the vocabulary.
    let entry = unsafe unigrams + 8 * Int(word.rawValue)
    let probability = unsafe entry.loadUnaligned(as: Float.self)
    let backoff = unsafe entry.loadUnaligned(fromByteOffset: 4, as: Float.self)
    return (probability, backoff)
  }

  /// log10 probability and backoff of the n-gram of `order` whose sum of products is `sum`, nil when it is not stored.
  ///
  /// `word` is its last word but one.
  package func ngram(
    order: Int,
    sum: UInt64,
    before word: UInt32
  ) -> (probability: Float, backoff: Float)? {
    var probability: Float = 0
    var backoff: Float = -0.0
    // SAFETY: the view is used while `self` lives.
    let isFound = unsafe view(order: order, before: word).find(
      NGramHash.finish(sum, seed: header.seed),
      probability: &probability,
      backoff: &backoff
    )
    return isFound ? (probability, backoff) : nil
  }
}

/// The parts of a model, found and of the right size.
private struct Parts {
  let header: ModelHeader
  let unigrams: TableRegion
  let geometries: [TableGeometry]
  /// Chunks of all tables, shard after shard, in each by order.
  private(set) var chunks: [TableRegion] = []
  /// Side tables, one or nil for each table.
  private(set) var sides: [TableRegion?] = []
  /// `codebookCount` values for each table; zeros where the layout has no codebook.
  private(set) var codebooks: [Float] = []

  init(model: String, part: (_ key: [UInt8]) throws -> TableRegion?) throws {
    func require(_ key: [UInt8], order: Int, what: String, bytes: UInt64?) throws -> TableRegion {
      guard let region = try part(key) else {
        throw TableError.damagedScores(order: order, rule: "\(what) is missing")
      }
      if let bytes, UInt64(region.count) != bytes {
        throw TableError.damagedScores(
          order: order,
          rule: "\(what) has \(region.count) bytes instead of \(bytes)"
        )
      }
      return region
    }
    let start = try require(
      ScoreKey.header(model: model),
      order: 0,
      what: "the header",
      bytes: nil
    )
    // SAFETY: the region lives to the end of this function.
    header = try unsafe ModelHeader(payload: start.bytes)
    unigrams = try require(
      ScoreKey.unigrams(model: model),
      order: 1,
      what: "the unigram table",
      bytes: 8 * header.vocabularySize
    )
    geometries = header.geometries
    var firstChunks = [Int](repeating: 0, count: header.order + 1)
    for (index, geometry) in geometries.enumerated() {
      let order = geometry.order
      let shard = index / (header.order - 1)
      for chunk in firstChunks[order]..<firstChunks[order] + geometry.chunkCount {
        let region = try require(
          ScoreKey.chunk(chunk, order: order, model: model),
          order: order,
          what: "chunk \(chunk)",
          bytes: UInt64(geometry.bytesPerChunk)
        )
        chunks.append(region)
      }
      firstChunks[order] += geometry.chunkCount
      let sideCount = header.tableSides[index]
      sides.append(
        sideCount == 0
          ? nil
          : try require(
            ScoreKey.side(order: order, shard: shard, model: model),
            order: order,
            what: "the side table",
            bytes: sideCount * UInt64(SideTable.entryBytes)
          )
      )
      let firstCode = codebooks.count
      codebooks += [Float](repeating: 0, count: geometry.codebookCount)
      if header.layout == .compact && geometry.chunkCount > 0 {
        let region = try require(
          ScoreKey.codebook(order: order, shard: shard, model: model),
          order: order,
          what: "the codebook",
          bytes: UInt64(4 * geometry.codebookCount)
        )
        for place in 0..<geometry.codebookCount {
          // SAFETY: the region has 4 × codebookCount bytes.
          codebooks[firstCode + place] = unsafe region.bytes.loadUnaligned(
            fromByteOffset: 4 * place,
            as: Float.self
          )
        }
      }
    }
  }

  /// Everything that views point into.
  var regions: [TableRegion] {
    chunks + sides.compactMap { $0 }
  }
}
