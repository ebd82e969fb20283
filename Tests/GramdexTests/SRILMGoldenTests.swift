import Foundation
import Gramdex
import GramdexCore
import TestSupport
import Testing

/// A model that SRILM's ngram-count wrote, and the estimation that should give the same.
///
/// The flags are those of `golden/srilm/COMMANDS.txt`.
private struct SRILMModel: CustomTestStringConvertible, Sendable {
  var corpus: String
  var order: Int
  var flags: String
  /// Whether n-grams seen once are kept (`-gt3min 1 -gt4min 1 -gt5min 1`).
  var keepsAll: Bool
  var estimation: EstimationOptions

  var name: String { "\(corpus).o\(order).\(flags)\(keepsAll ? ".min1" : "")" }
  var testDescription: String { name }

  static let all: [Self] = ["toy", "wt2_60k"].flatMap { corpus in
    [3, 5].flatMap { order in
      [false, true].flatMap { keepsAll in
        variants.compactMap { flags, smoothing, form, change in
          // SRILM refuses kndiscount on the toy, and has no min1 file of add0.01.
          if corpus == "toy" && smoothing == .modifiedKneserNey { return nil }
          if keepsAll && flags == "add0.01" { return nil }
          var estimation = EstimationOptions(smoothing)
          estimation.form = form
          estimation.order = order
          estimation.isVocabularyClosed = true
          estimation.isSRILMCompatible = true
          estimation.pruning = PruningThresholds(keepsAll ? [] : [0, 0, 1])
          change(&estimation)
          return Self(
            corpus: corpus,
            order: order,
            flags: flags,
            keepsAll: keepsAll,
            estimation: estimation
          )
        }
      }
    }
  }

  private static let variants:
    [(String, Smoothing, SmoothingForm, @Sendable (inout EstimationOptions) -> Void)] = [
      ("gt", .goodTuring, .backoff, { _ in }),
      ("wbdiscount", .wittenBell, .backoff, { _ in }),
      ("wbdiscount.interp", .wittenBell, .interpolated, { _ in }),
      ("cd0.5", .absolute, .backoff, { $0.discounts = [[0.5]] }),
      ("cd0.5.interp", .absolute, .interpolated, { $0.discounts = [[0.5]] }),
      ("ndiscount", .natural, .backoff, { _ in }),
      ("add1", .additive, .backoff, { _ in }),
      ("add0.01", .additive, .backoff, { $0.addedCount = 0.01 }),
      ("ukndiscount", .kneserNey, .backoff, { _ in }),
      ("ukndiscount.interp", .kneserNey, .interpolated, { _ in }),
      ("kndiscount", .modifiedKneserNey, .backoff, { _ in }),
      ("kndiscount.interp", .modifiedKneserNey, .interpolated, { _ in }),
    ]
}

@Suite("SRILM's models", .enabled(if: SharedData.hasGolden, "\(SharedData.absent)"))
struct SRILMGoldenTests {
  @Test(arguments: SRILMModel.all)
  fileprivate func `are what estimate gives`(model: SRILMModel) throws {
    let folder = try TemporaryFolder()
    var build = BuildOptions(inputs: [SharedData.url("golden/in/\(model.corpus).txt").path])
    build.order = model.order
    build.memoryBytes = 64 << 20
    let index = folder.path("index")
    try IndexBuilder.build(build, to: index)
    var options = EstimateOptions(model.estimation, name: "srilm")
    options.memoryBytes = 64 << 20
    try IndexEstimator.run(options, in: index)
    var export = ExportOptions(index: index, output: folder.path("arpa"))
    export.modelName = "srilm"
    try IndexExporter.run(export)
    let ours = ArpaText(try Data(contentsOf: URL(filePath: folder.path("arpa"))))
    let golden = ArpaText(try SharedData.contentsMaybePacked("golden/srilm/\(model.name).arpa"))

    #expect(golden.entries.count == ours.entries.count)
    for (order, (expected, actual)) in zip(golden.entries, ours.entries).enumerated() {
      // A closed vocabulary has no <unk>; an index lists it with -99.
      #expect(
        Set(expected.keys) == Set(actual.keys).subtracting(order == 0 ? [["<unk>"]] : [])
      )
      for (ngram, entry) in expected where ngram != ["<s>"] {
        let found = try #require(actual[ngram])
        #expect(
          abs(max(entry.log10Probability, -99) - found.log10Probability) < 1e-4,
          "p of \(ngram)"
        )
      }
      for (ngram, entry) in expected {
        let found = try #require(actual[ngram])
        // SRILM divides differences of nearly equal single-precision numbers; its rounding shows where little is
        // left (the oracle, in double precision, agrees with us there), and a weight of 10² and more is rounding only.
        let tolerance =
          entry.log10Backoff > 2
          ? 1e-2 : model.estimation.form == .interpolated ? 1e-3 : 1e-4
        #expect(
          abs(max(entry.log10Backoff, -99) - found.log10Backoff) < tolerance,
          "backoff of \(ngram): \(entry.log10Backoff), \(found.log10Backoff)"
        )
      }
    }
  }

  /// `-kndiscount -interpolate -gt3min 1 … -unk`: an open vocabulary, nothing cut off.
  @Test(arguments: [3, 5])
  func `of an open vocabulary are what build gives`(order: Int) throws {
    let folder = try TemporaryFolder()
    var build = BuildOptions(inputs: [SharedData.url("golden/in/wt2_60k.txt").path])
    build.order = order
    build.memoryBytes = 64 << 20
    let index = folder.path("index")
    try IndexBuilder.build(build, to: index)
    try IndexExporter.run(ExportOptions(index: index, output: folder.path("arpa")))
    let ours = ArpaText(try Data(contentsOf: URL(filePath: folder.path("arpa"))))
    let golden = ArpaText(
      try SharedData.contentsMaybePacked("golden/srilm/wt2_60k.o\(order).kn.interp.min1.unk.arpa")
    )
    #expect(golden.entries.count == order)
    for (expected, actual) in zip(golden.entries, ours.entries) {
      #expect(Set(expected.keys) == Set(actual.keys))
      for (ngram, entry) in expected {
        let found = try #require(actual[ngram])
        #expect(abs(entry.log10Backoff - found.log10Backoff) < 1e-4, "backoff of \(ngram)")
        // What stands for unknown words is shared out in another way; <s> is no event.
        if [["<unk>"], ["<s>"]].contains(ngram) { continue }
        #expect(abs(entry.log10Probability - found.log10Probability) < 1e-5, "p of \(ngram)")
      }
    }
  }
}
