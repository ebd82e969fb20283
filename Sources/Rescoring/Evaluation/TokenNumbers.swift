import Foundation

/// Words and characters as numbers, so that comparing two tokens is comparing two integers.
///
/// Words are equal when Swift's strings are: by canonical equivalence, so `é` in one code point and in two are the same.
package struct TokenNumbers: Sendable {
  /// The words, by number.
  package private(set) var words: [String] = []
  private var numbers: [String: Int32] = [:]

  /// No words.
  package init() {}

  /// The numbers of the words of `text`, which stand between spaces.
  package mutating func words(of text: String) -> [Int32] {
    text.spacedWords.map { number(of: String($0)) }
  }

  /// The number of a word: how many others were seen before it.
  package mutating func number(of word: String) -> Int32 {
    if let number = numbers[word] { return number }
    let number = Int32(words.count)
    numbers[word] = number
    words.append(word)
    return number
  }

  /// The characters of `text`: its code points after canonical composition (NFC), with one space between two words.
  ///
  /// That spaces count is what `jiwer` and most reports of character error rates do.
  package static func characters(of text: String) -> [Int32] {
    text.spacedWords.joined(separator: " ").precomposedStringWithCanonicalMapping
      .unicodeScalars.map { Int32(bitPattern: $0.value) }
  }
}
