import GramdexCore
import GramdexScoring
import GramdexText

/// Decides what happens to each document of a block, and puts together the bytes of those that are kept; on any thread.
struct DocumentRenderer: Sendable {
  /// What became of the documents of a block.
  struct Rendered: Sendable {
    /// The bytes that are kept: for each part, or for the one output.
    var bytes: [[UInt8]]
    /// The counts of the block.
    var summary: FilterSummary
    /// A document that may not be passed over.
    var failure: FilterError?
  }

  private let options: FilterOptions
  private let thresholds: [Double]
  private let kept: Set<CorpusPart>
  private let fieldWriter: JSONFieldWriter?
  private let names: [String]

  init(_ options: FilterOptions, thresholds: [Double], inputs: TextInputs) throws {
    self.options = options
    self.thresholds = thresholds
    names = inputs.files.map(\.name)
    if case .parts(let parts) = options.selection { kept = Set(parts) } else { kept = [] }
    let field = options.jsonField == nil ? nil : options.scoreField
    fieldWriter = try field.map { try JSONFieldWriter(name: $0) }
  }

  /// Whether each part has a file.
  private var splits: Bool {
    if case .folder = options.output { return true }
    return false
  }

  func render(_ block: TextBlock, _ documents: [ScoredDocument]) -> Rendered {
    var result = Rendered(
      bytes: Array(repeating: [], count: splits ? CorpusPart.allCases.count : 1),
      summary: FilterSummary(unit: options.unit)
    )
    for document in documents {
      result.summary.documents += 1
      result.summary.tokens += UInt64(document.score.tokens)
      let perplexity = document.score.perplexity(per: options.unit)
      guard let target = target(of: document, perplexity, block, &result) else { continue }
      if result.failure != nil { break }
      result.summary.kept += 1
      result.summary.keptTokens += UInt64(document.score.tokens)
      append(document, perplexity, block, to: &result.bytes[target])
    }
    return result
  }

  /// Which output a document goes to, nil if it is left out.
  private func target(
    of document: ScoredDocument,
    _ perplexity: Double?,
    _ block: TextBlock,
    _ result: inout Rendered
  ) -> Int? {
    guard let perplexity else { return targetWithoutScore(document.place, block, &result) }
    switch options.selection {
    case .window(let minimum, let maximum):
      if let minimum, perplexity < minimum {
        result.summary.below += 1
        return nil
      }
      if let maximum, perplexity > maximum {
        result.summary.above += 1
        return nil
      }
      return 0
    case .parts:
      let part: CorpusPart =
        perplexity < thresholds[0] ? .head : perplexity < thresholds[1] ? .middle : .tail
      result.summary.parts[part.rawValue, default: 0] += 1
      return kept.contains(part) ? target(of: part) : nil
    }
  }

  private func target(of part: CorpusPart) -> Int {
    splits ? CorpusPart.allCases.firstIndex(of: part) ?? 0 : 0
  }

  private func targetWithoutScore(
    _ place: DocumentPlace,
    _ block: TextBlock,
    _ result: inout Rendered
  ) -> Int? {
    let path = names[block.inputIndex]
    let problem: DocumentProblem
    switch place.kind {
    case .text:
      problem = .empty
      result.summary.empty.add(path: path, line: place.line)
    case .malformed:
      problem = .malformed
      result.summary.malformed.add(path: path, line: place.line)
    case .missing, .notText:
      problem = .missing
      result.summary.missing.add(path: path, line: place.line)
    }
    switch options.onError {
    case .drop: return nil
    case .keep: return target(of: .tail)
    case .fail:
      result.failure = .document(path: path, line: place.line, problem: problem)
      return 0
    }
  }

  /// Appends a document as it stands in the block, with its score where it gets one.
  private func append(
    _ document: ScoredDocument,
    _ perplexity: Double?,
    _ block: TextBlock,
    to output: inout [UInt8]
  ) {
    let range = document.place.range
    let score = perplexity.map { Array(Self.number($0).utf8) }
    if let fieldWriter, let score {
      fieldWriter.append(score, to: range, of: block, output: &output)
    } else {
      if options.hasScoreColumn { output += (score ?? []) + [0x09] }
      block.append(range, to: &output)
    }
    if options.byParagraphs && !block.endsWithBlankLine(range) { output.append(0x0A) }
  }

  /// A perplexity with six significant digits.
  static func number(_ value: Double) -> String {
    guard value.isFinite && value > 0 else { return "1e+308" }
    var scale = 1.0
    var rest = value
    while rest < 100_000 {
      rest *= 10
      scale *= 10
    }
    return "\((value * scale).rounded() / scale)"
  }
}
