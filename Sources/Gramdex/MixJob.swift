import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// One mixture under way.
struct MixJob {
  let models: [ListedModel]
  /// λ of each model; they sum to one.
  let weights: [Double]
  let writing: ModelWriting

  private var cancellation: Cancellation { writing.cancellation }
  private var folder: String { writing.workspace.path }

  /// Mixes all orders and writes the new model.
  func run() throws -> DerivationJob.Result {
    stage(1, "read", "words").report(0, of: nil)
    let words = try UnitedWords(models)
    stage(1, "read", "words").report(UInt64(words.count), of: UInt64(words.count))
    let mixing = stage(2, "mix", "n-grams")
    var scored = try unigrams(words)
    let order = models.map(\.order).max() ?? 1
    let total = models.flatMap { $0.ngrams.dropFirst() }.reduce(0, +)
    var bytes: Int64 = 0
    var read: UInt64 = 0
    for order in 2..<max(order + 1, 2) {
      mixing.report(read, of: total)
      let union = try union(order: order, words, scored)
      scored.given.append(try mix(union, order: order, words))
      bytes += union.temporaryBytes
      for model in models where order <= model.order { read += model.ngrams[order - 1] }
    }
    mixing.report(total, of: total)
    scored.summary = ArpaSummary(ngrams: [UInt64(words.count)] + scored.given.map(\.count))
    bytes += scored.given.map(\.temporaryBytes).reduce(0, +)
    return DerivationJob.Result(
      written: try writing.write(scored),
      smoothing: .mixture,
      parameters: ["weights": weights.map(\.description).joined(separator: ",")],
      temporaryBytes: bytes
    )
  }

  private func stage(_ number: Int, _ name: String, _ unit: String) -> JobStage {
    JobStage(
      observer: writing.observer,
      number: number,
      stages: writing.stages,
      name: name,
      unit: unit
    )
  }

  /// The words with their mixed probabilities.
  private func unigrams(_ words: UnitedWords) throws -> ScoredModel {
    var log10Probabilities: [Float] = []
    log10Probabilities.reserveCapacity(words.count)
    for word in 0..<UInt32(words.count) {
      if word % 65_536 == 0 { try cancellation.check() }
      var sum = 0.0
      for (index, model) in models.enumerated() {
        guard let id = words.id(of: word, in: index) else { continue }
        let scores = model.tables.unigram(WordID(rawValue: id))
        sum += weights[index] * DecimalLogarithm.power(Double(scores?.probability ?? -99))
      }
      let isBegin = word == WordID.beginOfSentence.rawValue
      log10Probabilities.append(isBegin ? -99 : Float(min(DecimalLogarithm.logarithm(sum), 0)))
    }
    return ScoredModel(
      name: models.map(\.path).joined(separator: ", "),
      summary: ArpaSummary(ngrams: [UInt64(words.count)]),
      renormalizes: true,
      vocabulary: words.vocabulary,
      classed: try models[0].memberships.map {
        try ClassedImport(words.vocabulary, $0, of: models[0].vocabulary)
      },
      log10Probabilities: log10Probabilities,
      log10Backoffs: [Float](repeating: 0, count: words.count),
      given: []
    )
  }

  /// The n-grams that any model lists, sorted; those of several models stand next to each other.
  private func union(
    order: Int,
    _ words: UnitedWords,
    _ scored: ScoredModel
  ) throws -> TupleStore {
    var sorter = TupleSorter(
      keyWidth: order,
      payloadWidth: 0,
      maximumValue: UInt32(words.count),
      memoryBudgetBytes: max(
        writing.memory(beside: scored) - words.numberingBytes - 4 << 20,
        1 << 20
      ),
      temporaryFolder: folder
    )
    var tuple = [UInt32](repeating: 0, count: order)
    for (index, model) in models.enumerated() where order <= model.order {
      try model.forEachContext(order: order, cancellation: cancellation) { context in
        for place in 0..<(order - 1) {
          tuple[place] = words.id(context.words[order - 2 - place], of: index)
        }
        for ngram in context.ngrams {
          tuple[order - 1] = words.id(ngram.word, of: index)
          try sorter.append(tuple.span)
        }
      }
    }
    return try sorter.finish()
  }

  /// The n-grams, each once, with their mixed probabilities and no backoffs yet.
  private func mix(_ union: TupleStore, order: Int, _ words: UnitedWords) throws -> TupleStore {
    var mixtures = models.map { BackedOffProbabilities(tables: $0.tables) }
    var output = TupleWriter(
      keyWidth: order,
      payloadWidth: ArpaBatch.payloadWidth,
      temporaryFolder: folder
    )
    var reader = TupleReader(union)
    let batch = RecordBuffer<UInt32>(uninitialized: 1024 * order)
    var last = [UInt32](repeating: .max, count: order)
    var tuple = [UInt32](repeating: 0, count: order + ArpaBatch.payloadWidth)
    while true {
      try cancellation.check()
      let count = reader.read(into: batch)
      if count == 0 { break }
      for number in 0..<count {
        let start = number * order
        var agreement = 0
        while agreement < order, batch[start + agreement] == last[agreement] { agreement += 1 }
        if agreement == order { continue }
        for place in 0..<order {
          last[place] = batch[start + place]
          tuple[place] = last[place]
        }
        if agreement < order - 1 {
          // Words that a model does not know are `<unk>` to it.
          let context = last[..<(order - 1)].reversed()
          for index in models.indices {
            mixtures[index].turn(
              to: context.map { words.id(of: $0, in: index) ?? WordID.unknown.rawValue }
            )
          }
        }
        var sum = 0.0
        for index in models.indices {
          guard let id = words.id(of: last[order - 1], in: index),
            let probability = mixtures[index].log10Probability(of: id)
          else { continue }
          sum += weights[index] * DecimalLogarithm.power(probability)
        }
        tuple[order] = Float(min(DecimalLogarithm.logarithm(sum), 0)).bitPattern
        try output.append(tuple.span)
      }
    }
    return try output.finish()
  }
}

/// The words of several models, united by spelling: those of the first model, then new ones of the second, and so on.
struct UnitedWords {
  private(set) var vocabulary = ArpaVocabulary(joinsCapitalUnknown: false)
  /// For each model, the united id of each of its words.
  private var united: [[UInt32]] = []
  /// For each model, its id of each united word, `.max` for those that it does not know.
  private var own: [[UInt32]] = []

  init(_ models: [ListedModel]) throws {
    for model in models {
      var ids: [UInt32] = []
      ids.reserveCapacity(model.vocabularySize)
      for word in 0..<UInt32(model.vocabularySize) {
        guard let id = model.words.insert(word: word, into: &vocabulary) else {
          throw ExportError.damaged(index: model.path, reason: "a word cannot be read")
        }
        ids.append(id)
      }
      united.append(ids)
    }
    for ids in united {
      var known = [UInt32](repeating: .max, count: vocabulary.count)
      for (word, id) in ids.enumerated() { known[Int(id)] = UInt32(word) }
      own.append(known)
    }
  }

  /// The number of words.
  var count: Int { vocabulary.count }
  /// Memory that the numbers take.
  var numberingBytes: Int { 4 * (united + own).reduce(0) { $0 + $1.count } }

  /// The united id of a model's word.
  func id(_ word: UInt32, of model: Int) -> UInt32 { united[model][Int(word)] }

  /// A model's id of a united word, nil when it does not know it.
  func id(of word: UInt32, in model: Int) -> UInt32? {
    let id = own[model][Int(word)]
    return id == .max ? nil : id
  }
}
