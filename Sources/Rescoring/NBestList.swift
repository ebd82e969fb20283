/// The hypotheses of one utterance, or of one sentence to translate.
public struct NBestList: Hashable, Sendable {
  /// The utterance's id.
  public var utterance: String
  /// The hypotheses, in the order of the file; by custom the best comes first.
  public var hypotheses: [Hypothesis]
  /// What was really said, if the list says so.
  ///
  /// Never a feature.
  public var reference: String?
  /// What else the file says of the utterance, so that it can be written again.
  public var extras: [ExtraField]
  /// Where it was read.
  public var source: Source

  /// Where a list was read.
  public struct Source: Hashable, Sendable {
    /// The file's name in messages.
    public var file: String
    /// The line on which the list begins, from 1 on; 0 where there is none.
    public var line: Int

    /// Makes a place.
    public init(file: String, line: Int) {
      self.file = file
      self.line = line
    }
  }

  /// Makes a list.
  public init(
    utterance: String,
    hypotheses: [Hypothesis],
    reference: String? = nil,
    extras: [ExtraField] = [],
    source: Source = Source(file: "", line: 0)
  ) {
    self.utterance = utterance
    self.hypotheses = hypotheses
    self.reference = reference
    self.extras = extras
    self.source = source
  }
}
