import GramdexCore
import GramdexRescoring

/// Chooses among the scales that were tried without looking at the utterance for which it chooses.
///
/// The utterances are dealt out to folds at random; for each fold, the scale with the fewest word errors on the others is taken, the
/// smallest of equals.
struct ScaleSelection {
  private let seed: UInt64

  init(_ options: ListEvaluationOptions) {
    seed = options.bootstrap.seed
  }

  /// The words chosen for each utterance, and by which way of each fold.
  func choices(_ utterances: [EvaluatedUtterance], ways: Int) -> (texts: [String], ways: [Int]) {
    guard ways > 1 else { return (utterances.map { $0.choices[0] }, [0]) }
    let folds = min(ListEvaluationOptions.scaleFolds, utterances.count)
    let parts = CrossValidation.folds(lists: utterances.count, count: folds, seed: seed)
    let errors = utterances.map { utterance in
      var prepared = PreparedReference(utterance.reference, for: .wer)
      return utterance.choices.map { Int(prepared.statistics(of: $0)[0]) }
    }
    let chosen = (0..<folds).map { fold in
      let sums = (0..<ways).map { way in
        errors.indices.reduce(0) { $0 + (parts[$1] == fold ? 0 : errors[$1][way]) }
      }
      return sums.indices.min { sums[$0] < sums[$1] } ?? 0
    }
    let texts = utterances.indices.map { utterances[$0].choices[chosen[parts[$0]]] }
    return (texts, chosen)
  }
}
