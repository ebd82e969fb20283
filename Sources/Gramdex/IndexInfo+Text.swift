import Foundation
import GramdexCore
import GramdexNeuralModels

extension IndexInfo {
  /// What the index holds, for people: a block for the index and one for each model.
  public var text: String {
    let total = models.reduce(UInt64(0)) { $0 &+ $1.ngrams.reduce(0, &+) }
    var lines = [
      "format version \(formatVersion), generation \(generation), "
        + "written by gramdex \(toolVersion)",
      "tokenizer: \(Self.describe(tokenizer))",
      "vocabulary: \(Readable.grouped(vocabulary)) word types",
    ]
    if let classes, let classedWords {
      lines[2] +=
        ", \(Readable.grouped(classes)) of them classes of \(Readable.grouped(classedWords)) words"
    }
    if tokens > 0 {
      lines.append(
        "text: \(Readable.grouped(tokens)) tokens in \(Readable.grouped(sentences)) sentences, "
          + "from \(Self.describe(corpus))"
      )
    }
    lines.append(
      "bytes: \(Readable.grouped(bytes.file)) (scores \(Readable.grouped(bytes.scores)), "
        + "counts \(Readable.grouped(bytes.counts)), "
        + "vocabulary \(Readable.grouped(bytes.vocabulary)))"
    )
    if total > 0 {
      lines.append(
        "an n-gram: \(Readable.fixed(Double(bytes.scores) / Double(total), 2)) bytes of scores"
      )
    }
    return lines.joined(separator: "\n") + "\n" + models.map(Self.describe).joined()
      + (neuralModels ?? []).map(Self.describe).joined()
  }

  /// So many texts are named, and the others counted.
  private static let namedTexts = 10

  /// The names of the first texts, and how many more there are.
  private static func describe(_ corpus: [Text]) -> String {
    var names = corpus.prefix(namedTexts).map { text in
      text.isRemoved == true ? "without \(text.path)" : text.path
    }
    if corpus.count > namedTexts {
      names.append(
        "and \(Readable.grouped(UInt64(corpus.count - namedTexts))) more (--json names all)"
      )
    }
    return names.joined(separator: ", ")
  }

  private static func describe(_ options: TokenizerOptions) -> String {
    var parts = [options.kind.rawValue]
    if options.lowercase { parts.append("lower case") }
    if options.stripPunctuation { parts.append("without punctuation") }
    if let form = options.unicode { parts.append(form.rawValue) }
    if let model = options.modelReference {
      parts.append("model \(model.xxh3), \(Readable.grouped(UInt64(model.bytes))) bytes")
    }
    return parts.joined(separator: ", ")
  }

  private static func describe(_ model: NeuralModel) -> String {
    let line =
      "model \(model.name): neural, \(model.architecture), \(Readable.grouped(model.words)) words, "
      + "\(Readable.grouped(model.parameterCount)) parameters, \(Readable.grouped(model.bytes)) bytes"
    var table = TextTable(["parameter", "shape"])
    for parameter in model.parameters {
      let shape = parameter.shape.map { Readable.grouped(UInt64(max($0, 0))) }
      table.add([parameter.name, shape.joined(separator: " × ")])
    }
    return line + "\n" + training(model.description).map { $0 + "\n" }.joined() + table.text
  }

  /// How a network was trained and what came of it; nothing of one that does not say so.
  private static func training(_ description: JSONValue) -> [String] {
    guard let data = try? JSONEncoder().encode(description),
      let stored = try? JSONDecoder().decode(NeuralDescription.self, from: data),
      stored.isTrainedElsewhere != true,
      stored.developmentPerplexities.indices.contains(stored.bestEpoch - 1)
    else { return [] }
    let best = Readable.fixed(stored.developmentPerplexities[stored.bestEpoch - 1], 2)
    let seed = stored.training.seed
    return [
      """
      development text: perplexity \(best) after epoch \(stored.bestEpoch) of \
      \(stored.developmentPerplexities.count) (unknown words as one; sentence state \
      \(stored.training.sentenceState.rawValue); \(stored.seeds?.text(best: seed) ?? "seed \(seed)"))
      """,
      "trained on \(Readable.grouped(stored.tokens)) tokens, by \(stored.processor)",
    ]
  }

  private static func describe(_ model: Model) -> String {
    var line = "model \(model.name): order \(model.order), "
    if model.form == .backoff, Smoothing(rawValue: model.smoothing)?.forms.count ?? 0 > 1 {
      line += "backoff "
    }
    line += "\(model.smoothing), \(model.layout.rawValue)"
    if model.pruning.contains(where: { $0 > 0 }) {
      line += ", pruned \(model.pruning.map(String.init).joined(separator: ","))"
    }
    line += model.hasCounts ? ", with counts" : ", without counts"
    if let derivation = model.derivation {
      let parameters = derivation.parameters.sorted { $0.key < $1.key }
        .map { ", \($0.key) \($0.value)" }
      line += "\nmade by \(derivation.operation) from \(derivation.sources.joined(separator: ", "))"
      line += parameters.joined()
    }
    var table = TextTable(
      model.discounts.isEmpty ? ["order", "n-grams"] : ["order", "n-grams", "D1", "D2", "D3+"]
    )
    for (index, ngrams) in model.ngrams.enumerated() {
      let discounts = index < model.discounts.count ? model.discounts[index] : []
      table.add(
        ["\(index + 1)", Readable.grouped(ngrams)] + discounts.map { Readable.fixed($0, 4) }
      )
    }
    return line + "\n" + table.text
  }
}
