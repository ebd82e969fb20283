public import GramdexCore
import GramdexStorage

extension TokenizerModel {
  /// Reads the SentencePiece model in the file at `path`: unigram or BPE, as `spm_train` writes them.
  ///
  /// - Throws: `StorageError` when it cannot be read, `SentencePieceError` when it is no such model.
  public static func sentencePiece(path: String) throws -> TokenizerModel {
    let bytes: [UInt8]
    do {
      bytes = try Files.read(path, maximumBytes: SentencePieceModel.maximumBytes)
    } catch StorageError.wrongSize(_, _, let found) {
      throw SentencePieceError(path: path, problem: .tooLarge(bytes: Int(clamping: found)))
    }
    return try sentencePiece(bytes: bytes, path: path)
  }

  /// Checks the bytes of a SentencePiece model and makes them ready to cut text; `path` is for messages.
  ///
  /// Cost: about 0.5 µs a piece.
  public static func sentencePiece(
    bytes: [UInt8],
    path: String
  ) throws(SentencePieceError) -> TokenizerModel {
    do {
      return TokenizerModel(
        bytes: bytes,
        reference: Reference(
          bytes: bytes.count,
          xxh3: Hexadecimal.format(Checksum.xxh3(bytes))
        ),
        compiled: try SentencePieceModel(bytes)
      )
    } catch {
      throw SentencePieceError(path: path, problem: error)
    }
  }
}
