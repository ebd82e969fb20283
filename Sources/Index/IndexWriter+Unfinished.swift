import GramdexStorage

// What a killed build leaves for the run that goes on: `work/journal` and the file it speaks of, which become
// `work/unfinished-<n>.journal` and `.mdb` when the next run starts.

extension IndexWriter {
  private static let journalName = "journal"
  private static let unfinishedPrefix = "unfinished-"
  private static let journalSuffix = ".journal"
  private static let fileSuffix = ".mdb"

  /// Starts the journal of a build that writes `file`.
  package func startJournal(file: String, identity: String) throws -> WorkJournal {
    try Files.makeFolder(workFolder)
    let journal = try WorkJournal(creating: workFolder + "/" + Self.journalName)
    try journal.note(.job(file: file, identity: identity))
    return journal
  }

  /// Puts what a killed build left aside; returns all that can be gone on from, newest first, or nil.
  static func takeUnfinished(
    _ folder: IndexFolder,
    named current: Manifest?
  ) throws -> UnfinishedWork? {
    let work = folder.path(IndexFolder.workName)
    guard Files.isFolder(work) else { return nil }
    var numbers = try Files.names(in: work).compactMap(number(ofUnfinished:)).sorted()
    let journal = work + "/" + journalName
    if Files.exists(journal) {
      let next = (numbers.last ?? 0) + 1
      if let file = unfinishedFile(of: journal, in: folder, named: current) {
        // The file goes first: a journal without its file is ignored and removed.
        try Files.move(file, to: path(work, next, fileSuffix))
        try Files.move(journal, to: path(work, next, journalSuffix))
        numbers.append(next)
      } else {
        try Files.removeFile(journal)
      }
    }
    var runs: [UnfinishedWork.Run] = []
    for number in numbers.reversed() {
      let paths = [path(work, number, journalSuffix), path(work, number, fileSuffix)]
      if let run = UnfinishedWork.Run(journal: paths[0], file: paths[1]), !run.isCovered(by: runs) {
        runs.append(run)
      } else {
        for path in paths { try Files.removeFile(path) }
      }
    }
    return runs.isEmpty ? nil : UnfinishedWork(runs: runs)
  }

  /// The identity of the job that published the index at `path`, when it was killed before it could tidy up.
  package static func publishedIdentity(_ path: String) -> String? {
    let folder = IndexFolder(path)
    let journal = folder.path(IndexFolder.workName) + "/" + journalName
    guard folder.hasManifest, let current = try? folder.manifest(),
      let line = try? LineLog.read(journal).first,
      case .job(let name, let identity)? = WorkRecord(line: line),
      current.files.contains(where: { $0.name == name })
    else { return nil }
    return identity
  }

  /// The file that a journal speaks of, unless it is gone or published.
  private static func unfinishedFile(
    of journal: String,
    in folder: IndexFolder,
    named current: Manifest?
  ) -> String? {
    guard let line = try? LineLog.read(journal).first,
      case .job(let name, _)? = WorkRecord(line: line), TableFileName(name) != nil,
      !(current?.files.contains { $0.name == name } ?? false), Files.exists(folder.path(name))
    else { return nil }
    return folder.path(name)
  }

  /// Removes what killed builds left in `work/`; returns the paths of what was removed.
  static func removeUnfinished(_ folder: IndexFolder) throws -> [String] {
    let work = folder.path(IndexFolder.workName)
    guard Files.isFolder(work) else { return [] }
    var removed: [String] = []
    for name in try Files.names(in: work)
    where name == journalName || number(ofUnfinished: name) != nil
      || name.hasPrefix(unfinishedPrefix)
    {
      try Files.removeFile(work + "/" + name)
      removed.append(work + "/" + name)
    }
    return removed
  }

  private static func path(_ work: String, _ number: Int, _ suffix: String) -> String {
    work + "/" + unfinishedPrefix + String(number) + suffix
  }

  private static func number(ofUnfinished name: String) -> Int? {
    guard name.hasPrefix(unfinishedPrefix), name.hasSuffix(journalSuffix) else { return nil }
    return Int(name.dropFirst(unfinishedPrefix.count).dropLast(journalSuffix.count))
  }
}
