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
  ///   - options: what is reported beside perplexities.
  ///   - threads: how many threads score, by default one a core; the report does not depend on it.
  ///   - observer: hears how far the work has come.
  ///   - cancellation: stops the work when it is set.
  /// - Returns: the report of all texts together.
  /// - Throws: `TextError` when a text cannot be read, `Interrupted` when the work was stopped.
  public func perplexity(
    of inputs: TextInputs,
    options: PerplexityOptions = PerplexityOptions(),
    threads: Int? = nil,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation? = nil
  ) throws -> Perplexity {
    let empty = emptyReport(options)
    var report = empty
    let scoring = TextScoring(
      self,
      SentenceConvention(endsDocuments: options.endsDocuments),
      threads: threads,
      makeScorer: { runScorer(options, threads: $0) }
    )
    try scoring.run(inputs, observer: observer, cancellation: cancellation) { scorer, block in
      scorer.tally(block, empty)
    } consume: { part in
      report.add(part)
    }
    report.shareUnknown()
    return report
  }

  /// How well this model predicts `text`, line by line.
  public func perplexity(
    of text: String,
    options: PerplexityOptions = PerplexityOptions()
  ) -> Perplexity {
    let convention = SentenceConvention(endsDocuments: options.endsDocuments)
    let scorer = BlockScorer(self, convention, runScorer(options, threads: 1))
    let empty = emptyReport(options)
    var report = empty
    var bytes = Array(text.utf8)
    if bytes.last != TextPolicy.lineEnd { bytes.append(TextPolicy.lineEnd) }
    let block = TextBlock(bytes)
    var carry: BlockScorer.Carry?
    scorer.score(block, carry: &carry)
    report.add(scorer.tally(block, empty))
    report.shareUnknown()
    return report
  }

  private func emptyReport(_ options: PerplexityOptions) -> Perplexity {
    var report = Perplexity(order: maximumOrder ?? 0)
    report.sentenceState = sentenceStates.summary
    report.dynamicEvaluation = options.needsDetails ? nil : dynamicEvaluation
    report.unknownProbability = pow(10, Double(log10UnknownProbability))
    if options.needsDetails || options.vocabularyPadding != nil {
      report.details = PerplexityDetails(options, lexicon)
    }
    return report
  }

  private func runScorer(_ options: PerplexityOptions, threads: Int) -> any RunScorer {
    options.needsDetails ? DetailScorer(self, options) : runScorer(threads: threads)
  }
}

extension BlockScorer {
  /// The sums over the block scored last, in the order of its tokens, added to an empty report.
  func tally(_ block: TextBlock, _ empty: Perplexity) -> Perplexity {
    var sums = empty
    sums.add(lines, ids, scores, orders)
    if let details = scorer as? DetailScorer { sums.add(lines, ids, scores, details) }
    if let measure = block.measure {
      sums.bytes = measure.bytes
      sums.characters = measure.characters
      return sums
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
  /// Adds the tokens of `lines`.
  fileprivate mutating func add(
    _ lines: [BlockScorer.Line],
    _ ids: borrowing RecordBuffer<UInt32>,
    _ scores: borrowing RecordBuffer<Float>,
    _ orders: borrowing RecordBuffer<UInt8>
  ) {
    // Element k: tokens whose longest match has order k, 0 where the model has no orders.
    let hits = RecordBuffer<Int>(zeroed: Int(UInt8.max) + 1)
    var sum = log10Probability
    let unknown = WordID.unknown.rawValue
    for line in lines {
      if line.isEnded { sentences += 1 }
      tokens += line.places.count
      for place in line.places {
        let score = scores[place]
        sum += Double(score)
        hits[Int(orders[place])] += 1
        let isOOV = ids[place] == unknown
        if isOOV {
          oov += 1
          log10OOVProbability += Double(score)
        }
        // Written so that NaN counts, too.
        if !(score > Logarithm.ofZero) {
          zeroProbabilities += 1
          log10ZeroProbability += Double(score)
          if isOOV { impossibleOOV += 1 }
        }
      }
    }
    log10Probability = sum
    for index in hitsPerOrder.indices { hitsPerOrder[index] += hits[index + 1] }
  }

  /// Adds what is reported beside the tokens of `lines`.
  fileprivate mutating func add(
    _ lines: [BlockScorer.Line],
    _ ids: borrowing RecordBuffer<UInt32>,
    _ scores: borrowing RecordBuffer<Float>,
    _ details: DetailScorer
  ) {
    for place in lines.map(\.places).joined() {
      if self.details?.closedLog10Probability != nil {
        let isOOV = ids[place] == WordID.unknown.rawValue
        self.details?.add(scores[place], unknown: details.unknown[place], isOOV: isOOV)
      }
      if self.details?.hitsPerRank != nil { self.details?.add(rank: details.ranks[place]) }
    }
  }

  /// Divides the probability of `<unk>` among the types that share it.
  fileprivate mutating func shareUnknown() {
    let unseenTypes = Double(details?.unseenTypes ?? 1)
    let log10Share = Double(oov) * log10(unseenTypes)
    log10Probability -= log10Share
    log10OOVProbability -= log10Share
    unknownProbability /= unseenTypes
  }
}
