import GramdexIndex

extension IndexWriter {
  /// What is lost when the index as a whole is replaced: its neural models; nil where it has none.
  var neuralModelsWarning: String? {
    let names = (current?.neuralModels ?? []).map(\.name)
    if names.isEmpty { return nil }
    return """
      the new index replaces all of \(folder.path), so the neural models there go: \
      \(names.joined(separator: ", "))
      """
  }
}
