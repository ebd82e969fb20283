public import GramdexCore
package import GramdexIndex
import GramdexStorage

/// A model of classes of words: p(w | h) = p(class of w | classes of h) · p(w | class of w).
///
/// The classes are the words of an n-gram model; words without a class are classes of their own. The name of a class
/// stands for any of its words: it is scored as the class is, and has no share in distributions over words.
/// May be used from any number of threads at once; keeps its files mapped.
/// Source: Brown et al. 1992, section 3.
public final class ClassModel: RunScoring {
  /// The model of the classes, whose words are the names of classes and words without a class.
  public let classes: NGramModel
  /// The words of all classes, words without a class, and the names of classes.
  public let lexicon: Lexicon
  let memberships: WordMemberships

  /// Makes a model of a model of classes and the words that belong to them.
  package init(_ classes: NGramModel, _ memberships: WordMemberships) {
    self.classes = classes
    self.memberships = memberships
    lexicon = Lexicon(classes.vocabulary, count: classes.vocabulary.count)
  }

  /// How text becomes words.
  public var tokenizer: TokenizerOptions { classes.tokenizer }
  /// The length of the longest n-grams of classes.
  public var maximumOrder: Int? { classes.order }
  /// log10 of the probability of an unknown word without context.
  public var log10UnknownProbability: Float { classes.log10UnknownProbability }
  /// The state that knows no words.
  public var nullState: State { classes.nullState }
  /// The state before the first word of a sentence.
  public var beginSentenceState: State { classes.beginSentenceState }

  /// The probability of `word` after `state`, which becomes the state after it.
  public func score(_ word: WordID, advancing state: inout State) -> WordScore {
    let (id, share) = memberships.resolve(lexicon.known(word).rawValue)
    var score = classes.score(WordID(rawValue: id), advancing: &state)
    score.log10Probability += share
    return score
  }

  /// `<s>` and the names of classes.
  public var unpredictedWords: [WordID] {
    [.beginOfSentence] + memberships.classes.map { WordID(rawValue: $0) }
  }

  /// log10 of the probability of every word after `state`; −∞ for `<s>` and the names of classes.
  public func log10Distribution(after state: State) -> [Float] {
    let distribution = classes.log10Distribution(after: state)
    var scores = (0..<UInt32(lexicon.count)).map { word in
      let (id, share) = memberships.resolve(word)
      return Int(id) < distribution.count ? distribution[Int(id)] + share : -.infinity
    }
    for id in memberships.classes { scores[Int(id)] = -.infinity }
    return scores
  }

  /// The class that `word` is scored as, or the word itself when it has none, and log10 of the word's share of that.
  package func membership(of word: WordID) -> (id: WordID, log10Share: Float) {
    let (id, share) = memberships.resolve(lexicon.known(word).rawValue)
    return (WordID(rawValue: id), share)
  }

  /// The order of the score of the word's class.
  public func matchedOrder(of word: WordID, after state: State) -> Int {
    classes.matchedOrder(of: membership(of: word).id, after: state)
  }

  /// That of the model of the classes.
  public var sumTolerance: Double { classes.sumTolerance }

  /// Makes a scorer, which works alone.
  package func makeRunScorer(threads: Int) -> any RunScorer {
    Scorer(self)
  }

  /// Scores runs of words as runs of their classes, in batches.
  private final class Scorer: RunScorer {
    private let memberships: WordMemberships
    private let scorer: any RunScorer
    /// The classes of the words, at the places of the words.
    private var classes = RecordBuffer<UInt32>(uninitialized: 0)

    init(_ model: ClassModel) {
      memberships = model.memberships
      scorer = model.classes.runScorer()
    }

    var margin: Int { scorer.margin }

    func score(
      _ ids: borrowing RecordBuffer<UInt32>,
      _ range: Range<Int>,
      after state: AnyModelState,
      scores: borrowing RecordBuffer<Float>,
      orders: borrowing RecordBuffer<UInt8>
    ) -> AnyModelState {
      if classes.count < range.upperBound { classes = RecordBuffer(uninitialized: ids.count) }
      Self.replace(ids, range, by: classes, memberships)
      let after = scorer.score(classes, range, after: state, scores: scores, orders: orders)
      Self.addShares(ids, range, to: scores, memberships)
      return after
    }

    private static func replace(
      _ ids: borrowing RecordBuffer<UInt32>,
      _ range: Range<Int>,
      by classes: borrowing RecordBuffer<UInt32>,
      _ memberships: WordMemberships
    ) {
      for place in range {
        let id = ids[place]
        classes[place] = id == BatchScorer.breakMarker ? id : memberships.resolve(id).id
      }
    }

    private static func addShares(
      _ ids: borrowing RecordBuffer<UInt32>,
      _ range: Range<Int>,
      to scores: borrowing RecordBuffer<Float>,
      _ memberships: WordMemberships
    ) {
      for place in range where ids[place] != BatchScorer.breakMarker {
        scores[place] += memberships.resolve(ids[place]).log10Probability
      }
    }
  }
}
