import GramdexCore
import GramdexStorage
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
    ProcessMemory.returnFreedMemory()
    return options
  }

  /// What is left of a memory budget beside the model.
  ///
  /// - Throws: `OptionsError.memory` when that is less than any job needs.
  func memory(of budget: UInt64) throws(OptionsError) -> UInt64 {
    // Its bytes, its tries, and what reading it has taken; a small model is part of what is set aside for the program.
    let needed = 6 * UInt64(model?.bytes.count ?? 0)
    let least = BuildOptions.minimumMemoryBytes
    if budget < least + needed {
      if needed > least / 8 { throw .memoryBesideModel(budget, needed) }
      return min(budget, least)
    }
    return budget - needed
  }
}
