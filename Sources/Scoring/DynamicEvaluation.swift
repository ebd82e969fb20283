/// How a network goes on learning while it scores a text: dynamic evaluation (Mikolov 2010; Krause 2018).
///
/// Words are scored first; then, after every `window` of them, each parameter takes one step against the gradient of the
/// sum of their −ln P: parameter −= rate · gradient. So no word is scored by a network that has seen it, and the
/// perplexity remains one.
public struct DynamicEvaluation: Hashable, Sendable, Codable {
  /// The learning rate; more than 0.
  public var rate: Float
  /// How many words are scored, and then learned, at a time; at least 1. Errors go back to the first of them.
  public var window: Int

  /// Asks for steps of `rate` after every `window` words.
  public init(rate: Float, window: Int = Self.defaultWindow) {
    self.rate = rate
    self.window = window
  }

  /// Words that are learned at a time unless told otherwise.
  public static let defaultWindow = 20
  /// The longest window.
  public static let maximumWindow = 4096

  /// Whether the numbers are possible.
  public var isPossible: Bool {
    rate > 0 && rate.isFinite && (1...Self.maximumWindow).contains(window)
  }
}
