/// What expanding classes is asked to do.
public struct ExpandOptions: Sendable, Equatable {
  /// The index folder.
  public var index: String
  /// The class model inside the index.
  public var modelName = BuildOptions.defaultModelName
  /// The most n-grams of words that may come of it.
  public var maximumNGrams: UInt64 = 100_000_000
  /// What is common to all jobs that make an index from others.
  public var output = DerivationOptions()

  /// Makes the default options.
  public init(index: String) {
    self.index = index
  }
}
