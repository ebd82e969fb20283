/// How long training goes on before it writes the next checkpoint within an epoch; the end of an epoch always writes one.
public enum CheckpointInterval: Hashable, Sendable {
  /// So many seconds, at least 0.
  case seconds(Double)
  /// So many windows, at least 1.
  case windows(Int)

  /// A minute.
  public static let usual = Self.seconds(60)

  /// Reads `500` (windows) or `30s` (seconds); nil for anything else.
  public init?(_ text: String) {
    if text.hasSuffix("s") {
      guard let seconds = Double(text.dropLast()), (0...1e9).contains(seconds) else { return nil }
      self = .seconds(seconds)
    } else {
      guard let windows = Int(text), windows >= 1 else { return nil }
      self = .windows(windows)
    }
  }

  /// Whether the next checkpoint is due.
  func isDue(windows: Int, seconds: Double) -> Bool {
    switch self {
    case .seconds(let limit): seconds >= limit
    case .windows(let limit): windows >= limit
    }
  }
}
