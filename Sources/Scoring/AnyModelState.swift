public import GramdexCore

/// The state of a model of any kind: what programs hold that choose their model when they run.
///
/// Comparable and hashable like the state within it; states of different models are never equal.
public struct AnyModelState: Sendable {
  private var state: any Hashable & Comparable & Sendable

  /// Puts `state` into a box.
  public init(_ state: some Hashable & Comparable & Sendable) {
    self.state = state
  }

  /// The state in the box, which must be one of this type: a state belongs to the model that made it.
  package func unboxed<State>(as _: State.Type) -> State {
    guard let state = state as? State else {
      preconditionFailure("a state of \(type(of: state)) was given to a model of \(State.self)")
    }
    return state
  }
}

extension AnyModelState: Hashable {
  /// Whether both hold equal states of one kind.
  public static func == (left: Self, right: Self) -> Bool {
    func isEqual<State: Equatable>(_ state: State) -> Bool { right.state as? State == state }
    return isEqual(left.state)
  }

  /// Feeds the state into `hasher`.
  public func hash(into hasher: inout Hasher) {
    state.hash(into: &hasher)
  }
}

extension AnyModelState: Comparable {
  /// Orders states of one model; the order has no other meaning, and states of different kinds have none.
  public static func < (left: Self, right: Self) -> Bool {
    func isLess<State: Comparable>(_ state: State) -> Bool {
      (right.state as? State).map { state < $0 } ?? false
    }
    return isLess(left.state)
  }
}

extension LanguageModel {
  /// The state that knows no words, in a box.
  public var anyNullState: AnyModelState { AnyModelState(nullState) }

  /// The state before the first word of a text, in a box.
  public var anyBeginSentenceState: AnyModelState { AnyModelState(beginSentenceState) }

  /// Turns the state after a sentence into the state before the next one.
  public func beginSentence(advancing state: inout AnyModelState) {
    var own = state.unboxed(as: ModelState.self)
    beginSentence(advancing: &own)
    state = AnyModelState(own)
  }

  /// The probability of `word` after a state of this model, which becomes the state after it.
  ///
  /// Cost: that of the model, and a box, about 0.1 µs.
  public func score(_ word: WordID, advancing state: inout AnyModelState) -> WordScore {
    var own = state.unboxed(as: ModelState.self)
    let score = score(word, advancing: &own)
    state = AnyModelState(own)
    return score
  }

  /// The order of the score of `word` after a state of this model.
  public func matchedOrder(of word: WordID, after state: AnyModelState) -> Int {
    matchedOrder(of: word, after: state.unboxed(as: ModelState.self))
  }

  /// log10 of the probability of every word after a state of this model.
  public func log10Distribution(after state: AnyModelState) -> [Float] {
    log10Distribution(after: state.unboxed(as: ModelState.self))
  }
}
