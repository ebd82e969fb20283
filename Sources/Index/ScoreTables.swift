package import CKernels
package import GramdexCore

/// The stored scores of one model, checked and ready to be looked into from any number of threads.
///
/// All parts are found once, when the tables are opened; a query follows no tree. Whatever the parts hold, a
/// query reads only inside them and ends: a damaged byte can only lead to a wrong value.
@safe
package final class ScoreTables: @unchecked Sendable {
  // @unchecked: everything is written in the initializer only.

  /// The model's header.
  package let header: ModelHeader
  /// log10 probability and backoff of each word, 8 bytes a word.
  private let unigramRegion: TableRegion
  /// A table for each order in each shard, shard after shard, in each by order from 2 on.
  private let tables: UnsafeMutablePointer<gramdex_table>
  private let rests: UnsafeMutablePointer<gramdex_table_rest>
  /// The addresses that the tables point to.
  private let spans: UnsafeMutablePointer<UnsafePointer<UInt8>?>
  /// What stands for the parts of tables without n-grams.
  private let zeros: UnsafeMutableRawPointer
  private let shards: ShardFinder
  /// The model as `gramdex_scores.h` reads it; valid while these tables live.
  @unsafe
  package let memory: UnsafePointer<gramdex_model>
  /// As many as the largest codebook has, which is more than a bucket.
  private static let zeroBytes = 4 * (Quantizer.backoffCodeCount + 1 << 10)
  /// Keeps everything that the tables point to in memory.
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
    shards = ShardFinder(firstWords: header.firstWords)
    unsafe zeros = .allocate(byteCount: Self.zeroBytes, alignment: 64)
    unsafe zeros.initializeMemory(as: UInt8.self, repeating: 0, count: Self.zeroBytes)
    let spanCount = parts.tables.reduce(0) { $0 + max($1.spans.count, 1) }
    unsafe spans = .allocate(capacity: max(spanCount, 1))
    let tableCount = max(parts.tables.count, 1)
    unsafe rests = .allocate(capacity: tableCount)
    // Each on a cache line of its own.
    unsafe tables = UnsafeMutableRawPointer.allocate(
      byteCount: tableCount * MemoryLayout<gramdex_table>.stride,
      alignment: 64
    ).bindMemory(to: gramdex_table.self, capacity: tableCount)
    let nowhere = unsafe UnsafeRawPointer(zeros)
    func address(_ region: TableRegion?) -> UnsafePointer<UInt8> {
      unsafe (region?.bytes.baseAddress ?? nowhere).assumingMemoryBound(to: UInt8.self)
    }
    var nextSpan = unsafe spans
    for (index, table) in parts.tables.enumerated() {
      let first = unsafe nextSpan
      // SAFETY: there is room for the spans of all tables, and for one of a table without any; there is room for all tables.
      // Payloads are aligned to 64 bytes, and a codebook, zeros included, has the floats that codes can ask for.
      for span in table.spans.isEmpty ? [nil] : table.spans.map(Optional.some) {
        unsafe nextSpan.initialize(to: address(span))
        unsafe nextSpan += 1
      }
      unsafe (rests + index).initialize(
        to: gramdex_table_rest(
          spans: UnsafePointer(first),
          chunks_per_span: UInt64(header.chunksPerSpan),
          side: address(table.side),
          side_count: UInt64((table.side?.count ?? 0) / SideTable.entryBytes)
        )
      )
      unsafe (tables + index).initialize(
        to: table.geometry.table(
          start: address(table.spans.first),
          rest: rests + index,
          codebook: UnsafeRawPointer(address(table.codebook)).assumingMemoryBound(to: UInt32.self)
        )
      )
    }
    let order = header.order
    var model = unsafe gramdex_model()
    unsafe model.unigrams = address(unigramRegion)
    unsafe model.tables = UnsafePointer(tables)
    unsafe model.shards = shards.memory
    unsafe withUnsafeMutableBytes(of: &model.multipliers) { bytes in
      for distance in 0..<order {
        unsafe bytes.storeBytes(
          of: NGramHash.multiplier(distance),
          toByteOffset: 8 * distance,
          as: UInt64.self
        )
      }
    }
    unsafe model.seed = header.seed
    unsafe model.words = UInt32(header.vocabularySize)
    unsafe model.order = UInt32(header.order)
    unsafe model.is_compact = header.layout == .compact
    let memory = UnsafeMutablePointer<gramdex_model>.allocate(capacity: 1)
    unsafe memory.initialize(to: model)
    unsafe self.memory = unsafe UnsafePointer(memory)
  }

  deinit {
    unsafe memory.deallocate()
    unsafe tables.deallocate()
    unsafe rests.deallocate()
    unsafe spans.deallocate()
    unsafe zeros.deallocate()
  }

  /// The table of `order`, 2 … header.order, for n-grams whose last word but one is `word`.
  ///
  /// Valid while these tables live.
  @unsafe
  package func view(order: Int, before word: UInt32) -> TableView {
    unsafe view(order: order, shard: shard(ofWord: word))
  }

  /// The table of `order`, 2 … header.order, of a shard; valid while these tables live.
  @unsafe
  package func view(order: Int, shard: Int) -> TableView {
    precondition(order >= 2 && order <= header.order, "no table has this order")
    precondition(shard >= 0 && shard < header.shardCount, "no shard has this number")
    // SAFETY: there are order − 1 tables for every shard.
    return unsafe TableView(UnsafePointer(tables + shard * (header.order - 1) + order - 2))
  }

  /// The number of the shard of n-grams whose last word but one is `word`.
  package func shard(ofWord word: UInt32) -> Int {
    shards.shard(of: word)
  }

  /// The unigram table, 8 bytes a word: f32 log10 probability, f32 log10 backoff; valid while these tables live.
  @unsafe
  package var unigrams: UnsafeRawPointer {
    unsafe unigramRegion.bytes.baseAddress ?? UnsafeRawPointer(zeros)
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
    // SAFETY: the view is used while `self` lives.
    unsafe view(order: order, before: word).find(NGramHash.finish(sum, seed: header.seed))
  }
}

/// The parts of a model, found and of the right size.
private struct Parts {
  /// The parts of a table.
  struct Table {
    let geometry: TableGeometry
    let spans: [TableRegion]
    /// Nil when there are no entries.
    let side: TableRegion?
    /// Nil in exact tables and in empty ones.
    let codebook: TableRegion?
  }

  let header: ModelHeader
  let unigrams: TableRegion
  /// Shard after shard, in each by order from 2 on.
  private(set) var tables: [Table] = []

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
    var nextSpans = [Int](repeating: 0, count: header.order + 1)
    for (index, geometry) in header.geometries.enumerated() {
      let order = geometry.order
      let shard = index / (header.order - 1)
      // One after the other: a damaged header may ask for a billion, of which the first is missing.
      var spans: [TableRegion] = []
      for span in 0..<geometry.spanCount {
        let number = nextSpans[order] + span
        let bytes = geometry.chunks(ofSpan: span).count * geometry.bytesPerChunk
        spans.append(
          try require(
            ScoreKey.span(number, order: order, model: model),
            order: order,
            what: "span \(number)",
            bytes: UInt64(bytes)
          )
        )
      }
      nextSpans[order] += geometry.spanCount
      let sideCount = header.tableSides[index]
      let side =
        sideCount == 0
        ? nil
        : try require(
          ScoreKey.side(order: order, shard: shard, model: model),
          order: order,
          what: "the side table",
          bytes: sideCount * UInt64(SideTable.entryBytes)
        )
      let codebook =
        header.layout == .exact || geometry.chunkCount == 0
        ? nil
        : try require(
          ScoreKey.codebook(order: order, shard: shard, model: model),
          order: order,
          what: "the codebook",
          bytes: UInt64(4 * geometry.codebookCount)
        )
      tables.append(Table(geometry: geometry, spans: spans, side: side, codebook: codebook))
    }
  }

  /// Everything that views point into.
  var regions: [TableRegion] {
    tables.flatMap { $0.spans + [$0.side, $0.codebook].compactMap { $0 } }
  }
}
