import GramdexCore
import GramdexStorage
import GramdexText

// A SentencePiece model is a file of its own beside the table files, `tokenizer-<xxh3 of its bytes>.model`, which the manifest's
// `tokenizer` names by size and checksum. A name says what is in the file, so generations share it, and it is never changed.

extension IndexFolder {
  private static let tokenizerPrefix = "tokenizer-"
  private static let tokenizerSuffix = ".model"

  /// The name of the file that holds a model.
  static func tokenizerName(_ model: TokenizerModel.Reference) -> String {
    tokenizerPrefix + model.xxh3 + tokenizerSuffix
  }

  /// Whether a file of this name holds a model, or a part of one that was being written.
  static func isTokenizerName(_ name: String) -> Bool {
    name.hasPrefix(tokenizerPrefix)
      && (name.hasSuffix(tokenizerSuffix) || name.hasSuffix(tokenizerSuffix + ".new"))
  }

  /// Whether the manifest's tokenizer names a model if it needs one, in the form in which models are named.
  static func isNamed(_ tokenizer: TokenizerOptions) -> Bool {
    guard let model = tokenizer.modelReference else { return tokenizer.kind != .sentencepiece }
    return tokenizer.kind == .sentencepiece && model.xxh3.utf8.count == 16
      && (1...SentencePieceModel.maximumBytes).contains(model.bytes)
      && model.xxh3.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x61...0x66: true
        default: false
        }
      }
  }

  /// Reads the model that the manifest names, whose checksum and contents are checked.
  func loadTokenizer(of manifest: inout Manifest) throws {
    guard let reference = manifest.tokenizer.modelReference else { return }
    let file = path(Self.tokenizerName(reference))
    let bytes: [UInt8]
    do {
      bytes = try Files.read(file, maximumBytes: reference.bytes)
    } catch StorageError.wrongSize {
      throw IndexError.damagedTokenizer(path: file)
    }
    let model: TokenizerModel
    do {
      model = try TokenizerModel.sentencePiece(bytes: bytes, path: file)
    } catch {
      throw IndexError.damagedTokenizer(path: file)
    }
    guard model.reference == reference else { throw IndexError.damagedTokenizer(path: file) }
    manifest.tokenizer.model = model
  }

  /// Writes the model that the manifest's tokenizer has; returns its name if no such file was there.
  func storeTokenizer(of manifest: Manifest) throws -> String? {
    guard let model = manifest.tokenizer.model else { return nil }
    let name = Self.tokenizerName(model.reference)
    let isNew = !Files.exists(path(name))
    try Files.replace(path(name), contents: model.bytes)
    return isNew ? name : nil
  }
}
