public import GramdexScoring

/// The models whose scores hypotheses get, as the command line names them.
public struct RescoringModels: Hashable, Sendable {
  /// What was named: `NAME,NAME` gives each model a score, `NAME:WEIGHT,NAME:WEIGHT` gives the mixture one.
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
      if name.contains(":") {
        let selection = try ModelSelection(index: path, models: name)
        members.append(
          Ensemble.Member(
            selection.choices.map(\.name).joined(separator: "+"),
            try selection.open()
          )
        )
      } else {
        for name in name.split(separator: ",", omittingEmptySubsequences: false) {
          let selection = try ModelSelection(index: path, models: String(name))
          members.append(Ensemble.Member(String(name), try selection.open()))
        }
      }
    }
    return try Ensemble(members)
  }
}
