#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A failure to find or read input text.
public enum TextError: Error, Equatable, Sendable {
  /// No path was given.
  case noInput
  /// Nothing exists at the path.
  case notFound(path: String)
  /// The path exists and cannot be read.
  case unreadable(path: String, code: Int32)
  /// A folder holds no file to read.
  case emptyFolder(path: String)
  /// A pattern matches no file.
  case noMatch(pattern: String)
  /// A list of files names none.
  case emptyList(path: String)
  /// Standard input was asked for more than once.
  case standardInputTwice
  /// A file's name in a folder is no UTF-8.
  case nameNotUTF8(folder: String)
  /// A word is longer than a line may be.
  case wordTooLong(path: String, line: UInt64, limitBytes: Int)
  /// A JSON line is longer than the limit.
  case jsonLineTooLong(path: String, line: UInt64, limitBytes: Int)
  /// A document is longer than the limit.
  case documentTooLong(path: String, line: UInt64, limitBytes: Int)
  /// A line does not begin with its weight.
  case badWeight(path: String, line: UInt64, text: String)
  /// A weight is given to an input that is not there.
  case noWeightedInput(name: String, inputs: [String])
  /// The name of the JSON field is empty.
  case badJSONField(String)

  /// Whether the data is to blame, and not the path or the machine.
  public var isBadData: Bool {
    switch self {
    case .wordTooLong, .jsonLineTooLong, .documentTooLong, .badWeight: true
    default: false
    }
  }
}

extension TextError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .noInput:
      "no input text; name files, folders or patterns, or - for standard input"
    case .notFound(let path):
      "no such file or folder: \(path); check the path"
    case .unreadable(let path, let code):
      "cannot read \(path): \(Self.reason(code)); check its permissions"
    case .emptyFolder(let path):
      "no file to read in the folder \(path) (names that begin with a dot are skipped); put text there"
    case .noMatch(let pattern):
      "no file matches the pattern \(pattern); check it, and quote it so that the shell leaves it alone"
    case .emptyList(let path):
      "the list of files \(path) names no file; write one path a line"
    case .standardInputTwice:
      "standard input (-) can be read only once; name it in one place"
    case .nameNotUTF8(let folder):
      "a file name in \(folder) is not UTF-8; rename that file"
    case .wordTooLong(let path, let line, let limit):
      """
      \(path), line \(line): a word is longer than \(limit) bytes, so this is probably no text; \
      check the file
      """
    case .jsonLineTooLong(let path, let line, let limit):
      """
      \(path), line \(line): a JSON line is longer than \(limit) bytes; \
      write one object a line, and split long documents
      """
    case .documentTooLong(let path, let line, let limit):
      """
      \(path), line \(line): a document is longer than the \(limit) bytes that the memory budget has room for; \
      give more --memory, or split long documents
      """
    case .badWeight(let path, let line, let text):
      """
      \(path), line \(line): "\(text)" is no weight; with --weights-in-lines every line begins with \
      a whole number from 1 to 4294967295 (times the input's weight)
      """
    case .noWeightedInput(let name, let inputs):
      """
      there is no input \(name) to give a weight to; write it as in the list of inputs: \
      \(inputs.prefix(5).joined(separator: ", "))\(inputs.count > 5 ? ", …" : "")
      """
    case .badJSONField(let name):
      "'\(name)' names no JSON field; write a name, or names joined by dots, as in meta.text"
    }
  }

  private static func reason(_ code: Int32) -> String {
    // SAFETY: strerror returns a terminated string, which is copied at once.
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
