import CKernels
import Foundation
import GramdexCore
import GramdexIndex
import Testing

@Suite("Score tables")
struct ScoreTablesTests {
  @Test(arguments: ScoreLayout.allCases, [1, 2, 5, 7, 100, 3000])
  func `every stored n-gram answers with its own values`(layout: ScoreLayout, count: Int) throws {
    var generator = SplitMix(seed: UInt64(count))
    let ngrams = NGramSample.random(count: count, using: &generator)
    for isTop in [false, true] {
      let model = try TableFixture(ngrams, layout: layout, isTop: isTop)
      let table = try model.open()
      for ngram in ngrams {
        let (probability, backoff) = try #require(table.view(2).find(ngram.hash))
        // A code's bin is at most a 128th of the range of about 6.
        let tolerance: Float = layout == .exact ? 1e-6 : 0.06
        #expect(abs(probability - log10(ngram.probability)) < tolerance)
        guard let weight = ngram.backoff, !isTop else {
          #expect(backoff.bitPattern == (-0.0 as Float).bitPattern)
          continue
        }
        #expect(abs(backoff - log10(weight)) < tolerance)
        #expect(backoff.bitPattern != (-0.0 as Float).bitPattern)
      }
    }
  }

  @Test(arguments: ScoreLayout.allCases)
  func `bytes do not depend on the order of records or segments`(layout: ScoreLayout) throws {
    var generator = SplitMix(seed: 7)
    var ngrams = NGramSample.random(count: 2000, using: &generator)
    let first = try TableFixture(ngrams, layout: layout, isTop: false)
    ngrams.shuffle(using: &generator)
    let second = try TableFixture(ngrams, layout: layout, isTop: false, segments: 7)
    #expect(first.chunks == second.chunks)
    #expect(first.side == second.side)
  }

  @Test func `n-grams that look alike are kept aside in exact tables`() throws {
    // All homes are in the first bucket, and fragments are equal in pairs, so half of them conflict.
    let ngrams = (0..<64).map { index in
      let high = UInt64(index) << 40
      return NGramSample(
        hash: high | UInt64(index / 2 + 1),
        probability: 0.5 / Float(index + 1),
        backoff: 1
      )
    }
    let model = try TableFixture(ngrams, layout: .exact, isTop: false)
    // The other half may find their few buckets full.
    #expect((32...40).contains(model.side.count))
    let table = try model.open()
    for ngram in ngrams {
      #expect(abs((table.ngram(2, ngram.hash) ?? 1) - log10(ngram.probability)) < 1e-6)
    }
  }

  @Test func `n-grams with equal fingerprints answer for themselves in compact tables`() throws {
    var generator = SplitMix(seed: 17)
    let ngrams = NGramSample.random(count: 2000, using: &generator).map { ngram in
      var ngram = ngram
      ngram.hash = ngram.hash & ~0xFFFF | 77
      return ngram
    }
    let model = try TableFixture(ngrams, layout: .compact, isTop: false)
    #expect(model.side.isEmpty)
    let table = try model.open()
    for ngram in ngrams {
      #expect(abs((table.ngram(2, ngram.hash) ?? 1) - log10(ngram.probability)) < 0.06)
    }
  }

  @Test(arguments: [300, 1500])
  func `n-grams of one compact bucket answer, in slots or aside`(count: Int) throws {
    // Small hashes are all in the first bucket; one of more than 1024 n-grams is not even tried.
    let ngrams = (1...count).map {
      NGramSample(hash: UInt64($0) << 18, probability: 1 / Float($0), backoff: 1)
    }
    let model = try TableFixture(ngrams, layout: .compact, isTop: false)
    #expect(model.side.count == 0 || model.side.count == count)
    if count > 1024 { #expect(model.side.count == count) }
    let table = try model.open()
    for ngram in ngrams {
      #expect(abs((table.ngram(2, ngram.hash) ?? 1) - log10(ngram.probability)) < 0.06)
    }
  }

  @Test func `an absent n-gram is found in a compact table once in 262144 times`() throws {
    var generator = SplitMix(seed: 23)
    let ngrams = NGramSample.random(count: 20_000, using: &generator)
    let model = try TableFixture(ngrams, layout: .compact, isTop: true)
    let load = Double(ngrams.count) / Double(model.geometry.slotsPerChunk)
    #expect(model.geometry.fingerprintBits == 18 && load > 0.9)
    let table = try model.open()
    let probes = 1 << 21
    var found = 0
    for _ in 0..<probes { found += table.ngram(2, generator.next()) == nil ? 0 : 1 }
    // 8 · load are expected, with a deviation of 2.8; five deviations are allowed, but not none.
    let expected = Double(probes) * load / 262_144
    let isLikely = abs(Double(found) - expected) < 5 * expected.squareRoot()
    #expect(found > 0 && isLikely, "\(found) found")
  }

  @Test(arguments: ScoreLayout.allCases)
  func `a chunk with more records than slots keeps the rest aside`(layout: ScoreLayout) throws {
    var generator = SplitMix(seed: 3)
    let ngrams = NGramSample.random(count: 5000, using: &generator)
    // The geometry is made for fewer n-grams than come.
    let model = try TableFixture(ngrams, layout: layout, isTop: false, plannedCount: 4000)
    #expect(model.side.count >= 5000 - model.geometry.slotsPerChunk)
    let table = try model.open()
    for ngram in ngrams {
      let tolerance: Float = layout == .exact ? 1e-6 : 0.06
      #expect(abs((table.ngram(2, ngram.hash) ?? 1) - log10(ngram.probability)) < tolerance)
    }
  }

  @Test(arguments: [(ScoreLayout.exact, 90_000, 3), (.compact, 140_000, 2)])
  func `n-grams of many chunks are found in theirs`(
    layout: ScoreLayout,
    count: Int,
    chunks: Int
  ) throws {
    var generator = SplitMix(seed: 11)
    let ngrams = NGramSample.random(count: count, using: &generator)
    let model = try TableFixture(ngrams, layout: layout, isTop: false)
    #expect(model.geometry.chunkCount == chunks)
    // Of a thousand n-grams less than one finds neither of its buckets with room.
    #expect(model.side.count < count / 1000)
    let table = try model.open()
    for ngram in ngrams {
      let probability = try #require(table.ngram(2, ngram.hash))
      let tolerance: Float = layout == .exact ? 1e-6 : 0.06
      #expect(abs(probability - log10(ngram.probability)) < tolerance)
    }
  }

  @Test(arguments: ScoreLayout.allCases, [1, 2])
  func `a table in several stored values is one`(layout: ScoreLayout, chunksPerSpan: Int) throws {
    var generator = SplitMix(seed: 17)
    let count = layout == .exact ? 90_000 : 280_000
    let ngrams = NGramSample.random(count: count, using: &generator)
    let model = try TableFixture(
      ngrams,
      layout: layout,
      isTop: false,
      chunksPerSpan: chunksPerSpan
    )
    #expect(model.geometry.chunkCount == 3)
    #expect(model.geometry.spanCount == (chunksPerSpan == 1 ? 3 : 2))
    let whole = try TableFixture(ngrams, layout: layout, isTop: false).open()
    let table = try model.open()
    for ngram in ngrams {
      let found = try #require(table.ngram(2, ngram.hash))
      #expect(found == whole.ngram(2, ngram.hash))
    }
    for _ in 0..<10_000 {
      let hash = generator.next()
      #expect(table.ngram(2, hash) == whole.ngram(2, hash))
    }
  }

  @Test(arguments: [false, true])
  func `few absent n-grams are looked for in a second bucket`(isTop: Bool) throws {
    var generator = SplitMix(seed: 19)
    let ngrams = NGramSample.random(count: 20_000, using: &generator)
    let tables = try TableFixture(ngrams, layout: .exact, isTop: isTop).open().tables
    var second = 0
    withExtendedLifetime(tables) {
      for _ in 0..<20_000 {
        let hash = generator.next()
        let home = unsafe gramdex_home(tables.memory.pointee.tables, hash)
        second += unsafe gramdex_may_be_in_other(home, gramdex_tag(hash), isTop) ? 1 : 0
      }
    }
    // A sixth of the n-grams of a bucket, 0.75 or 1.2 of them, are elsewhere, and one of 31 or 7 flags is set for each.
    #expect(second > 100 && second < (isTop ? 4600 : 900), "\(second) of 20,000")
  }

  @Test func `absent n-grams are not found in exact tables`() throws {
    var generator = SplitMix(seed: 5)
    let ngrams = NGramSample.random(count: 3000, using: &generator)
    let table = try TableFixture(ngrams, layout: .exact, isTop: true).open()
    for _ in 0..<20_000 { #expect(table.ngram(2, generator.next()) == nil) }
  }

  @Test(arguments: ScoreLayout.allCases)
  func `a backoff without a probability is refused`(layout: ScoreLayout) throws {
    let ngrams = [NGramSample(hash: 1 << 60, probability: 0.5, backoff: nil)]
    #expect(throws: TableError.backoffWithoutProbability(order: 2)) {
      try TableFixture(ngrams, layout: layout, isTop: false, extraBackoffs: [77])
    }
  }

  @Test(arguments: ScoreLayout.allCases)
  func `n-grams with equal hashes are refused`(layout: ScoreLayout) throws {
    let ngram = NGramSample(hash: 1 << 60, probability: 0.5, backoff: nil)
    #expect(throws: TableError.equalHashes(order: 2)) {
      try TableFixture([ngram, ngram], layout: layout, isTop: false)
    }
  }

  @Test func `a header that asks for a billion values is refused at once`() throws {
    var header = ModelHeader(
      layout: .exact,
      vocabularySize: 1,
      ngramCounts: [1 << 44, 1 << 44],
      sideCounts: [0, 0]
    )
    header.chunksPerSpan = 1
    let parts = [
      ScoreKey.header(model: "m"): header.payload,
      ScoreKey.unigrams(model: "m"): [UInt8](repeating: 0, count: 8),
    ]
    #expect(throws: TableError.self) {
      try ScoreTables(model: "m") { key in parts[key].map { TableRegion(copying: $0) } }
    }
  }

  @Test func `scores of another version are refused with advice`() throws {
    var generator = SplitMix(seed: 29)
    let ngrams = NGramSample.random(count: 5, using: &generator)
    let model = try TableFixture(ngrams, layout: .compact, isTop: false)
    let error = TableError.otherVersion(found: 1, supported: 3)
    #expect(throws: error) {
      try model.open { key, bytes in
        if key == ScoreKey.header(model: "m") { bytes[4] = 1 }
      }
    }
    #expect(error.description.contains("build the index again"))
  }

  @Test func `logarithms are kept bit for bit, and minus infinity is -99`() throws {
    let ngrams = [
      NGramSample(hash: 1, probability: -1.234567, backoff: 0),
      NGramSample(hash: 1 << 62, probability: -.infinity, backoff: -0.0),
      NGramSample(hash: 1 << 61, probability: -0.25, backoff: -0.7531),
    ]
    let table = try TableFixture(ngrams, layout: .exact, isTop: false, valuesAreLog10: true).open()
    let found = try [1, 1 << 62, 1 << 61].map { try #require(table.view(2).find($0)) }
    #expect(found.map(\.probability) == [-1.234567, -99, -0.25])
    #expect(found.map(\.backoff.bitPattern) == [0, 0, (-0.7531 as Float).bitPattern])
  }

  @Test(arguments: ScoreLayout.allCases)
  func `damaged bytes are read without harm`(layout: ScoreLayout) throws {
    var generator = SplitMix(seed: 13)
    let ngrams = NGramSample.random(count: 500, using: &generator)
    let model = try TableFixture(ngrams, layout: layout, isTop: false)
    for _ in 0..<20 {
      let table = try model.open { key, bytes in
        // Every kind of part but the header, whose damage is an error.
        if key[key.count - 5] != 0 {
          for _ in 0..<bytes.count / 4 {
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
              UInt8.random(in: 0...255, using: &generator)
          }
        }
      }
      for ngram in ngrams { _ = table.view(2).find(ngram.hash) }
    }
  }

  @Test func `logarithms are right to a few units in the last place`() {
    var value = Float.leastNormalMagnitude
    while value < 2 {
      let ngrams = [NGramSample(hash: 5, probability: value, backoff: nil)]
      let stored = try? TableFixture(ngrams, layout: .exact, isTop: true).open().ngram(2, 5)
      let expected = Float(log10(Double(value)))
      let error = abs((stored ?? 1) - expected)
      #expect(error <= 2 * max(expected.ulp, Float(1e-7).ulp), "log10 of \(value)")
      value *= 1.37
    }
  }
}

/// A small generator with a fixed sequence.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
