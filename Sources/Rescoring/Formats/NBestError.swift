/// A file of n-best lists, references or lattices that cannot be read or written as it is.
public struct NBestError: Error, Equatable, Sendable {
  /// The file's name.
  public var file: String
  /// The line, from 1 on; 0 where the whole file is to blame.
  public var line: Int
  /// What is wrong there.
  public var problem: Problem

  /// Makes an error.
  init(file: String, line: Int = 0, _ problem: Problem) {
    self.file = file
    self.line = line
    self.problem = problem
  }

  /// What may be wrong.
  public enum Problem: Equatable, Sendable {
    /// The contents fit no format.
    case unknownFormat(beginning: String)
    /// Standard input was named more than once, or for a format that is a folder or names lists by files.
    case notForStandardInput(format: NBestFormat)
    /// The path should be a folder, or should not be one.
    case wrongKindOfPath(format: NBestFormat, expected: String)
    /// Folders lie within each other without an end.
    case tooManyFolders(limit: Int)
    /// A folder has nothing to read.
    case emptyFolder
    /// No path was given, or standard input twice.
    case noInput
    /// Bytes that are no UTF-8.
    case notUTF8
    /// A line longer than what is read.
    case lineTooLong(limitBytes: Int)
    /// A line that is no JSON object.
    case malformedJSON(column: Int, expected: String)
    /// A field that is needed is not there.
    case missingField(name: String, alternatives: [String])
    /// A field stands twice in one object.
    case fieldTwice(name: String)
    /// A field has a value of the wrong kind.
    case wrongField(name: String, expected: String)
    /// There is no utterance id.
    case missingID
    /// A line has too few or too many columns.
    case columns(expected: Int, found: Int)
    /// A header without the columns that are needed, or with one twice.
    case header(reason: String)
    /// A score that is text.
    case notANumber(score: String, text: String)
    /// A score that is `nan` or infinite.
    case notFinite(score: String, text: String)
    /// A score that other hypotheses of the list have.
    case missingScore(score: String, utterance: String)
    /// A line of a format is not as it should be.
    case malformedLine(format: String, expected: String, text: String)
    /// An utterance comes a second time, after others.
    case splitUtterance(id: String, firstFile: String, firstLine: Int)
    /// Two hypotheses of a list have the same rank; `firstFile` is nil when they stand in the same file.
    case duplicateRank(rank: Int, utterance: String, firstFile: String? = nil, firstLine: Int)
    /// Two files that go side by side name different hypotheses.
    case keysDiffer(key: String, otherKey: String, otherFile: String, otherLine: Int)
    /// A file ends before the one beside it.
    case endsEarly(key: String, otherFile: String, otherLine: Int)
    /// An id that is already there.
    case duplicateID(id: String, firstLine: Int)
    /// The written format has no room for something without which the result would be wrong.
    case cannotWrite(format: String, reason: String)
    /// A lattice that is none.
    case lattice(reason: String)
    /// Lattices within lattices.
    case sublattice
  }

  /// Whether the data is to blame, and not the call.
  public var isBadData: Bool {
    switch problem {
    case .notForStandardInput, .wrongKindOfPath, .noInput, .emptyFolder, .tooManyFolders: false
    default: true
    }
  }
}

extension NBestError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    let place = line > 0 ? "\(file), line \(line): " : file.isEmpty ? "" : "\(file): "
    return place + problem.description
  }
}

extension NBestError.Problem: CustomStringConvertible {
  /// What happened and what to do.
  public var description: String {
    switch self {
    case .unknownFormat(let beginning):
      """
      cannot tell the format of the lists (it begins with "\(beginning)"); \
      name it: \(NBestFormat.allCases.map(\.rawValue).joined(separator: ", "))
      """
    case .notForStandardInput(let format):
      "lists in the format \(format.rawValue) cannot come from standard input or go to standard output; name a folder"
    case .wrongKindOfPath(let format, let expected):
      "the format \(format.rawValue) needs \(expected); check the path, or name another format"
    case .tooManyFolders(let limit):
      "more than \(limit) folders within each other, perhaps by a link to one above; name the folder with the lists"
    case .emptyFolder:
      "no file with lists in this folder; check the path"
    case .noInput:
      "no lists to read, or standard input (-) named twice; name files, folders, or - once"
    case .notUTF8:
      "bytes that are no UTF-8; convert the file (iconv -t UTF-8)"
    case .lineTooLong(let limit):
      "a line of more than \(limit) bytes; check that the file holds lists"
    case .malformedJSON(let column, let expected):
      "no JSON object: \(expected) expected at byte \(column) of the line; write one object a line (jq -c .)"
    case .missingField(let name, let alternatives):
      "the field \"\(name)\" is missing\(Self.list(alternatives, before: " (or ", after: ")")); add it"
    case .fieldTwice(let name):
      "the field \"\(name)\" stands twice, by the same or by another name; remove one"
    case .wrongField(let name, let expected):
      "\"\(name)\" should be \(expected); correct the file"
    case .missingID:
      "no utterance id; every list needs one; add it"
    case .columns(let expected, let found):
      "\(found) columns where the first line has \(expected); put one tab between two columns and none into a text"
    case .header(let reason):
      "the header \(reason); a header names the columns, as in #utt-id-rank<TAB>ac<TAB>lm<TAB>text"
    case .notANumber(let score, let text):
      "the score \(score) is \"\(text)\", which is no number; correct it"
    case .notFinite(let score, let text):
      "the score \(score) is \(text); scores must be finite numbers: correct it, or leave the hypothesis out"
    case .missingScore(let score, let utterance):
      """
      a hypothesis of \(utterance) has no score \(score), which others of the list have; \
      add it, or say what a missing score counts (--missing-scores VALUE)
      """
    case .malformedLine(let format, let expected, let text):
      "\"\(text)\" is no line of the format \(format), which has \(expected); correct it, or name another format"
    case .splitUtterance(let id, let file, let line):
      """
      utterance \(id) begins again here; its first hypotheses stand in \(file), line \(line). \
      Sort the file by utterance, give the second one another id, or put them together (--gather, which holds all lists in memory)
      """
    case .duplicateRank(let rank, let utterance, let file, let line):
      """
      utterance \(utterance) has two hypotheses of rank \(rank), the first on line \(line)\(file.map { " of \($0)" } ?? ""); \
      number them anew
      """
    case .keysDiffer(let key, let other, let file, let line):
      """
      hypothesis \(key) stands beside \(other) of \(file), line \(line); \
      the files of a folder need the same keys in the same order: sort them the same way
      """
    case .endsEarly(let key, let file, let line):
      "ends before hypothesis \(key) of \(file), line \(line); the files of a folder need the same keys"
    case .duplicateID(let id, let line):
      "\(id) is already there, on line \(line); remove one"
    case .cannotWrite(let format, let reason):
      "\(reason), which the format \(format) cannot hold; choose another format, or correct it"
    case .lattice(let reason):
      "\(reason); correct the lattice"
    case .sublattice:
      "this lattice has others within it (SUBLAT, L=), which are not read; expand it first (HTK's HParse, or lattice-tool)"
    }
  }

  private static func list(_ names: [String], before: String, after: String) -> String {
    names.isEmpty ? "" : before + names.joined(separator: ", ") + after
  }
}
