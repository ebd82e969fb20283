/// One message about work under way.
public struct ProgressUpdate: Sendable, Equatable {
  /// The 1-based number of the stage.
  public var stage: Int
  /// How many stages the job has.
  public var stages: Int
  /// What the stage does: `count`.
  public var name: String
  /// Units done in this stage.
  public var completed: UInt64
  /// Units this stage will do, nil when unknown (standard input).
  public var total: UInt64?
  /// What is counted: `bytes`, `windows`.
  public var unit: String
  /// Units among `completed` that an earlier run did, which took no time of this one.
  public var earlier: UInt64 = 0

  /// Makes an update.
  public init(
    stage: Int,
    stages: Int,
    name: String,
    completed: UInt64,
    total: UInt64?,
    unit: String
  ) {
    self.stage = stage
    self.stages = stages
    self.name = name
    self.completed = completed
    self.total = total
    self.unit = unit
  }
}

/// Something that shows progress, warnings and plain messages; called from any thread.
public protocol ProgressObserver: Sendable {
  /// Called now and then while a stage runs, and once when it ends (`completed == total`).
  func progress(_ update: ProgressUpdate)
  /// Something the user should know, one line without a final full stop or newline.
  func warning(_ message: String)
}

/// An observer that ignores everything.
public struct SilentObserver: ProgressObserver {
  /// Makes the observer.
  public init() {}
  /// Ignores the update.
  public func progress(_ update: ProgressUpdate) {}
  /// Ignores the message.
  public func warning(_ message: String) {}
}
