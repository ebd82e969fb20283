/// What a `.model` file of SentencePiece says: the fields that encoding depends on.
///
/// The file is one message `ModelProto` (`sentencepiece_model.proto`): field 1 the pieces (1 text, 2 score, 3 type), 2 the
/// trainer's settings (3 model type, 24 treat_whitespace_as_suffix, 35 byte_fallback), 3 the normalizer's (2
/// precompiled_charsmap, 3 add_dummy_prefix, 4 remove_extra_whitespaces, 5 escape_whitespaces). All others are skipped.
struct SentencePieceFile {
  /// How text is cut into pieces.
  enum Algorithm: UInt64 {
    case unigram = 1
    case bytePairs = 2
  }

  /// What a piece is for.
  enum PieceKind: UInt64 {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6

    /// Whether text can be cut into such pieces.
    var isText: Bool { self == .normal || self == .userDefined || self == .unused }
  }

  /// A piece, whose place is its id; there can be very many, so its text is not copied.
  struct Piece {
    var text = PieceText()
    var score: Float = 0
    var kind = PieceKind.normal
  }

  /// The bytes of the file.
  let bytes: [UInt8]
  private(set) var algorithm = Algorithm.unigram
  private(set) var pieces: [Piece] = []
  private(set) var treatsSpaceAsSuffix = false
  private(set) var fallsBackToBytes = false
  /// Where the table of character mappings is.
  private(set) var characterMap = 0..<0
  private(set) var addsDummyPrefix = true
  private(set) var removesExtraSpaces = true
  private(set) var escapesSpaces = true

  /// The largest number of pieces.
  static let pieceLimit = 1 << 22
  /// The shortest piece that the package refuses as too long, in bytes.
  static let pieceBytes = 8000

  /// Reads and checks the fields.
  init(_ bytes: [UInt8]) throws(SentencePieceError.Problem) {
    self.bytes = bytes
    do {
      var reader = ProtobufReader(bytes, 0..<bytes.count)
      while let (field, value) = try reader.next() {
        switch (field, value) {
        case (1, .bytes(let range)):
          if pieces.count == Self.pieceLimit {
            throw SentencePieceError.Problem.tooManyPieces(pieces.count + 1)
          }
          pieces.append(try Self.piece(bytes, range, number: pieces.count))
        case (2, .bytes(let range)): try readTrainer(ProtobufReader(bytes, range))
        case (3, .bytes(let range)): try readNormalizer(ProtobufReader(bytes, range))
        case (1...3, _): throw SentencePieceError.Problem.notAModel(offset: 0)
        default: break
        }
      }
    } catch let error as ProtobufReader.Malformed {
      throw .notAModel(offset: error.offset)
    } catch let error as SentencePieceError.Problem {
      throw error
    } catch {
      throw .notAModel(offset: 0)
    }
    try check()
  }

  private static func piece(
    _ bytes: [UInt8],
    _ range: Range<Int>,
    number: Int
  ) throws -> Piece {
    var piece = Piece()
    var reader = ProtobufReader(bytes, range)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let text)): piece.text = PieceText(text)
      case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
      case (3, .varint(let type)):
        guard let kind = PieceKind(rawValue: type) else {
          throw SentencePieceError.Problem.badPiece(number: number)
        }
        piece.kind = kind
      default: break
      }
    }
    return piece
  }

  private mutating func readTrainer(_ fields: ProtobufReader) throws {
    var reader = fields
    while let (field, value) = try reader.next() {
      guard case .varint(let number) = value else { continue }
      switch field {
      case 3:
        guard let known = Algorithm(rawValue: number) else {
          throw SentencePieceError.Problem.type(number)
        }
        algorithm = known
      case 24: treatsSpaceAsSuffix = number != 0
      case 35: fallsBackToBytes = number != 0
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ fields: ProtobufReader) throws {
    var reader = fields
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (2, .bytes(let range)): characterMap = range
      case (3, .varint(let number)): addsDummyPrefix = number != 0
      case (4, .varint(let number)): removesExtraSpaces = number != 0
      case (5, .varint(let number)): escapesSpaces = number != 0
      default: break
      }
    }
  }

  /// Checks what the package checks when it loads a model, and what the encoder relies on.
  private func check() throws(SentencePieceError.Problem) {
    if pieces.isEmpty { throw .noPieces }
    var reserved: Set<[UInt8]> = []
    var unknown = 0
    var byteValues: Set<[UInt8]> = []
    for (number, piece) in pieces.enumerated() {
      if piece.text.count == 0 { throw .emptyPiece(number: number) }
      let text = bytes[piece.text.range]
      let isUsable =
        piece.score.isFinite && text.count < Self.pieceBytes && !text.contains(0)
      if !isUsable { throw .badPiece(number: number) }
      if !piece.kind.isText && !reserved.insert(Array(text)).inserted {
        throw .repeatedPiece(number: number)
      }
      if piece.kind == .unknown { unknown += 1 }
      if piece.kind == .byte { byteValues.insert(Array(text)) }
    }
    if !pieces.contains(where: \.kind.isText) { throw .noPieces }
    if unknown > 1 || (unknown == 0 && !fallsBackToBytes) { throw .unknownPieces(unknown) }
    let all = Set((0..<256).map { Self.byteText(UInt8($0)) })
    if byteValues != (fallsBackToBytes ? all : []) { throw .bytePieces(byteValues.count) }
  }

  /// The piece that stands for one byte: `<0x0A>`.
  static func byteText(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]] + Array(">".utf8)
  }
}

extension SentencePieceError.Problem: Error {}

/// Where the text of a piece is in the bytes of its file.
struct PieceText {
  private(set) var start: Int32 = 0
  private(set) var count: Int32 = 0

  /// The text of no bytes.
  init() {}

  /// Makes a place; files have less than 2 GB.
  init(_ range: Range<Int>) {
    start = Int32(truncatingIfNeeded: range.lowerBound)
    count = Int32(truncatingIfNeeded: range.count)
  }

  /// The offsets.
  var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}
