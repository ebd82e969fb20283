import GramdexStorage

extension BuildOptions {
  /// The memory a build uses unless told otherwise: a quarter of what the machine or container has, at most 4G.
  public static var defaultMemoryBytes: UInt64 {
    min(max(MachineLimits().memoryBytes / 4, minimumMemoryBytes), 4 << 30)
  }

  /// The number of threads a job uses unless told otherwise: the cores this process may use.
  public static var defaultThreads: Int {
    MachineLimits().cores
  }
}
