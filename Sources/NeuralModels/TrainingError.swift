/// Why training ended without a network.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// Numbers became infinite.
  case diverged(epoch: Int, window: Int, rate: Float, hasCheckpoint: Bool)
  /// A checkpoint belongs to another training.
  case otherCheckpoint(path: String, difference: String)
  /// Another process trains a model of this name.
  case alreadyRunning(path: String)
  /// A checkpoint cannot be read.
  case damagedCheckpoint(path: String, reason: String)

  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .diverged(let epoch, let window, let rate, let hasCheckpoint):
      "training exploded in epoch \(epoch), window \(window): the loss or the gradient is no longer a number; "
        + "use a lower --rate than \(rate), a lower --clip, or --precision float32"
        + (hasCheckpoint ? "; the last checkpoint was kept" : "")
    case .otherCheckpoint(let path, let difference):
      "the checkpoint \(path) belongs to another training (\(difference)); train without --resume to begin anew"
    case .alreadyRunning(let path):
      "another process trains this model, in \(path); wait for it, or give another --name"
    case .damagedCheckpoint(let path, let reason):
      "the checkpoint \(path) cannot be used: \(reason); train without --resume to begin anew"
    }
  }
}
