import GramdexCore
import GramdexStorage

/// Scores runs one word after the other, and finds for each what a closed vocabulary and ranks need.
final class DetailScorer: RunScorer {
  private let model: any LanguageModel
  private let options: PerplexityOptions
  /// log10 of the probability of `<unk>` at each place of the run scored last, where a closed vocabulary is reported.
  private(set) var unknown = RecordBuffer<Float>(uninitialized: 0)
  /// The rank of each word there, 0 for an unknown one, where ranks are reported.
  private(set) var ranks = RecordBuffer<UInt32>(uninitialized: 0)
  let margin = 0

  init(_ model: any LanguageModel, _ options: PerplexityOptions) {
    self.model = model
    self.options = options
  }

  func score(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>,
    orders: borrowing RecordBuffer<UInt8>
  ) -> AnyModelState {
    if unknown.count < range.upperBound {
      unknown = RecordBuffer(uninitialized: range.upperBound)
      ranks = RecordBuffer(uninitialized: range.upperBound)
    }
    var state = state
    for place in range {
      scores[place] = 0
      orders[place] = 0
      switch ids[place] {
      case BatchScorer.breakMarker: state = model.anyNullState
      case WordID.beginOfSentence.rawValue: model.beginSentence(advancing: &state)
      case let id:
        let word = WordID(rawValue: id)
        if options.reportsRanks {
          ranks[place] = Self.rank(of: word, in: model.log10Distribution(after: state))
        }
        if options.reportsClosed {
          var other = state
          unknown[place] = model.score(.unknown, advancing: &other).log10Probability
        }
        let score = model.score(word, advancing: &state)
        scores[place] = score.log10Probability
        orders[place] = UInt8(clamping: score.order)
      }
    }
    return state
  }

  /// 1 and the number of likelier words, `<unk>` not among them; 0 for an unknown word.
  private static func rank(of word: WordID, in distribution: [Float]) -> UInt32 {
    if word == .unknown { return 0 }
    let own = distribution[Int(word.rawValue)]
    var likelier: UInt32 = 1
    for other in distribution.dropFirst() { likelier += other > own ? 1 : 0 }
    return likelier
  }
}
