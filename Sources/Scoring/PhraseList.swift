import GramdexStorage

/// Words and phrases with weights: what a program wants to hear.
///
/// As a file it is text, a phrase a line, with a TAB and the weight after it where it is not the usual one.
public struct PhraseList: Hashable, Sendable {
  /// A phrase and its weight.
  public struct Phrase: Hashable, Sendable {
    /// The words as they stand in text.
    public var text: String
    /// What each occurrence adds to a log10 score; negative where it should be avoided.
    public var log10Weight: Double

    /// Makes a phrase.
    public init(_ text: String, log10Weight: Double) {
      self.text = text
      self.log10Weight = log10Weight
    }
  }

  /// The phrases in their order.
  public var phrases: [Phrase]

  /// The largest weight, up or down.
  public static let maximumWeight = 30.0
  private static let maximumBytes = 64 << 20

  /// Makes a list.
  public init(_ phrases: [Phrase] = []) {
    self.phrases = phrases
  }

  /// Reads the list at `path`; phrases without a weight get `defaultWeight`, blank lines are left out.
  ///
  /// - Throws: `OverlayError` when a weight is no number from −30 to 30, `StorageError` when the file cannot be read.
  public init(contentsOf path: String, defaultWeight: Double = 1) throws {
    let text = String(
      decoding: try Files.read(path, maximumBytes: Self.maximumBytes),
      as: UTF8.self
    )
    guard Self.isWeight(defaultWeight) else { throw OverlayError.weight("\(defaultWeight)") }
    phrases = []
    // A CR and the LF after it are one character.
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (index, line) in lines.enumerated() {
      var weight = defaultWeight
      var phrase = line
      if let tab = line.lastIndex(of: "\t") {
        phrase = line[..<tab]
        let text = line[line.index(after: tab)...]
        guard let own = Double(text.trimming(" ")), Self.isWeight(own) else {
          throw OverlayError.phraseWeight(path: path, line: index + 1, text: String(text))
        }
        weight = own
      }
      phrase = phrase.trimming(" ")
      if !phrase.isEmpty { phrases.append(Phrase(String(phrase), log10Weight: weight)) }
    }
  }

  private static func isWeight(_ weight: Double) -> Bool {
    weight.magnitude <= maximumWeight
  }
}

extension Substring {
  /// Without `character` at its ends.
  fileprivate func trimming(_ character: Character) -> Substring {
    guard let first = firstIndex(where: { $0 != character }),
      let last = lastIndex(where: { $0 != character })
    else { return "" }
    return self[first...last]
  }
}
