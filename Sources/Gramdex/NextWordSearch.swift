import GramdexCore
import GramdexScoring

/// A model that finds next words without looking at all of them.
///
/// An addition to `LanguageModel`, for models whose lists of n-grams say which words are likely. Every other model is asked
/// for the probabilities of all words at once (`log10Distribution(after:)`), which is what a mixture, or a model that
/// computes all of them anyway, does best. Answers are the same to the last bit of what scoring each word gives.
protocol NextWordSearch: LanguageModel {
  /// Offers `top` every word that may be among the likeliest after `state`.
  func offerWords(after state: ModelState, to top: inout TopWords) throws

  /// Offers `top` all of `candidates`, which ascend.
  func offer(_ candidates: [UInt32], after state: ModelState, to top: inout TopWords) throws

  /// log10 of the probability after `state` of each of `candidates`, which ascend, in any order.
  func log10Probabilities(of candidates: [UInt32], after state: ModelState) throws -> [Float]

  /// Prepares drawing words as `options` say, from all words.
  func makeLottery(_ options: GenerationOptions) -> any WordLottery
}

extension NextWordSearch {
  func offerWords(after state: AnyModelState, to top: inout TopWords) throws {
    try offerWords(after: state.unboxed(as: ModelState.self), to: &top)
  }

  func offer(_ candidates: [UInt32], after state: AnyModelState, to top: inout TopWords) throws {
    try offer(candidates, after: state.unboxed(as: ModelState.self), to: &top)
  }

  func log10Probabilities(of candidates: [UInt32], after state: AnyModelState) throws -> [Float] {
    try log10Probabilities(of: candidates, after: state.unboxed(as: ModelState.self))
  }
}
