import GramdexCore
import Yams

/// One mapping of a job file, read strictly: every key must be known and every value of its kind.
struct JobFileMapping {
  /// The file, for messages.
  let path: String
  private let entries: [String: Node]

  /// Reads `node`, whose keys must be among `allowed`; `name` is its own key, empty at the top.
  init(_ node: Node, name: String, path: String, allowed: [String]) throws(JobFileError) {
    self.path = path
    guard let mapping = node.mapping else {
      throw .wrongValue(
        path: path,
        line: node.mark?.line ?? 1,
        key: name.isEmpty ? "the job" : name,
        expected: "keys with values, such as \"\(allowed[0]): …\"",
        found: Self.describe(node)
      )
    }
    var entries: [String: Node] = [:]
    for (key, value) in mapping {
      let line = key.mark?.line ?? 1
      let name = key.scalar?.string ?? Self.describe(key)
      guard key.scalar != nil, allowed.contains(name) else {
        throw .unknownKey(
          path: path,
          line: line,
          key: name,
          nearest: NearestName.find(name, in: allowed),
          allowed: allowed
        )
      }
      if entries.updateValue(value, forKey: name) != nil {
        throw .duplicateKey(path: path, line: line, key: name)
      }
    }
    self.entries = entries
  }

  /// The mapping at `key`, nil when the key is absent.
  func mapping(_ key: String, allowed: [String]) throws(JobFileError) -> Self? {
    guard let node = entries[key] else { return nil }
    return try Self(node, name: key, path: path, allowed: allowed)
  }

  /// The mappings at `key`, a list of them or one; none when the key is absent.
  func mappings(_ key: String, allowed: [String]) throws(JobFileError) -> [Self] {
    guard let node = entries[key] else { return [] }
    var mappings: [Self] = []
    for element in node.sequence.map({ Array($0) }) ?? [node] {
      mappings.append(try Self(element, name: key, path: path, allowed: allowed))
    }
    return mappings
  }

  /// The text at `key`.
  func string(_ key: String, expected: String = "a text") throws(JobFileError) -> String? {
    guard let node = entries[key] else { return nil }
    guard let text = Self.text(node) else { throw wrong(key, node, expected) }
    return text
  }

  /// The texts at `key`, which may be one text or a list.
  func strings(_ key: String, expected: String) throws(JobFileError) -> [String]? {
    try list(key, expected: expected) { Self.text($0) }
  }

  /// The whole number at `key`.
  func integer(_ key: String) throws(JobFileError) -> Int? {
    try value(key, expected: "a whole number") { Int($0) }
  }

  /// The whole number, 0 or more, at `key`.
  func count(_ key: String) throws(JobFileError) -> UInt64? {
    try value(key, expected: "a whole number, 0 or more") { UInt64($0) }
  }

  /// The whole numbers, 0 or more, at `key`, which may be one number or a list.
  func counts(_ key: String) throws(JobFileError) -> [UInt64]? {
    try list(key, expected: "a list of whole numbers, such as [0, 0, 1]") { node in
      Self.plain(node).flatMap { UInt64($0) }
    }
  }

  /// The numbers at `key`, which may be one number or a list.
  func numbers(_ key: String) throws(JobFileError) -> [Double]? {
    try list(key, expected: "a list of numbers, such as [0.5, 1, 1.5]") { node in
      Self.plain(node).flatMap { Double($0) }
    }
  }

  /// The `true` or `false` at `key`.
  func boolean(_ key: String) throws(JobFileError) -> Bool? {
    try value(key, expected: "true or false") { Bool($0) }
  }

  /// The number of bytes at `key`.
  func size(_ key: String) throws(JobFileError) -> UInt64? {
    try value(key, expected: "a size, such as 512M or 4G") { ByteSize.parse($0) }
  }

  /// The one of `Choice`'s names at `key`.
  func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ key: String,
    _ type: Choice.Type
  ) throws(JobFileError) -> Choice? {
    let names = Choice.allCases.map(\.rawValue).joined(separator: " or ")
    return try value(key, expected: names) { Choice(rawValue: $0) }
  }

  /// The whole numbers from 1 on at `key`, by any names.
  func weights(_ key: String) throws(JobFileError) -> [String: UInt32]? {
    guard let node = entries[key] else { return nil }
    let expected = "names of inputs with whole numbers from 1 on, such as {news.txt: 3}"
    guard let mapping = node.mapping else { throw wrong(key, node, expected) }
    var weights: [String: UInt32] = [:]
    for (name, value) in mapping {
      guard let name = Self.text(name), let weight = Self.plain(value).flatMap({ UInt32($0) }),
        weight > 0
      else { throw wrong(key, value, expected) }
      weights[name] = weight
    }
    return weights
  }

  private func value<Value>(
    _ key: String,
    expected: String,
    _ read: (String) -> Value?
  ) throws(JobFileError) -> Value? {
    guard let node = entries[key] else { return nil }
    guard let value = Self.plain(node).flatMap(read) else { throw wrong(key, node, expected) }
    return value
  }

  private func list<Value>(
    _ key: String,
    expected: String,
    _ read: (Node) -> Value?
  ) throws(JobFileError) -> [Value]? {
    guard let node = entries[key] else { return nil }
    let nodes = node.sequence.map { Array($0) } ?? [node]
    var values: [Value] = []
    for node in nodes {
      guard let value = read(node) else { throw wrong(key, node, expected) }
      values.append(value)
    }
    return values
  }

  private func wrong(_ key: String, _ node: Node, _ expected: String) -> JobFileError {
    .wrongValue(
      path: path,
      line: node.mark?.line ?? 1,
      key: key,
      expected: expected,
      found: Self.describe(node)
    )
  }

  /// The text of a scalar that is not empty; nil also for `~` and nothing at all.
  private static func text(_ node: Node) -> String? {
    guard let scalar = node.scalar, !scalar.string.isEmpty else { return nil }
    return scalar.style == .plain && ["~", "null"].contains(scalar.string) ? nil : scalar.string
  }

  /// The text of a scalar that is not quoted, for numbers and choices.
  private static func plain(_ node: Node) -> String? {
    node.scalar.flatMap { $0.style == .plain ? $0.string : nil }
  }

  private static func describe(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar) where scalar.string.isEmpty: "empty"
    case .scalar(let scalar): "\"\(scalar.string.prefix(60))\""
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .alias: "an alias"
    }
  }
}
