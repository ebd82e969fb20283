/// Utterances that cannot be measured, by what they lack.
public struct MissingUtterances: Hashable, Sendable, Codable {
  /// Lists without a reference.
  public var listsWithoutReference: [String] = []
  /// References without a list.
  public var referencesWithoutList: [String] = []
  /// Lists that are not among those they are compared with.
  public var listsWithoutOther: [String] = []
  /// Lists that they are compared with and that are not among them.
  public var othersWithoutList: [String] = []

  /// Nothing is missing.
  public init() {}

  /// What is missing, one line each; ten names at most in each.
  public var lines: [String] {
    let kinds = [
      ("list", "without a reference", listsWithoutReference),
      ("reference", "without a list", referencesWithoutList),
      ("list", "missing from the lists to compare with", listsWithoutOther),
      ("list", "only among the lists to compare with", othersWithoutList),
    ]
    return kinds.compactMap { noun, what, names in
      guard !names.isEmpty else { return nil }
      let some = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
      return "\(names.count) \(noun)\(names.count == 1 ? "" : "s") \(what): \(some)"
    }
  }
}
