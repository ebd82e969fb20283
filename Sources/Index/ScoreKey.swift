/// The keys of database `scores`: model name, 0x00, order with two flag bits, a number as big-endian u32.
package enum ScoreKey {
  private static let sideFlag: UInt8 = 0x80
  private static let codebookFlag: UInt8 = 0x40

  /// The key of the model's header.
  package static func header(model: String) -> [UInt8] {
    key(model, 0, number: 0)
  }

  /// The key of the unigram table.
  package static func unigrams(model: String) -> [UInt8] {
    key(model, 1, number: 0)
  }

  /// The key of a span of `order`, numbered through the tables of all shards.
  package static func span(_ span: Int, order: Int, model: String) -> [UInt8] {
    key(model, UInt8(order), number: UInt32(span))
  }

  /// The key of the side table of `order` in a shard, which exists if it has entries.
  package static func side(order: Int, shard: Int, model: String) -> [UInt8] {
    key(model, UInt8(order) | sideFlag, number: UInt32(shard))
  }

  /// The key of the codebook of `order` in a shard, which exists in the compact layout if there are n-grams.
  package static func codebook(order: Int, shard: Int, model: String) -> [UInt8] {
    key(model, UInt8(order) | codebookFlag, number: UInt32(shard))
  }

  private static func key(_ model: String, _ order: UInt8, number: UInt32) -> [UInt8] {
    var key = Array(model.utf8)
    key += [0, order]
    for shift in stride(from: 24, through: 0, by: -8) {
      key.append(UInt8(truncatingIfNeeded: number >> UInt32(shift)))
    }
    return key
  }
}
