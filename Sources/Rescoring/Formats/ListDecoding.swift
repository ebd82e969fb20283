/// Gives the lists of one source (a file or a folder) one after the other.
protocol ListDecoding {
  /// The next list; nil at the end.
  mutating func next() throws -> NBestList?
  /// Bytes of the source consumed so far, compressed as they are.
  var consumedBytes: UInt64 { get }
  /// What looked odd so far, one line each.
  var warnings: [String] { get }
}

extension ListDecoding {
  var warnings: [String] { [] }
}

/// A hypothesis and what its line says of the utterance.
struct DecodedHypothesis {
  /// The utterance's id.
  var utterance: String
  /// The hypothesis; its rank is 0 when the file does not say it.
  var hypothesis: Hypothesis
  /// What was really said.
  var reference: String?
}

/// Gives hypotheses one after the other, of formats in which each says whose it is.
protocol HypothesisDecoding {
  /// The file's name in messages.
  var name: String { get }
  /// The next hypothesis; nil at the end.
  mutating func next() throws -> DecodedHypothesis?
  /// Bytes of the source consumed so far, compressed as they are.
  var consumedBytes: UInt64 { get }
  /// What looked odd so far, one line each.
  var warnings: [String] { get }
}

extension HypothesisDecoding {
  var warnings: [String] { [] }
}

/// Puts hypotheses of the same utterance that follow each other together to lists.
struct GroupedDecoder<Source: HypothesisDecoding>: ListDecoding {
  private var source: Source
  private var held: DecodedHypothesis?
  private var lists = 0
  private var longest = 0
  private let warnsOfSingles: Bool

  /// Groups the hypotheses of `source`; `warnsOfSingles` where lists of one mean that ids may be wrong.
  init(_ source: Source, warnsOfSingles: Bool = false) {
    self.source = source
    self.warnsOfSingles = warnsOfSingles
  }

  var consumedBytes: UInt64 { source.consumedBytes }

  var warnings: [String] {
    guard warnsOfSingles, lists > 1, longest == 1 else { return source.warnings }
    return source.warnings + [
      """
      \(source.name): each of the \(lists) lists has one hypothesis; \
      check that each line begins with its utterance's id, without a rank (or that the header says utt-id-rank)
      """
    ]
  }

  mutating func next() throws -> NBestList? {
    guard let first = try held ?? source.next() else { return nil }
    held = nil
    var list = NBestList(
      utterance: first.utterance,
      hypotheses: [first.hypothesis],
      reference: first.reference,
      source: NBestList.Source(file: source.name, line: first.hypothesis.line)
    )
    while let next = try source.next() {
      guard next.utterance == list.utterance else {
        held = next
        break
      }
      if let reference = next.reference {
        guard reference == list.reference ?? reference else {
          throw NBestError(
            file: source.name,
            line: next.hypothesis.line,
            .wrongField(name: "ref", expected: "the same in all hypotheses of an utterance")
          )
        }
        list.reference = reference
      }
      list.hypotheses.append(next.hypothesis)
    }
    lists += 1
    longest = max(longest, list.hypotheses.count)
    return list
  }
}
