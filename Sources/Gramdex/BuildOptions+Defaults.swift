extension BuildOptions {
  /// The memory a build uses unless told otherwise.
  public static var defaultMemoryBytes: UInt64 { 1 << 30 }

  /// The number of threads a build uses unless told otherwise.
  public static var defaultThreads: Int { 2 }
}
