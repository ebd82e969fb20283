import Foundation
public import GramdexCore
import GramdexStorage
public import GramdexText

extension LanguageModel {
  /// How well this model predicts the texts of `inputs`, all of which are one sample.
  ///
  /// Text is cut into words as the model's was. A line without words is no sentence.
  ///
  /// - Parameters:
  ///   - inputs: the texts.
  ///   - threads: how many threads score, by default one a core; the report does not depend on it.
  ///   - observer: hears how far the work has come.
  ///   - cancellation: stops the work when it is set.
  /// - Returns: the report of all texts together.
  /// - Throws: `TextError` when a text cannot be read, `Interrupted` when the work was stopped.
  public func perplexity(
    of inputs: TextInputs,
    threads: Int? = nil,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation? = nil
  ) throws -> Perplexity {
    let reader = try TextBlockReader(
      inputs,
      blockBytes: TextScoring.blockBytes,
      cancellation: cancellation
    )
    var progress = ProgressUpdate(
      stage: 1,
      stages: 1,
      name: "score",
      completed: 0,
      total: inputs.totalBytes,
      unit: "bytes"
    )
    var report = emptyReport
    let scoring = TextScoring(self, SentenceConvention(), threads: threads)
    let order = maximumOrder ?? 0
    try scoring.run(reader) { scorer, block in
      scorer.tally(block, order: order)
    } consume: { part in
      report.add(part)
      progress.completed = reader.consumedBytes
      observer.progress(progress)
      try cancellation?.check()
    }
    return report
  }

  /// How well this model predicts `text`, line by line.
  public func perplexity(of text: String) -> Perplexity {
    let scorer = BlockScorer(self, SentenceConvention())
    var report = emptyReport
    var bytes = Array(text.utf8)
    if bytes.last != TextPolicy.lineEnd { bytes.append(TextPolicy.lineEnd) }
    let block = TextBlock(bytes)
    var carry: BlockScorer.Carry?
    scorer.score(block, carry: &carry)
    report.add(scorer.tally(block, order: maximumOrder ?? 0))
    return report
  }

  private var emptyReport: Perplexity {
    var report = Perplexity(order: maximumOrder ?? 0)
    report.unknownProbability = pow(10, Double(log10UnknownProbability))
    return report
  }
}

extension BlockScorer {
  /// The sums over the block scored last, in the order of its tokens.
  func tally(_ block: TextBlock, order: Int) -> Perplexity {
    var sums = Perplexity(order: order)
    for line in lines {
      if line.isEnded { sums.sentences += 1 }
      sums.add(line.places, ids, scores, orders)
    }
    sums.bytes = textBytes
    // Separators and sentence marks hold no continuation bytes, so all of them belong to words.
    sums.characters = textBytes - continuationBytes(block)
    return sums
  }

  /// Bytes of the block that continue a character of UTF-8.
  private func continuationBytes(_ block: TextBlock) -> Int {
    // SAFETY: the block has `count` bytes.
    let bytes = unsafe UnsafeBufferPointer(start: block.pointer, count: block.count)
    var count = 0
    for index in 0..<bytes.count {
      count += unsafe bytes[index] & 0xC0 == 0x80 ? 1 : 0
    }
    return count
  }
}

extension Perplexity {
  /// Adds the tokens at `places`.
  fileprivate mutating func add(
    _ places: Range<Int>,
    _ ids: borrowing RecordBuffer<UInt32>,
    _ scores: borrowing RecordBuffer<Float>,
    _ orders: borrowing RecordBuffer<UInt8>
  ) {
    tokens += places.count
    for place in places {
      let score = scores[place]
      log10Probability += Double(score)
      if ids[place] == WordID.unknown.rawValue {
        oov += 1
        log10OOVProbability += Double(score)
      }
      // Written so that NaN counts, too.
      if !(score > Logarithm.ofZero) { zeroProbabilities += 1 }
      let order = Int(orders[place])
      if order > 0 { hitsPerOrder[order - 1] += 1 }
    }
  }
}
