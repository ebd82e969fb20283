import GramdexCore
import GramdexStorage
import GramdexText

/// The latest words that somebody wrote, oldest first: what a keyboard remembers, and a cache begins with.
///
/// A value that a program feeds sentences into. It holds no more than its capacity; each sentence ends with `</s>`,
/// which counts as a word. As a file it is text, a sentence a line, the latest one last.
public struct WordHistory: Hashable, Sendable {
  /// How many words are kept.
  public let capacity: Int
  /// The words, oldest first; `</s>` ends a sentence.
  public private(set) var words: [[UInt8]] = []

  private static let end = Array(ReservedWord.endOfSentence.utf8)
  /// The largest file that is read.
  private static let maximumBytes = 64 << 20

  /// Makes an empty history of at most `capacity` words.
  public init(capacity: Int) {
    self.capacity = max(capacity, 0)
  }

  /// Reads the last words of the text at `path`.
  ///
  /// - Throws: `StorageError` when there is no such file, or when it has more than 64 MiB.
  public init(contentsOf path: String, capacity: Int) throws {
    self.init(capacity: capacity)
    append(try Files.read(path, maximumBytes: Self.maximumBytes))
  }

  /// Adds text, a sentence a line; lines without words are left out.
  public mutating func append(_ text: String) {
    append(Array(text.utf8))
  }

  /// Writes the history to `path`, in place of what is there; a reader sees the old file or the new one.
  public func save(to path: String) throws {
    try Files.replace(path, contents: text)
  }

  /// The history as text, a sentence a line.
  var text: [UInt8] {
    var lines: [UInt8] = []
    for word in words {
      if word == Self.end {
        lines.append(TextPolicy.lineEnd)
      } else {
        if let last = lines.last, last != TextPolicy.lineEnd { lines.append(0x20) }
        lines += word
      }
    }
    return lines
  }

  private mutating func append(_ text: [UInt8]) {
    let mark = Array(ReservedWord.beginOfSentence.utf8)
    for line in TokenScanner.lines(of: text) {
      let sentence = line.map { Array(text[$0]) }.filter { $0 != Self.end && $0 != mark }
      if !sentence.isEmpty { words += sentence + [Self.end] }
    }
    if words.count > capacity { words.removeFirst(words.count - capacity) }
  }
}
