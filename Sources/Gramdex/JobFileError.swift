/// A job file that cannot be read or says something it must not.
public enum JobFileError: Error, Equatable, Sendable {
  /// The file cannot be opened; the reason is the system's.
  case unreadable(path: String, reason: String)
  /// The file is no YAML.
  case syntax(path: String, line: Int, problem: String)
  /// A key is not part of the schema.
  case unknownKey(path: String, line: Int, key: String, nearest: String?, allowed: [String])
  /// A key is written twice.
  case duplicateKey(path: String, line: Int, key: String)
  /// A value is of the wrong kind.
  case wrongValue(path: String, line: Int, key: String, expected: String, found: String)
  /// A key that every job needs is missing.
  case missingKey(path: String, key: String, example: String)
  /// The values are of the right kinds, but make no sense.
  case options(path: String, error: OptionsError)
}

extension JobFileError: CustomStringConvertible {
  /// What is wrong, in which line, and what to write instead.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "cannot read the job file \(path): \(reason); check its name and permissions"
    case .syntax(let path, let line, let problem):
      "\(path):\(line): this is no YAML: \(problem); see docs/GUIDE.md for an example of a job"
    case .unknownKey(let path, let line, let key, let nearest, let allowed):
      if let nearest {
        "\(path):\(line): unknown key \"\(key)\"; did you mean \"\(nearest)\"?"
      } else {
        "\(path):\(line): unknown key \"\(key)\"; valid here: \(allowed.joined(separator: ", "))"
      }
    case .duplicateKey(let path, let line, let key):
      "\(path):\(line): the key \"\(key)\" is written twice; keep one of them"
    case .wrongValue(let path, let line, let key, let expected, let found):
      "\(path):\(line): \"\(key)\" is \(found); expected \(expected)"
    case .missingKey(let path, let key, let example):
      "\(path): the key \"\(key)\" is missing; add a line such as \"\(example)\""
    case .options(let path, let error):
      "\(path): \(error)"
    }
  }
}
