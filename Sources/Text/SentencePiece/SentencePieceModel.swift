import GramdexStorage
import Synchronization

/// A SentencePiece model, ready to cut text into pieces as the `sentencepiece` package does.
///
/// May be used by any number of threads at once: each takes one of a few encoders with buffers of their own, and gives it back.
/// Memory: about 10 bytes a byte of the pieces, and 2 MiB a thread.
package final class SentencePieceModel: Sendable {
  let normalizer: SentencePieceNormalizer
  let algorithm: SentencePieceFile.Algorithm
  let pieces: PairMergingSegmenter.Pieces
  let fallsBackToBytes: Bool
  /// What a character costs that no piece holds.
  let unknownScore: Float
  /// Whether no piece holds U+2581 but as its first character, so that lines can be cut there; then words are kept.
  let hasSeparateWords: Bool
  private let encoders = Mutex<[EncoderBox]>([])

  /// The largest file that is read.
  package static let maximumBytes = 256 << 20
  /// How far below the least probable piece unknown text is (`kUnkPenalty` of the package).
  private static let unknownPenalty: Float = 10

  /// What a user-defined piece adds to a sum (`GetUserDefinedScore` of the package): more than any probability, and more if it is longer.
  private static func userDefinedScore(bytes: Int) -> Float {
    Float(0.1 * Double(bytes - 1))
  }

  /// Integers that compare as the scores do, −0 below 0.
  private static func rank(_ score: Float) -> Int32 {
    let bits = Int32(bitPattern: score.bitPattern)
    return bits < 0 ? bits ^ Int32.max : bits
  }

  private final class EncoderBox: @unchecked Sendable {
    // @unchecked: whoever has taken it out of the list is its only user.
    var encoder = SentencePieceEncoder()
  }

  /// Reads the bytes of a `.model` file.
  package init(_ bytes: [UInt8]) throws(SentencePieceError.Problem) {
    if bytes.count > Self.maximumBytes { throw .tooLarge(bytes: bytes.count) }
    let file = try SentencePieceFile(bytes)
    normalizer = try SentencePieceNormalizer(file)
    algorithm = file.algorithm
    fallsBackToBytes = file.fallsBackToBytes
    var least = Float.greatestFiniteMagnitude
    for piece in file.pieces where piece.kind == .normal { least = min(least, piece.score) }
    unknownScore = least - Self.unknownPenalty
    let scores = RecordBuffer<Float>(uninitialized: file.pieces.count)
    let ranks = RecordBuffer<Int32>(uninitialized: file.pieces.count)
    for (number, piece) in file.pieces.enumerated() {
      ranks[number] = Self.rank(piece.score)
      switch piece.kind {
      case .unused: scores[number] = .nan
      case .userDefined: scores[number] = Self.userDefinedScore(bytes: Int(piece.text.count))
      default: scores[number] = piece.score
      }
    }
    pieces = PairMergingSegmenter.Pieces(
      trie: try PieceTrie(file) { $0.isText },
      protected: try PieceTrie(file) { $0 == .userDefined },
      scores: scores,
      ranks: ranks
    )
    hasSeparateWords =
      normalizer.escapesSpaces
      && file.pieces.allSatisfy { piece in
        !piece.kind.isText
          || (piece.kind != .unused && !Self.holdsSpace(file.bytes[piece.text.range]))
      }
  }

  /// Whether U+2581 is in `text` behind its first character.
  private static func holdsSpace(_ text: ArraySlice<UInt8>) -> Bool {
    text.indices.dropFirst().contains { index in
      text[index] == 0xE2 && text[index...].starts(with: SentencePieceNormalizer.escapedSpace)
    }
  }

  /// Replaces the lines of `block` by their pieces, single spaces between them, and notes how much text they stand for.
  func encode(_ block: TextBlock, scratch: TextBlock) {
    let box = encoders.withLock { $0.popLast() } ?? EncoderBox()
    let measures = box.encoder.encode(block, to: scratch, self)
    block.swapBytes(with: scratch)
    block.lineMeasures = measures
    encoders.withLock { $0.append(box) }
  }
}
