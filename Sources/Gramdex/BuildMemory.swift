import GramdexCounting

/// How a build divides its memory budget among stages.
///
/// Figures are anonymous memory; pages of the index file and of temporary files are the kernel's to reclaim.
struct BuildMemory {
  /// What `--memory` allows.
  let budget: Int
  /// Threads of the job.
  let threads: Int

  /// The program itself: runtime, libraries, LMDB's lists, thread stacks; less is set aside where the whole
  /// budget is small, so that such a budget works, though it may be exceeded by some megabytes.
  static func processBytes(budget: Int) -> Int {
    min(14 << 20, budget / 4)
  }

  /// What is set aside for the program itself.
  var processBytes: Int { Self.processBytes(budget: budget) }

  init(_ options: BuildOptions) {
    budget = Int(min(options.memoryBytes, UInt64(1) << 46))
    threads = options.threads
  }

  /// The size of blocks of text: small budgets get small blocks.
  var textBlockBytes: Int {
    min(max(budget / 512, 1 << 16), 1 << 20)
  }

  /// Memory for vocabulary and ids while the text is read: the rest of text blocks and their ids.
  var encoding: Int {
    max(budget - processBytes - threads * 8 * textBlockBytes, 1 << 20)
  }

  /// Memory for windows in pass (a), or nil when the budget is too small.
  ///
  /// `held` is what earlier stages still hold.
  func counting(order: Int, vocabularySize: Int, held: Int) -> Int? {
    let fixed = LevelCounting.fixedBytes(
      order: order,
      vocabularySize: vocabularySize,
      threads: threads
    )
    let rest = budget - processBytes - held - fixed
    return rest >= Self.smallestStage ? rest : nil
  }

  /// Memory for records and tables in pass (b).
  func scoring(held: Int) -> Int {
    budget - processBytes - held
  }

  /// The least that a stage works with.
  static let smallestStage = 4 << 20
}
