/// What a report says beside perplexities, and where documents end.
public struct PerplexityOptions: Hashable, Sendable {
  /// Whether blank lines and ends of files end a document, after which a cache begins anew.
  public var endsDocuments = false
  /// Whether the perplexity of a closed vocabulary is reported: unknown words are left out, and the probability of each
  /// other token is divided by 1 − p(`<unk>` | h), so that known words have all of it.
  ///
  /// Cost: one more score a token, and all words are scored one after the other.
  public var reportsClosed = false
  /// Whether ranks are reported: how often a token is among the likeliest 1, 5 and 10 words of the model.
  ///
  /// Cost: the probabilities of all words for each token, about 10 ns a word type.
  public var reportsRanks = false
  /// The number of word types that the language is taken to have, or nil.
  ///
  /// Those that the model does not know, at least one, share the probability of `<unk>` equally, so models of different
  /// vocabularies can be compared. KenLM's `--vocab_pad` does that to a model while it is estimated, with `<unk>` for one of the
  /// missing types; here the model stays as it is.
  public var vocabularyPadding: Int?

  /// Makes options; by default nothing more is reported.
  public init() {}

  /// Whether each token must be looked at by itself.
  var needsDetails: Bool { reportsClosed || reportsRanks }
}
