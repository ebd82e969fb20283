import Foundation
import GramdexRescoring
import GramdexStorage

/// One JSON line for each utterance: what was said, what was chosen, and how many errors there are.
enum EvaluationDetails {
  private struct Line: Encodable {
    var utt: String
    var ref: String
    var text: String
    var counts: ErrorCounts
    var old: String
    var oldErrors: Int
    var oracle: String
    var oracleErrors: Int
    var worstErrors: Int
    var hypotheses: Int
  }

  /// Writes the lines to `path`; `-` is standard output.
  static func write(_ utterances: [EvaluatedUtterance], choices: [String], to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var output = try CompressedOutput(path: path)
    for (utterance, choice) in zip(utterances, choices) {
      let line = Line(
        utt: utterance.utterance,
        ref: utterance.reference,
        text: choice,
        counts: ErrorCounts(of: choice, reference: utterance.reference),
        old: utterance.old,
        oldErrors: ErrorCounts(of: utterance.old, reference: utterance.reference).errors,
        oracle: utterance.oracle,
        oracleErrors: utterance.oracleErrors,
        worstErrors: utterance.worstErrors,
        hypotheses: utterance.hypotheses
      )
      try output.write([UInt8](encoder.encode(line)) + [0x0A])
    }
    try output.finish()
  }
}
