/// One thing that may have been said, with the scores that its recogniser or translator, and models since, gave it.
public struct Hypothesis: Hashable, Sendable {
  /// Its place in the list as it was read, from 1 on.
  public var rank: Int
  /// Its words with one space between two; empty when the recogniser heard nothing.
  public var text: String
  /// Its scores in the order of the file: greater is better, whatever the file's convention.
  public var scores: [Score]
  /// What else the file says of it, so that it can be written again.
  public var extras: [ExtraField]
  /// The line of the file on which it stands, from 1 on; 0 where there is none.
  public var line: Int

  /// A score and its name.
  public struct Score: Hashable, Sendable {
    /// What it is called, such as `ac`.
    public var name: String
    /// Greater is better.
    public var value: Double

    /// Makes a score.
    public init(_ name: String, _ value: Double) {
      self.name = name
      self.value = value
    }
  }

  /// Makes a hypothesis.
  public init(
    rank: Int,
    text: String,
    scores: [Score] = [],
    extras: [ExtraField] = [],
    line: Int = 0
  ) {
    self.rank = rank
    self.text = text
    self.scores = scores
    self.extras = extras
    self.line = line
  }

  /// The words of `text`.
  public var words: [Substring] { text.spacedWords }

  /// The score `name`; nil when the hypothesis has none.
  ///
  /// Setting it adds one or replaces it, nil removes it.
  public subscript(score name: String) -> Double? {
    get { scores.first { $0.name == name }?.value }
    set {
      let place = scores.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let value?): scores[place].value = value
      case (let place?, nil): scores.remove(at: place)
      case (nil, let value?): scores.append(Score(name, value))
      case (nil, nil): break
      }
    }
  }
}

/// A field of a file that Gramdex does not understand but keeps.
public struct ExtraField: Hashable, Sendable {
  /// Its name.
  public var name: String
  /// Its value as JSON, byte for byte as it was read.
  public var json: String

  /// Makes a field.
  public init(name: String, json: String) {
    self.name = name
    self.json = json
  }

  /// Whether the value is a number.
  var isNumber: Bool {
    json.utf8.first.map { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) } ?? false
  }
}
