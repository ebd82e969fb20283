import GramdexCore
import GramdexIndex
import GramdexSmoothing

/// An n-gram as a table test knows it.
struct NGramSample {
  var hash: UInt64
  var probability: Float
  /// The backoff weight, nil when nothing follows.
  var backoff: Float?

  /// `count` n-grams with different hashes.
  static func random(count: Int, using generator: inout SplitMix) -> [NGramSample] {
    (0..<count).map { _ in
      NGramSample(
        hash: generator.next(),
        probability: Float.random(in: 1e-6...1, using: &generator),
        backoff: Bool.random(using: &generator)
          ? Float.random(in: 1e-3...1, using: &generator) : nil
      )
    }
  }
}

/// A model of one unigram and one table of order 2, built in memory by a `ChunkFiller`.
struct TableFixture {
  let geometry: TableGeometry
  var chunks: [[UInt8]] = []
  var side: [SideEntry] = []
  var parts: [[UInt8]: [UInt8]] = [:]

  init(
    _ ngrams: [NGramSample],
    layout: ScoreLayout,
    isTop: Bool,
    segments: Int = 1,
    plannedCount: Int? = nil,
    extraBackoffs: [UInt64] = [],
    valuesAreLog10: Bool = false,
    chunksPerSpan: Int = 4096
  ) throws {
    geometry = TableGeometry(
      order: 2,
      isTop: isTop,
      layout: layout,
      ngramCount: UInt64(plannedCount ?? ngrams.count),
      chunksPerSpan: chunksPerSpan
    )
    let probabilities = ngrams.map { ScoreRecord(hash: $0.hash, value: $0.probability) }
    var backoffs =
      isTop
      ? []
      : ngrams.compactMap { ngram in
        ngram.backoff.map { ScoreRecord(hash: ngram.hash, value: $0) }
      }
    backoffs += extraBackoffs.map { ScoreRecord(hash: $0, value: 1) }
    let quantizer =
      layout == .exact
      ? Quantizer()
      : Quantizer(
        probabilityBits: geometry.probabilityBits,
        probabilities: probabilities.map(\.value),
        backoffs: backoffs.map(\.value),
        valuesAreLog10: valuesAreLog10
      )
    var filler = ChunkFiller(
      geometry: geometry,
      quantizer: quantizer,
      valuesAreLog10: valuesAreLog10
    )
    for chunk in 0..<geometry.chunkCount {
      var bytes = [UInt8](repeating: 0xAA, count: geometry.bytesPerChunk)
      try unsafe Self.withSegments(probabilities, of: chunk, geometry, segments) { probabilities in
        try unsafe Self.withSegments(backoffs, of: chunk, geometry, segments) { backoffs in
          try unsafe bytes.withUnsafeMutableBytes { target in
            try unsafe filler.fill(
              chunk: chunk,
              probabilities: probabilities,
              backoffs: backoffs,
              into: target,
              side: &side
            )
          }
        }
      }
      chunks.append(bytes)
      parts[ScoreKey.span(chunk / chunksPerSpan, order: 2, model: "m"), default: []] += bytes
    }
    // The two-order model whose top order is empty when the table is to be a middle one.
    let counts = [geometry.ngramCount] + (isTop ? [] : [0])
    var header = ModelHeader(
      layout: layout,
      vocabularySize: 1,
      ngramCounts: counts,
      sideCounts: [UInt64(side.count)] + (isTop ? [] : [0])
    )
    header.chunksPerSpan = chunksPerSpan
    parts[ScoreKey.header(model: "m")] = header.payload
    parts[ScoreKey.unigrams(model: "m")] = [UInt8](repeating: 0, count: 8)
    parts[ScoreKey.side(order: 2, shard: 0, model: "m")] = SideTable.encode(side)
    parts[ScoreKey.codebook(order: 2, shard: 0, model: "m")] = quantizer.payload
  }

  /// The tables as a reader sees them, after `change` was applied to each part.
  func open(change: (_ key: [UInt8], _ bytes: inout [UInt8]) -> Void = { _, _ in }) throws
    -> OpenTable
  {
    OpenTable(
      tables: try ScoreTables(model: "m") { key in
        guard var bytes = parts[key] else { return nil }
        change(key, &bytes)
        return TableRegion(copying: bytes)
      }
    )
  }

  private static func withSegments(
    _ records: [ScoreRecord],
    of chunk: Int,
    _ geometry: TableGeometry,
    _ count: Int,
    _ body: ([UnsafeBufferPointer<ScoreRecord>]) throws -> Void
  ) rethrows {
    let ours = records.filter { geometry.chunk(of: $0.hash) == chunk }
    try unsafe ours.withUnsafeBufferPointer { buffer in
      let cuts = (0...count).map { $0 * buffer.count / count }
      try unsafe body(
        (0..<count).map { unsafe UnsafeBufferPointer(rebasing: buffer[cuts[$0]..<cuts[$0 + 1]]) }
      )
    }
  }
}

/// Opened tables, kept alive beside their views.
struct OpenTable {
  let tables: ScoreTables

  func view(_ order: Int) -> TableView {
    unsafe tables.view(order: order, before: 0)
  }

  /// The log10 probability stored under `hash`, nil when there is none.
  func ngram(_ order: Int, _ hash: UInt64) -> Float? {
    view(order).find(hash)?.probability
  }
}
