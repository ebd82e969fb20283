/// Why training ended without a network.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// Numbers became infinite.
  case diverged(epoch: Int, window: Int, rate: Float, hasCheckpoint: Bool)
  /// The checkpoint of an earlier training is there, and neither resuming nor beginning anew was asked for.
  case unfinished(path: String, progress: String)
  /// A checkpoint belongs to another training.
  case otherCheckpoint(path: String, difference: String)
  /// Another process trains a model of this name.
  case alreadyRunning(path: String)
  /// A checkpoint cannot be read.
  case damagedCheckpoint(path: String, reason: String)

  /// Whether the data is to blame, and not the options.
  public var isBadData: Bool {
    switch self {
    case .diverged, .damagedCheckpoint: true
    case .otherCheckpoint, .unfinished, .alreadyRunning: false
    }
  }

  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .diverged(let epoch, let window, let rate, let hasCheckpoint):
      """
      training exploded in epoch \(epoch), window \(window): the loss or a gradient is out of all bounds, or no number; \
      use a lower --rate than \(rate), a lower --clip, or --precision float32\
      \(hasCheckpoint ? "; the last checkpoint was kept: add --resume to go on from there" : "")
      """
    case .unfinished(let path, let progress):
      """
      \(path) has the checkpoint of a training that did not come to its end (\(progress)); \
      add --resume to go on with it, or --restart to begin anew
      """
    case .otherCheckpoint(let path, let difference):
      "the checkpoint \(path) belongs to another training (\(difference)); add --restart instead of --resume to begin anew"
    case .alreadyRunning(let path):
      "another process trains this model, in \(path); wait for it, or give another --name"
    case .damagedCheckpoint(let path, let reason):
      "the checkpoint \(path) cannot be used: \(reason); add --restart instead of --resume to begin anew"
    }
  }
}
