/// What a clustering of words is asked to do: the index with the bigrams, the classes, and the file they go to.
public struct ClusteringOptions: Sendable, Equatable {
  /// The index folder.
  public var index: String
  /// The classes file to write, packed when its name ends in `.gz` or `.zst`; `-` is standard output.
  public var output: String
  /// The model inside the index whose counts are used.
  public var modelName = BuildOptions.defaultModelName
  /// How many classes; 1 and up.
  public var classes = 100
  /// At most so many times every word is given the best class; 0 only measures the initial classes.
  public var iterations = 20
  /// A classes file to begin with, such as one that an earlier run wrote, or nil.
  public var initial: String?
  /// The memory that the whole process may use.
  public var memoryBytes = BuildOptions.defaultMemoryBytes

  /// Makes the default options for this index and file.
  public init(index: String, output: String) {
    self.index = index
    self.output = output
  }

  /// These options, after every rule that needs no file to be read has been checked.
  public func validated() throws(OptionsError) -> Self {
    if !(1...Self.maximumClasses).contains(classes) { throw .classes(classes) }
    if iterations < 0 { throw .iterations(iterations) }
    if memoryBytes < BuildOptions.minimumMemoryBytes { throw .memory(memoryBytes) }
    return self
  }

  /// The largest number of classes, whose counts take 16 GB.
  public static let maximumClasses = 32_000
}
