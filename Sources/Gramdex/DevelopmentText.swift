import GramdexCore
import GramdexIndex
import GramdexStorage
import GramdexText

/// A text on which the numbers of a model are tuned, as ids of its words.
struct DevelopmentText: Sendable {
  /// The words of each line that has any, without `<s>` and `</s>`; unknown ones are `<unk>`.
  var sentences: [[UInt32]] = []

  /// Words and ends of sentences.
  var tokens: Int { sentences.reduce(0) { $0 + $1.count + 1 } }

  /// Reads a text, cut into words as the index's was; words from `keptCount` on are unknown to the model.
  init(
    _ paths: [String],
    vocabulary: Vocabulary,
    keptCount: Int,
    tokenizer: TokenizerOptions,
    cancellation: Cancellation
  ) throws {
    let reader = try TextBlockReader(
      TextInputs(InputOptions(paths: paths)),
      cancellation: cancellation
    )
    let normalizer = TextNormalizer(tokenizer)
    let marks = WordID.beginOfSentence.rawValue...WordID.endOfSentence.rawValue
    var line: [UInt32] = []
    func endLine(_ sentences: inout [[UInt32]]) {
      if !line.isEmpty { sentences.append(line) }
      line = []
    }
    while let block = try reader.next() {
      try cancellation.check()
      let bytes = normalizer.normalize(block.bytes)
      TokenScanner.forEachWord(in: bytes) { word in
        let id = vocabulary.id(of: Array(bytes[word]))?.rawValue ?? WordID.unknown.rawValue
        if marks.contains(id) { return }
        line.append(id < keptCount ? id : WordID.unknown.rawValue)
      } lineEnd: { _ in
        endLine(&sentences)
      }
    }
    endLine(&sentences)
  }
}
