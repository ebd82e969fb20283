import Foundation
import GramdexStorage

/// Word meshes as SRILM's `nbest-lattice -use-mesh -write` has them: text, one mesh a file.
///
/// ```
/// name UTTERANCE
/// numaligns PLACES
/// posterior MASS
/// align PLACE WORD PROBABILITY WORD PROBABILITY …
/// ```
///
/// Places count from 0; `*DELETE*` is no word. Lines that begin with `reference`, `hyps` or `info`, which SRILM adds on
/// request, say nothing of words' probabilities and are passed over.
extension WordMesh {
  private static let noWord = "*DELETE*"

  /// The text of the file.
  public var text: String {
    var text = "name \(name)\nnumaligns \(places.count)\nposterior \(mass)\n"
    for (index, place) in places.enumerated() {
      let entries = place.map { "\($0.word ?? Self.noWord) \($0.probability)" }
      text += "align \(index) " + entries.joined(separator: " ") + "\n"
    }
    return text
  }

  /// Reads the text of a file.
  ///
  /// - Throws: `WordMeshError`.
  public init(text: String, file: String) throws(WordMeshError) {
    self.init(name: "", places: [], mass: 1)
    var count: Int?
    var last = 0
    // Bytes are compared: CR and LF are one character, and so are a space and a combining mark after it.
    let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let fields = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }.map {
        String(Substring($0))
      }
      guard let keyword = fields.first else { continue }
      last = index + 1
      func failure(_ reason: WordMeshError.Reason) -> WordMeshError {
        WordMeshError(file: file, line: index + 1, reason: reason)
      }
      switch keyword {
      case "name": name = fields.dropFirst().joined(separator: " ")
      case "numaligns":
        guard let number = fields.count == 2 ? Int(fields[1]) : nil, number >= 0 else {
          throw failure(.number(fields.dropFirst().joined(separator: " ")))
        }
        count = number
      case "posterior":
        guard let number = fields.count == 2 ? Double(fields[1]) : nil, number.isFinite else {
          throw failure(.number(fields.dropFirst().joined(separator: " ")))
        }
        mass = number
      case "align":
        guard fields.count >= 4, fields.count % 2 == 0 else { throw failure(.fields) }
        guard Int(fields[1]) == places.count else {
          throw failure(.place(fields[1], expected: places.count))
        }
        var entries: [Entry] = []
        for field in stride(from: 2, to: fields.count, by: 2) {
          guard let probability = Double(fields[field + 1]), probability.isFinite else {
            throw failure(.number(fields[field + 1]))
          }
          let word = fields[field] == Self.noWord ? nil : fields[field]
          entries.append(Entry(word: word, probability: probability))
        }
        places.append(entries)
      case "reference", "hyps", "info": break
      default: throw failure(.keyword(keyword))
      }
    }
    guard let count else { throw WordMeshError(file: file, line: last, reason: .noCount) }
    guard count == places.count else {
      throw WordMeshError(file: file, line: last, reason: .count(count, found: places.count))
    }
  }

  /// Reads a file.
  ///
  /// - Throws: `StorageError`, `WordMeshError`.
  public init(contentsOf path: String) throws {
    let bytes = try Files.read(path, maximumBytes: 1 << 30)
    try self.init(text: String(decoding: bytes, as: UTF8.self), file: path)
  }

  /// Writes a file, in the place of one that is there.
  ///
  /// - Throws: `StorageError`, `WordMeshError` when a word is what the form takes for none.
  public func write(to path: String) throws {
    for (index, place) in places.enumerated()
    where place.contains(where: { $0.word == Self.noWord }) {
      throw WordMeshError(file: path, line: index + 4, reason: .reservedWord)
    }
    try Files.replace(path, contents: Array(text.utf8))
  }
}

/// Why a word mesh cannot be read or written.
public struct WordMeshError: Error, Hashable, Sendable {
  /// What is wrong.
  public enum Reason: Hashable, Sendable {
    /// A line of another kind.
    case keyword(String)
    /// Something that should be a number.
    case number(String)
    /// A line `align` without pairs of word and probability.
    case fields
    /// Places must be numbered from 0 on.
    case place(String, expected: Int)
    /// There is no line `numaligns`.
    case noCount
    /// `numaligns` says another number.
    case count(Int, found: Int)
    /// A word `*DELETE*`.
    case reservedWord
  }

  /// The file.
  public let file: String
  /// The line, from 1 on.
  public let line: Int
  /// What is wrong.
  public let reason: Reason
}

extension WordMeshError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    let words =
      switch reason {
      case .keyword(let keyword): "no line of a word mesh begins with \(keyword)"
      case .number(let text): "\"\(text)\" is not the number that stands here"
      case .fields: "a line must be: align PLACE WORD PROBABILITY …"
      case .place(let found, let expected): "place \(found) comes where place \(expected) should"
      case .noCount: "the line numaligns is missing"
      case .count(let count, let found): "numaligns says \(count) places, there are \(found)"
      case .reservedWord: "the word *DELETE* cannot be written, it would be read as no word"
      }
    return "\(file):\(line): \(words)"
  }
}
