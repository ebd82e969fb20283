/// What was found in JSON lines: how many gave no text, and where the first of them is.
public struct JSONLineStatistics: Hashable, Sendable, Codable {
  /// Lines of one kind: how many, and the first of them.
  public struct Problem: Hashable, Sendable, Codable {
    /// How many lines.
    public var count: UInt64 = 0
    /// Which input file the first one is in; meaningful when `count` is not 0.
    public var inputIndex = 0
    /// The 1-based number of the first one in its file.
    public var line: UInt64 = 0

    /// Makes a problem that has not occurred.
    public init() {}

    mutating func add(inputIndex: Int, line: UInt64) {
      var one = Self()
      one.count = 1
      one.inputIndex = inputIndex
      one.line = line
      add(one)
    }

    mutating func add(_ other: Self) {
      if other.count == 0 { return }
      if count == 0 || (other.inputIndex, other.line) < (inputIndex, line) {
        inputIndex = other.inputIndex
        line = other.line
      }
      count += other.count
    }
  }

  /// Lines that are not blank.
  public var lines: UInt64 = 0
  /// JSON values without the field.
  public var missing = Problem()
  /// JSON values whose field is no string.
  public var notText = Problem()
  /// Lines that are no JSON.
  public var malformed = Problem()

  /// Makes statistics of nothing.
  public init() {}

  mutating func add(_ other: Self) {
    lines += other.lines
    missing.add(other.missing)
    notText.add(other.notText)
    malformed.add(other.malformed)
  }
}
