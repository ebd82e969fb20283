public import GramdexNeural
public import GramdexScoring

/// How a network is trained.
///
/// Stored with the model.
public struct TrainingOptions: Hashable, Sendable, Codable {
  /// What the network is made of.
  public var network = NetworkOptions()
  /// The most words of the network, `<unk>` and `</s>` included.
  public var vocabulary = 10_000
  /// How parameters follow their gradients.
  public var optimizer = Optimizer(.adagrad, rate: 0.1)
  /// Steps of a window: how far errors go back.
  public var steps = 35
  /// Lanes: pieces of text that are learned side by side.
  public var lanes = 20
  /// The greatest norm of a gradient.
  public var clip = 5.0
  /// The most passes over the text.
  public var epochs = 10
  /// How much better the development text must become in an epoch, as a share of its cross-entropy; with less, the
  /// rate is halved, and the second time training ends.
  public var threshold = 0.003
  /// What is remembered between sentences.
  public var sentenceState = SentenceState.carry
  /// What products round to.
  public var precision = Precision.fastest
  /// Decides first weights, dropout and noise.
  public var seed: UInt64 = 1

  /// The usual training.
  public init() {}

  /// What is wrong with the options, naming them as the command line does; nil when nothing is.
  public var problem: String? {
    if let problem = network.problem { return problem }
    let ranges = [
      ("short-list", vocabulary, 3...1 << 26), ("bptt", steps, 1...1 << 16),
      ("lanes", lanes, 1...1 << 16), ("epochs", epochs, 1...1_000_000),
    ]
    for (name, value, range) in ranges where !range.contains(value) {
      return "\(name) must be in \(range.lowerBound) … \(range.upperBound)"
    }
    if !(clip > 0 && clip.isFinite) { return "clip must be a number above 0; 1e30 clips nothing" }
    if !(0..<1).contains(threshold) { return "threshold must be in 0 … 1, without 1" }
    if !(optimizer.rate > 0 && optimizer.rate.isFinite) { return "rate must be more than 0" }
    return nil
  }

  /// How many words before the target a row has.
  package var history: Int {
    let context = network.architecture == .feedForward ? network.order - 1 : 1
    return max(context, network.ngramOrder - 1, 1)
  }
}
