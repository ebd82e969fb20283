import GramdexCore
import GramdexNeural

/// Asks a network one word at a time, for one thread at a time.
final class NeuralScorer: @unchecked Sendable {
  // @unchecked: whoever takes it from the model's pool has it alone.
  private unowned let model: NeuralModel
  private let reader: WindowReader

  /// Prepares asking the network of `model`.
  ///
  /// - Throws: `NeuralError` when oneDNN cannot be used.
  init(_ model: NeuralModel) throws {
    self.model = model
    reader = WindowReader(
      model.network,
      steps: 1,
      lanes: 1,
      isFixed: true,
      team: try Team(threads: 1)
    )
  }

  /// ln P of what the network takes a word of the index for, after a state, which becomes that after the word.
  func lnProbability(of word: WordID, advancing own: inout NeuralState) throws -> Float {
    let number = Int32(model.shortList.networkID(of: word.rawValue))
    let ln = try reader.lnProbabilities(window(after: own, target: number))[0]
    own.activations = reader.state.numbers
    own.words = own.words.dropFirst() + [number]
    return ln
  }

  /// ln P of all words of the network after a state.
  func lnDistribution(after own: NeuralState) throws -> FloatMatrix {
    try reader.lnDistribution(window(after: own, target: -1))
  }

  /// Makes every product once.
  func check() throws {
    var state = model.nullState
    _ = try lnProbability(of: .endOfSentence, advancing: &state)
    _ = try lnDistribution(after: state)
  }

  /// The window that reads the last word of a state.
  private func window(after own: NeuralState, target: Int32) -> WordWindow {
    reader.state.set(own.activations)
    return WordWindow(history: model.history, inputs: own.words, targets: [target], steps: 1)
  }
}
