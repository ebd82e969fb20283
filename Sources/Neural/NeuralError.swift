/// What can go wrong in the engine.
public enum NeuralError: Error, Equatable, CustomStringConvertible {
  /// oneDNN refused to make or run a product.
  case productFailed(status: Int, shape: String)
  /// The system has no more threads.
  case threadFailed(status: Int)
  /// A number became infinite or undefined.
  case notFinite(String)

  /// What happened.
  public var description: String {
    switch self {
    case .productFailed(let status, let shape):
      """
      oneDNN cannot multiply matrices of \(shape): status \(status) \
      (1: out of memory; 3: not implemented, which --precision float32 may avoid)
      """
    case .threadFailed(let status):
      "cannot start a thread: error \(status); use fewer threads"
    case .notFinite(let what):
      "\(what) is no longer finite"
    }
  }
}
