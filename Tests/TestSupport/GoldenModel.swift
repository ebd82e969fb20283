public import Foundation
import GramdexCore

/// One model that KenLM's lmplz wrote: an ARPA file among the golden files and the options that made it.
///
/// The options are those of `golden/arpa/COMMANDS.txt`; all need lmplz's reading of text.
public struct GoldenModel: CustomStringConvertible, Sendable {
  /// The corpus: `golden/in/CORPUS.txt`.
  public var corpus: String
  /// The model's options, as its file's name has them.
  public var variant: String
  /// The options for the oracle, with lmplz's counts of counts.
  public var options: NaiveKneserNey.Options

  /// The model's file without its ending: `toy.o3.prune001`.
  public var name: String { "\(corpus).\(variant)" }

  /// The name.
  public var description: String { name }

  /// Whether kpu/kenlm#427 changes this model visibly.
  public var showsQuirk: Bool { corpus == "toy" && options.order > 1 }

  /// The address of the corpus.
  public var text: URL { SharedData.url("golden/in/\(corpus).txt") }

  /// The address of the text that `query` scored, nil for a model that was not queried.
  public var testText: URL? {
    guard options.order > 1, corpus != "micro" else { return nil }
    return SharedData.url("golden/in/\(corpus == "toy" ? "toy_test" : "wt2_test_30k").txt")
  }

  /// The address of the word list of a model with a limited vocabulary.
  public var wordList: URL { SharedData.url("golden/in/\(corpus).vocab") }

  /// The sentences of the corpus.
  public func sentences() throws -> [[String]] {
    NaiveText.sentences(try Data(contentsOf: text), convention: .lmplz)
  }

  /// The model as lmplz wrote it.
  public func arpa() throws -> ArpaText {
    ArpaText(try SharedData.contentsMaybePacked("golden/arpa/\(name).arpa"))
  }

  /// What `query` said of the model and its test text.
  public func query() throws -> KenLMQuery {
    KenLMQuery(try SharedData.contents("golden/arpa/\(name).query"))
  }
}

extension GoldenModel {
  /// Models of a text of 401 lines from a small grammar.
  public static let toy = variants(of: "toy") + [Self("toy", "o1.fallback", order: 1)]

  /// Models of four short lines and a blank one.
  public static let micro = [
    Self("micro", "o3.fallback", order: 3),
    Self("micro", "o3.fallback_given", order: 3) { $0.discountFallback = [0.4, 0.9, 1.3] },
  ]

  /// Models of 60 KB of WikiText-2.
  public static let wikitext = variants(of: "wt2_60k") + [Self("wt2_60k", "o1", order: 1)]

  /// Three of them, for tests that would take long with all.
  public static let wikitextSelection = wikitext.filter {
    ["o3", "o3.limitvocab", "o4.prune0011"].contains($0.variant)
  }

  private static func variants(of corpus: String) -> [Self] {
    [
      Self(corpus, "o2", order: 2),
      Self(corpus, "o3", order: 3),
      Self(corpus, "o5", order: 5),
      Self(corpus, "o3.fallback", order: 3),
      Self(corpus, "o5.fallback", order: 5),
      Self(corpus, "o3.fallback_given", order: 3) { $0.discountFallback = [0.4, 0.9, 1.3] },
      Self(corpus, "o3.prune001", order: 3) { $0.pruningThresholds = [0, 0, 1] },
      Self(corpus, "o3.prune012", order: 3) { $0.pruningThresholds = [0, 1, 2] },
      Self(corpus, "o4.prune0011", order: 4) { $0.pruningThresholds = [0, 0, 1] },
      Self(corpus, "o3.interpuni0", order: 3) { $0.interpolateUnigrams = false },
      Self(corpus, "o3.limitvocab", order: 3) { $0.limitVocabulary = words(of: corpus) },
      Self(corpus, "o3.limitvocab_pad", order: 3) { $0.vocabularyPadding = 5000 },
    ]
  }

  private init(
    _ corpus: String,
    _ variant: String,
    order: Int,
    _ change: (inout NaiveKneserNey.Options) -> Void = { _ in }
  ) {
    var options = NaiveKneserNey.Options(order: order)
    options.countsLastNGramsRaw = true
    change(&options)
    self.init(corpus: corpus, variant: variant, options: options)
  }

  private static func words(of corpus: String) -> Set<String> {
    guard let data = try? SharedData.contents("golden/in/\(corpus).vocab") else { return [] }
    return Set(NaiveText.sentences(data, convention: .lmplz).joined())
  }
}
