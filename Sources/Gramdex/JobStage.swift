import GramdexCore

/// One stage of a job, as its observer sees it.
struct JobStage: Sendable {
  let observer: any ProgressObserver
  /// Its number among the job's stages, from 1.
  let number: Int
  let stages: Int
  let name: String
  /// What is counted: `bytes`, `n-grams`.
  let unit: String

  /// Tells how much is done, and of how much, where that is known.
  func report(_ done: UInt64, of total: UInt64?) {
    observer.progress(
      ProgressUpdate(
        stage: number,
        stages: stages,
        name: name,
        completed: done,
        total: total,
        unit: unit
      )
    )
  }
}
