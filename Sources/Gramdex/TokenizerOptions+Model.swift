import GramdexCore
import GramdexText

extension TokenizerOptions {
  /// Checks that there is a model where one is needed, and no setting that it would make meaningless.
  func check(modelPath: String?) throws(OptionsError) {
    let hasModel = modelPath != nil || model != nil
    if kind == .sentencepiece && !hasModel { throw .noTokenizerModel }
    if kind != .sentencepiece && hasModel { throw .unusedTokenizerModel(kind) }
    if kind == .sentencepiece && (lowercase || stripPunctuation || unicode != nil) {
      throw .tokenizerNormalizes
    }
  }

  /// These options with the model in the file at `path`, if one is named.
  func loading(_ path: String?) throws -> Self {
    guard let path else { return self }
    var options = self
    options.model = try TokenizerModel.sentencePiece(path: path)
    return options
  }
}
