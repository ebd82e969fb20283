public import GramdexRescoring

/// What `ListEvaluation` reads, how it chooses, and what it reports.
public struct ListEvaluationOptions: Sendable {
  /// Which words of an utterance are measured.
  public enum Choice: Hashable, Sendable {
    /// The first hypothesis of the list.
    case first
    /// The one with the greatest total; the earlier of equals.
    case total(TotalRule)
    /// The one with the least expected number of word errors (`MinimumBayesRisk`).
    case minimumBayesRisk(TotalRule)
    /// The likeliest words of the mesh of all hypotheses, of several systems if there are (`WordMesh`).
    case consensus(TotalRule)

    /// Where the totals come from.
    var rule: TotalRule? {
      switch self {
      case .first: nil
      case .total(let rule), .minimumBayesRisk(let rule), .consensus(let rule): rule
      }
    }

    /// Whether totals become probabilities, for which they have to be scaled.
    var needsScale: Bool {
      switch self {
      case .first, .total: false
      case .minimumBayesRisk, .consensus: true
      }
    }
  }

  /// The lists of each system: its files and folders.
  ///
  /// Several only for `consensus`.
  public var systems: [[String]]
  /// The file of references; nil for those in the lists.
  public var references: String?
  /// Lists whose first hypotheses the choice is compared with; nil for the hypotheses of the lowest rank.
  public var against: String?
  /// How files are read.
  public var reading = NBestReadingOptions()
  /// Which words are measured.
  public var choice = Choice.first
  /// What the totals of each system are multiplied by before they become probabilities: one number for all, or one each.
  ///
  /// Nil to choose one of `scaleCandidates` by cross-validation.
  public var scales: [Double]?
  /// Whether character error rates are reported, too.
  public var reportsCharacters = false
  /// Whether BLEU is reported, too.
  public var reportsBLEU = false
  /// How many of the commonest confusions are reported.
  public var confusions = 10
  /// Whether lists without references and references without lists are left out, and are no error.
  public var allowsMissing = false
  /// Samples and seed of confidence and significance.
  public var bootstrap = Bootstrap()
  /// Where the HTML report goes; nil for none.
  public var page: String?
  /// Where a JSON line for each utterance goes; nil for none.
  public var details: String?
  /// The folder to which the mesh of each utterance is written; nil for none.
  public var meshes: String?
  /// How many threads work.
  public var threads = BuildOptions.defaultThreads

  /// Evaluates the lists of these files and folders.
  public init(lists: [String]) {
    systems = [lists]
  }

  /// The scales of which one is chosen when none is given: powers of two.
  public static let scaleCandidates: [Double] = (0..<12).map { Double(1 << $0) / 256 }
  /// How many parts the utterances are divided into to choose it.
  public static let scaleFolds = 5
}
