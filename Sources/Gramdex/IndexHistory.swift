import GramdexIndex

/// The generations of an index.
public enum IndexHistory {
  /// What a roll-back did.
  public struct RollBack: Sendable, Codable, Equatable {
    /// The index folder.
    public var index: String
    /// The generation that answered until now, and is kept.
    public var from: UInt64
    /// The generation whose contents answer again.
    public var restored: UInt64
    /// The number under which they do.
    public var generation: UInt64
  }

  /// Publishes the generation that the current one replaced, if its build was told to keep it.
  ///
  /// Rolling back twice restores the newer one. Readers see one of the two, never a mixture.
  ///
  /// - Parameter path: the index folder.
  /// - Returns: what was done.
  /// - Throws: `IndexError.noPrevious` when nothing was kept, `IndexError.locked` when a job is writing.
  @discardableResult
  public static func rollBack(_ path: String) throws -> RollBack {
    // Also an index whose manifest is damaged can be rolled back, so that is no reason to refuse.
    let mode = IndexFolder(path).hasManifest ? IndexWriter.Mode.replace : .update
    let writer = try IndexWriter(path, mode: mode, command: "gramdex roll-back")
    let from = writer.current?.generation ?? 0
    let (published, restored) = try writer.rollBack()
    return RollBack(
      index: path,
      from: from,
      restored: restored,
      generation: published.generation
    )
  }
}
