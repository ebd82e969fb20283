/// How the scores of a hypothesis become its total: Σ weight · score.
///
/// Names are those of scores of the lists and of models; `words` is the number of words of a hypothesis, and `oov` the number of those that
/// no model knows. A word insertion bonus is the weight of `words`, the cost of an unknown word a negative weight of `oov`, and an old
/// language-model score is taken out of a total by a negative weight.
public struct ScoreWeights: Hashable, Sendable {
  /// A weight and its name.
  public struct Entry: Hashable, Sendable {
    /// The score's name.
    public var name: String
    /// What it is multiplied by.
    public var weight: Double

    /// Makes a weight.
    public init(_ name: String, _ weight: Double) {
      self.name = name
      self.weight = weight
    }
  }

  /// The name of the number of words.
  public static let words = "words"
  /// The name of the number of words that no model knows.
  public static let unknownWords = "oov"

  /// The weights; no name comes twice.
  public private(set) var entries: [Entry] = []

  /// No weights: all totals are 0.
  public init() {}

  /// These weights; of those with one name the last one counts.
  public init(_ entries: [Entry]) {
    for entry in entries { self[entry.name] = entry.weight }
  }

  /// The weights of a file, in the order of their names, so that sums are the same wherever it is read.
  public init(_ file: WeightsFile) {
    self.init(file.weights.sorted { $0.key < $1.key }.map { Entry($0.key, $0.value) })
  }

  /// The weight of a score; nil when there is none.
  ///
  /// Setting it adds one or replaces it, nil removes it.
  public subscript(_ name: String) -> Double? {
    get { entries.first { $0.name == name }?.weight }
    set {
      let place = entries.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let value?): entries[place].weight = value
      case (let place?, nil): entries.remove(at: place)
      case (nil, let value?): entries.append(Entry(name, value))
      case (nil, nil): break
      }
    }
  }
}
