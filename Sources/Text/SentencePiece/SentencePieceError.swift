/// A SentencePiece model that cannot be used.
public struct SentencePieceError: Error, Equatable, Sendable {
  /// What is wrong with it.
  public enum Problem: Equatable, Sendable {
    /// The bytes are no Protocol Buffers message, or not of this kind, from this offset on.
    case notAModel(offset: Int)
    /// The file is too large to be a model.
    case tooLarge(bytes: Int)
    /// The model is of a type whose number is not 1 (unigram) or 2 (BPE).
    case type(UInt64)
    /// There is no piece that text can be cut into.
    case noPieces
    /// There are more pieces than ids.
    case tooManyPieces(Int)
    /// A piece has no text.
    case emptyPiece(number: Int)
    /// A piece holds a zero byte or is too long, or its score is no number, or its type is none of those known.
    case badPiece(number: Int)
    /// A piece has the text of an earlier one.
    case repeatedPiece(number: Int)
    /// Not one piece stands for unknown text.
    case unknownPieces(Int)
    /// The model falls back to bytes but has not all of their pieces, or has some and does not.
    case bytePieces(Int)
    /// The table of character mappings is cut off or points beyond its end.
    case characterMap
  }

  /// The file, or the index that holds the model.
  public var path: String
  /// What is wrong.
  public var problem: Problem

  /// Makes an error.
  public init(path: String, problem: Problem) {
    self.path = path
    self.problem = problem
  }
}

extension SentencePieceError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    "the SentencePiece model \(path) cannot be used: \(reason); \(advice)"
  }

  private var reason: String {
    switch problem {
    case .notAModel(let offset): "it is no such model (byte \(offset))"
    case .tooLarge(let bytes): "it has \(bytes) bytes"
    case .type(3): "it is of type word"
    case .type(4): "it is of type char"
    case .type(let type): "its type is \(type)"
    case .noPieces: "it has no pieces"
    case .tooManyPieces(let count): "it has \(count) pieces"
    case .emptyPiece(let number): "piece \(number) is empty"
    case .badPiece(let number):
      "piece \(number) has a zero byte, no usable length or score, or an unknown type"
    case .repeatedPiece(let number): "piece \(number) is there twice"
    case .unknownPieces(let count): "it has \(count) pieces for unknown text, not one"
    case .bytePieces(let count): "it has \(count) pieces for single bytes"
    case .characterMap: "its table of character mappings is damaged"
    }
  }

  private var advice: String {
    switch problem {
    case .type(3): "use --tokenizer whitespace instead"
    case .type(4): "use --tokenizer characters instead"
    case .type: "train a unigram or BPE model"
    default: "give the .model file that spm_train wrote, or copy it again"
    }
  }
}
