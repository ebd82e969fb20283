import Foundation
import Gramdex
import GramdexCore
import GramdexNeural
import GramdexNeuralModels
import GramdexScoring
import GramdexText
import TestSupport
import Testing

/// An index of a random text, and networks with random weights over its words.
struct NeuralWorkshop {
  let folder: TemporaryFolder
  let path: String
  let unigrams: NGramModel

  /// What a network of the tests is.
  struct Setting: CustomTestStringConvertible, Sendable {
    var architecture = NetworkOptions.Architecture.lstm
    var layers = 1
    var sentenceState = SentenceState.carry
    var precision = Precision.float32
    var shares = true
    /// The network's words, the reserved ones included.
    var words = 20
    var softmax = NetworkOptions.Softmax.full
    /// Words of history in n-gram features.
    var ngramOrder = 0
    var testDescription: String {
      "\(softmax), n-gram features \(ngramOrder), \(architecture) × \(layers), \(sentenceState), \(precision), shares: \(shares), \(words) words"
    }

    /// Cells, states and precisions together.
    static let all: [Setting] = [
      Setting(),
      Setting(sentenceState: .reset),
      Setting(architecture: .gru, layers: 2, sentenceState: .reset),
      Setting(architecture: .elman, words: 2),
      Setting(layers: 2, precision: .fastest),
      Setting(sentenceState: .reset, precision: .fastest),
      Setting(architecture: .irnn, sentenceState: .reset, words: 1000),
      Setting(architecture: .feedForward, sentenceState: .reset),
      Setting(architecture: .feedForward, softmax: .classes),
      Setting(architecture: .elman, sentenceState: .reset, softmax: .classes, ngramOrder: 3),
      Setting(softmax: .adaptive),
      Setting(sentenceState: .reset, softmax: .noise),
    ]
  }

  init(wordTypes: Int = 60) throws {
    folder = try TemporaryFolder()
    path = folder.path("index")
    let text = try folder.write(
      "text",
      Corpora.text(Corpora.random(seed: 5, wordTypes: wordTypes))
    )
    var options = BuildOptions(inputs: [text])
    options.order = 2
    options.memoryBytes = 64 << 20
    options.threads = 1
    try IndexBuilder.build(options, to: path)
    unigrams = try NGramModel.open(path)
  }

  /// The words of a network: the most frequent of the text.
  func shortList(limit: Int) throws -> ShortList {
    let text = try TrainingText.read(
      TextInputs(InputOptions(paths: [folder.path("text")])),
      tokenizer: unigrams.tokenizer,
      lexicon: unigrams.lexicon,
      folder: folder.url.path
    )
    return ShortList(of: text, limit: limit)
  }

  func model(_ setting: Setting, clip: Double = 5) throws -> NeuralModel {
    let list = try shortList(limit: setting.words)
    var options = NetworkOptions()
    options.architecture = setting.architecture
    options.layers = setting.layers
    options.hidden = 24
    options.embedding = 16
    options.softmax = setting.softmax
    options.ngramOrder = setting.ngramOrder
    options.ngramBits = 10
    options.order = 4
    options.cutoffs = [8]
    let network = WordNetwork(
      options,
      vocabularySize: list.count,
      classes: setting.softmax == .classes ? (0..<list.count).map { Int32($0 % 3) } : nil,
      learns: false,
      precision: setting.precision
    )
    network.initialize(seed: 3, frequencies: (0..<list.count).map { Double(1 + $0 % 7) })
    // Larger than where training begins, so that contexts matter.
    for parameter in network.parameters where parameter.name.hasSuffix("weight") {
      for place in 0..<parameter.count { parameter.values[place] *= 12 }
      parameter.tensor.round()
    }
    return NeuralModel(
      network,
      shortList: list,
      lexicon: unigrams.lexicon,
      tokenizer: unigrams.tokenizer,
      share: setting.shares ? UnknownShare(unigrams, list) : nil,
      history: setting.architecture == .feedForward
        ? 3 : max(options.ngramOrder - 1, 1),
      sentenceState: setting.sentenceState,
      clip: clip
    )
  }

  /// Lines of words, some of which the index lacks.
  func lines(_ count: Int, seed: UInt64) -> String {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      (0..<generator.next(below: 9)).map { _ in
        generator.next(below: 12) == 0
          ? "new\(generator.next(below: 5))" : "w\(generator.next(below: 60))"
      }.joined(separator: " ") + "\n"
    }.joined()
  }
}
