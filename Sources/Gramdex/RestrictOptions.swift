public import GramdexText

/// What restricting is asked to do.
public struct RestrictOptions: Sendable, Equatable {
  /// Which n-grams are needed.
  public enum Need: Sendable, Equatable {
    /// Those whose words all occur in one and the same sentence of the text, in any order.
    case sentences(InputOptions)
    /// Those whose words all occur in the text.
    case text(InputOptions)
    /// Those whose words are all in this file, which lists words one a line.
    case vocabulary(String)
  }

  /// The index folder.
  public var index: String
  /// The model inside the index.
  public var modelName = BuildOptions.defaultModelName
  /// Which n-grams are needed.
  public var need: Need
  /// What is common to all jobs that make an index from others.
  public var output = DerivationOptions()

  /// Makes the default options.
  public init(index: String, need: Need) {
    self.index = index
    self.need = need
  }
}
