public import GramdexScoring

/// The models whose scores hypotheses get, as the command line names them.
public struct RescoringModels: Hashable, Sendable {
  /// What was named: `NAME,NAME` gives each model a score, `NAME:WEIGHT,NAME:WEIGHT` gives the mixture one; `SCORE=` before it says what the
  /// score is called.
  public var names: [String]

  /// Makes a choice of models.
  public init(_ names: [String]) {
    self.names = names
  }

  /// Opens the models of the index at `path`.
  ///
  /// A mixture's score is called by the names of its models with `+` between them.
  /// - Throws: `ModelSelectionError`, `MixtureError`, and errors of opening an index.
  public func open(index path: String) throws -> Ensemble {
    var members: [Ensemble.Member] = []
    for name in names {
      var models = Substring(name)
      var label: String?
      if let equals = name.firstIndex(of: "=") {
        label = String(name[..<equals])
        models = name[name.index(after: equals)...]
      }
      // A mixture has one score, and so has a model that gets a name.
      let isOne = models.contains(":") || label != nil
      let parts = isOne ? [models] : models.split(separator: ",", omittingEmptySubsequences: false)
      for part in parts {
        let selection = try ModelSelection(index: path, models: String(part))
        members.append(
          Ensemble.Member(
            label ?? selection.choices.map(\.name).joined(separator: "+"),
            try selection.open()
          )
        )
      }
    }
    return try Ensemble(members)
  }
}
