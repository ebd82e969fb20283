import GramdexText

extension TextInputs {
  /// Looks up the inputs of a build.
  ///
  /// Of a folder with count files only those are read that hold n-grams, each once: not Google's indexes (`*.idx`), its
  /// list of words by frequency (`vocab_cs*`), and what lies in `doc/`.
  init(_ options: BuildOptions) throws {
    try self.init(
      InputOptions(
        paths: options.inputs,
        filesFrom: options.filesFrom,
        jsonField: options.jsonField,
        weights: options.inputWeights
      )
    )
    guard options.inputsAreCounts else { return }
    let named = Set(options.inputs)
    files.removeAll { file in
      let parts = file.path.split(separator: "/")
      let name = parts.last ?? ""
      let isOther =
        name.hasSuffix(".idx") || name.hasPrefix("vocab_cs") || parts.dropLast().last == "doc"
      return isOther && !named.contains(file.path)
    }
    if files.isEmpty { throw TextError.noInput }
  }
}
