public import GramdexCore
import GramdexIndex
import GramdexStorage
public import GramdexText

extension LanguageModel {
  /// Scores every line of `inputs`, blank ones included, and hands the answers over in order.
  ///
  /// - Parameters:
  ///   - inputs: the texts.
  ///   - hasSentenceMarks: whether `<s>` stands before a line and `</s>` is scored after it.
  ///   - endsDocuments: whether blank lines and ends of files end a document, after which a cache begins anew.
  ///   - threads: how many threads score, by default one a core.
  ///   - cancellation: stops the work when it is set.
  ///   - render: turns the lines of a block into what is wanted of them, on any thread.
  ///   - consume: gets the results in the order of the text, on this thread.
  ///   - pause: called when every whole line read so far was answered. A pipe or terminal that has no more for now is not
  ///     waited for before that, so a program may write a line and wait for its answer.
  /// - Throws: `TextError` when a text cannot be read, `Interrupted`, and what `consume` and `pause` throw.
  public func query<Result: Sendable>(
    _ inputs: TextInputs,
    hasSentenceMarks: Bool = true,
    endsDocuments: Bool = false,
    threads: Int? = nil,
    cancellation: Cancellation? = nil,
    render: @Sendable ([QueryLine]) -> Result,
    consume: (Result) throws -> Void,
    pause: () throws -> Void = {}
  ) throws {
    let reader = try TextBlockReader(
      inputs,
      blockBytes: TextScoring.blockBytes(self),
      endsWhereInputWaits: true,
      cancellation: cancellation
    )
    let convention = SentenceConvention(
      hasMarks: hasSentenceMarks,
      keepsBlankLines: true,
      endsDocuments: endsDocuments
    )
    let scoring = TextScoring(self, convention, threads: threads)
    // The beginning of a line that goes on in the next block.
    var begun: [QueryWord] = []
    try scoring.run(reader) { scorer, block in
      let lines = scorer.answers(block)
      return block.startsLine && block.endsLine
        ? Answers.rendered(render(lines))
        : Answers.partial(lines, isLastEnded: scorer.lines.last?.isEnded ?? true)
    } consume: { (answers: Answers<Result>) in
      try cancellation?.check()
      switch answers {
      case .rendered(let result):
        try consume(result)
      case .partial(var lines, let isLastEnded):
        if !begun.isEmpty && !lines.isEmpty {
          lines[0].words = begun + lines[0].words
          begun = []
        }
        if !isLastEnded, let last = lines.popLast() { begun = last.words }
        if !lines.isEmpty { try consume(render(lines)) }
      }
    } pause: {
      try pause()
    }
  }

  /// Scores the lines of `text`, blank ones included.
  public func query(_ text: String, hasSentenceMarks: Bool = true) -> [QueryLine] {
    let scorer = BlockScorer(
      self,
      SentenceConvention(hasMarks: hasSentenceMarks, keepsBlankLines: true)
    )
    var bytes = Array(text.utf8)
    if bytes.last != TextPolicy.lineEnd { bytes.append(TextPolicy.lineEnd) }
    let block = TextBlock(bytes)
    var carry: BlockScorer.Carry?
    scorer.score(block, carry: &carry)
    return scorer.answers(block)
  }
}

/// The answers to a block, ready when all its lines lie within it.
private enum Answers<Result: Sendable>: Sendable {
  case rendered(Result)
  case partial([QueryLine], isLastEnded: Bool)
}

extension BlockScorer {
  /// The answers to the lines of the block scored last.
  func answers(_ block: TextBlock) -> [QueryLine] {
    lines.map { line in
      QueryLine(words: line.places.map { answer(at: $0, block) })
    }
  }

  private func answer(at place: Int, _ block: TextBlock) -> QueryWord {
    let id = WordID(rawValue: ids[place])
    let word = words[place]
    // SAFETY: the word's place was found in this block.
    let bytes = unsafe UnsafeBufferPointer(
      start: block.pointer + Int(word.offset),
      count: Int(word.count)
    )
    let score = WordScore(
      log10Probability: scores[place],
      order: Int(orders[place]),
      isOOV: id == .unknown
    )
    let isEnd = word.count == 0
    return QueryWord(
      bytes: isEnd ? Array(ReservedWord.endOfSentence.utf8) : unsafe Array(bytes),
      id: id,
      score: score
    )
  }
}
