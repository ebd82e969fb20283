import Foundation
import GramdexCore
import GramdexIndex
import GramdexScoring
import GramdexSmoothing
import TestSupport

/// A model built in memory from n-grams with decimal logarithms, as an ARPA file has them.
struct MemoryModel {
  /// Element k−1: the n-grams of order k with log10 probability and backoff.
  var entries: [[[String]: NaiveKneserNey.Entry]]
  /// The words in id order.
  private(set) var words: [String] = []
  private var parts: [[UInt8]: [UInt8]] = [:]
  private var vocabularyParts: [String: [UInt8]] = [:]

  init(_ entries: [[[String]: NaiveKneserNey.Entry]], layout: ScoreLayout = .exact) throws {
    self.entries = entries
    let reserved = ["<unk>", "<s>", "</s>"]
    let others = Set(entries[0].keys.map { $0[0] }).subtracting(reserved)
    words = reserved + others.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    vocabularyParts = try Self.vocabulary(words)
    let ids = Dictionary(uniqueKeysWithValues: zip(words, 0...).map { ($0, UInt64($1)) })
    let contexts = Set(entries.dropFirst().flatMap { $0.keys.map { Array($0.dropLast()) } })
    let multipliers = NGramHash.multipliers(order: entries.count)

    func backoff(_ ngram: [String], _ entry: NaiveKneserNey.Entry) -> Float? {
      contexts.contains(ngram) || entry.log10Backoff != 0 ? Float(entry.log10Backoff) : nil
    }
    func hash(_ ngram: [String]) -> UInt64 {
      let sum = ngram.reversed().enumerated().reduce(0 as UInt64) { sum, word in
        sum &+ (ids[word.element] ?? 0) &* multipliers[word.offset]
      }
      return NGramHash.finish(sum, seed: 0)
    }

    var unigrams = [Float](repeating: -99, count: words.count)
    var weights = [Float](repeating: .nan, count: words.count)
    for (ngram, entry) in entries[0] {
      let id = Int(ids[ngram[0]] ?? 0)
      unigrams[id] = Float(entry.log10Probability)
      weights[id] = backoff(ngram, entry) ?? .nan
    }
    var table = [UInt8](repeating: 0, count: 8 * words.count)
    unsafe table.withUnsafeMutableBytes { target in
      unsafe unigrams.withUnsafeBufferPointer { unigrams in
        unsafe weights.withUnsafeBufferPointer { weights in
          unsafe UnigramTable.fill(
            probabilities: unigrams,
            backoffs: weights,
            valuesAreLog10: true,
            into: target
          )
        }
      }
    }
    parts[ScoreKey.unigrams(model: "m")] = table
    var sides: [UInt64] = []
    for order in stride(from: 2, through: entries.count, by: 1) {
      let isTop = order == entries.count
      let probabilities = entries[order - 1].map {
        ScoreRecord(hash: hash($0.key), value: Float($0.value.log10Probability))
      }
      let backoffs = entries[order - 1].compactMap { ngram, entry in
        isTop
          ? nil : backoff(ngram, entry).map { ScoreRecord(hash: hash(ngram), value: $0) }
      }
      sides.append(try fill(order, isTop, layout, probabilities, backoffs))
    }
    parts[ScoreKey.header(model: "m")] =
      ModelHeader(
        layout: layout,
        vocabularySize: UInt64(words.count),
        ngramCounts: entries.dropFirst().map { UInt64($0.count) },
        sideCounts: sides
      ).payload
  }

  /// The parts of a vocabulary of these words.
  static func vocabulary(_ words: [String]) throws -> [String: [UInt8]] {
    try vocabulary(words.map { Array($0.utf8) })
  }

  /// The parts of a vocabulary of words of these bytes.
  static func vocabulary(_ words: [[UInt8]]) throws -> [String: [UInt8]] {
    let bytes = words.flatMap { $0 }
    var offsets: [UInt64] = [0]
    for word in words { offsets.append((offsets.last ?? 0) + UInt64(word.count)) }
    let plan = try VocabularyTable(wordCount: words.count, stringBytes: bytes.count)
    let offsetBytes = offsets.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let wordBytes = bytes + [UInt8](repeating: 0, count: VocabularyTable.padding)
    var hash = [UInt8](repeating: 0, count: plan.hashBytes)
    try unsafe offsetBytes.withUnsafeBytes { offsets in
      try unsafe wordBytes.withUnsafeBytes { words in
        try unsafe hash.withUnsafeMutableBytes { hash in
          try unsafe plan.fillHash(offsets: offsets, bytes: words, into: hash)
        }
      }
    }
    return ["header": plan.header, "offsets": offsetBytes, "bytes": wordBytes, "hash": hash]
  }

  private mutating func fill(
    _ order: Int,
    _ isTop: Bool,
    _ layout: ScoreLayout,
    _ probabilities: [ScoreRecord],
    _ backoffs: [ScoreRecord]
  ) throws -> UInt64 {
    let geometry = TableGeometry(
      order: order,
      isTop: isTop,
      layout: layout,
      ngramCount: UInt64(probabilities.count)
    )
    let quantizer =
      layout == .exact
      ? Quantizer()
      : Quantizer(
        probabilityBits: geometry.probabilityBits,
        probabilities: probabilities.map(\.value),
        backoffs: backoffs.map(\.value),
        valuesAreLog10: true
      )
    var filler = ChunkFiller(geometry: geometry, quantizer: quantizer, valuesAreLog10: true)
    var side: [SideEntry] = []
    for chunk in 0..<geometry.chunkCount {
      let ours = probabilities.filter { geometry.chunk(of: $0.hash) == chunk }
      let weights = backoffs.filter { geometry.chunk(of: $0.hash) == chunk }
      var bytes = [UInt8](repeating: 0, count: geometry.bytesPerChunk)
      try unsafe ours.withUnsafeBufferPointer { ours in
        try unsafe weights.withUnsafeBufferPointer { weights in
          try unsafe bytes.withUnsafeMutableBytes { target in
            try unsafe filler.fill(
              chunk: chunk,
              probabilities: [ours],
              backoffs: [weights],
              into: target,
              side: &side
            )
          }
        }
      }
      parts[ScoreKey.span(0, order: order, model: "m"), default: []] += bytes
    }
    parts[ScoreKey.side(order: order, shard: 0, model: "m")] = SideTable.encode(side)
    parts[ScoreKey.codebook(order: order, shard: 0, model: "m")] = quantizer.payload
    return UInt64(side.count)
  }

  /// The model, opened.
  func open(tokenizer: TokenizerOptions = TokenizerOptions()) throws -> NGramModel {
    let vocabulary = try Vocabulary { key in
      vocabularyParts[key].map { TableRegion(copying: $0) }
    }
    let tables = try ScoreTables(model: "m") { key in
      parts[key].map { TableRegion(copying: $0) }
    }
    return try NGramModel(vocabulary: vocabulary, tables: tables, tokenizer: tokenizer)
  }
}

extension MemoryModel {
  /// lmplz's model of this name in the reference data.
  static func golden(_ model: GoldenModel, layout: ScoreLayout = .exact) throws -> NGramModel {
    try MemoryModel(model.arpa().entries, layout: layout).open()
  }

  /// A model of a few words whose n-grams come from random sentences; every suffix of an n-gram is stored.
  static func random(
    order: Int,
    words: Int,
    layout: ScoreLayout = .exact,
    seed: UInt64
  ) throws -> MemoryModel {
    var generator = SeededGenerator(seed: seed)
    var entries = [[[String]: NaiveKneserNey.Entry]](repeating: [:], count: order)
    func add(_ ngram: [String]) {
      entries[ngram.count - 1][ngram] = NaiveKneserNey.Entry(
        log10Probability: Double(Float.random(in: -5 ... -0.01, using: &generator)),
        log10Backoff: 0
      )
    }
    for word in ["<unk>", "<s>", "</s>"] + (0..<words).map({ "w\($0)" }) { add([word]) }
    for _ in 0..<8 * words {
      var sentence = ["<s>"]
      for _ in 0..<Int.random(in: 0..<9, using: &generator) {
        sentence.append("w\(Int.random(in: 0..<words, using: &generator))")
      }
      sentence.append("</s>")
      for end in 1..<sentence.count {
        for length in 2..<max(min(order, end + 1) + 1, 2) {
          let ngram = Array(sentence[end - length + 1...end])
          if entries[length - 1][ngram] == nil { add(ngram) }
        }
      }
    }
    for length in 2..<max(order + 1, 2) {
      for ngram in entries[length - 1].keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
        entries[length - 2][Array(ngram.dropLast())]?.log10Backoff =
          Double(Float.random(in: -2...0, using: &generator))
      }
    }
    return try MemoryModel(entries, layout: layout)
  }
}

/// A small generator with a fixed sequence.
struct SeededGenerator: RandomNumberGenerator {
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
