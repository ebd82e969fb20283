import ArgumentParser
import Gramdex

/// `gramdex generate`: sentences drawn from a model.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draws sentences from a model.",
    discussion: """
      One sentence a line, drawn word by word from <s> to </s> with the model's probabilities. The same \
      seed gives the same sentences, on every machine. A mixture, a class model or an overlay costs the probabilities \
      of all words for each word.
      """
  )

  /// The JSON form of a sentence.
  private struct Sentence: Encodable {
    var text: String
    var words: [String]
    var log10Probability: Double
    var isEnded: Bool
  }

  @OptionGroup var index: IndexArgument

  @Option(help: ArgumentHelp("How many sentences.", valueName: "number"))
  var count: UInt64 = 1

  @Option(help: ArgumentHelp("Which random numbers are taken.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "Draw in proportion to p^(1/temperature): below 1 prefers likely words.",
      valueName: "number"
    )
  )
  var temperature = 1.0

  @Option(
    help: ArgumentHelp(
      "Draw from this many likeliest words only (default: all).",
      valueName: "number"
    )
  )
  var topK: Int?

  @Option(help: ArgumentHelp("What every sentence begins with.", valueName: "words"))
  var prefix = ""

  @Option(
    help: ArgumentHelp("The most words of a sentence, without the prefix.", valueName: "number")
  )
  var maximumWords = 100

  @Flag(help: "Never draw <unk>: the other words share its probability.")
  var noUnknown = false

  @Flag(help: "Write one JSON object a line.")
  var json = false

  @OptionGroup var model: LanguageModelFlags

  func run() throws {
    let model = try model.open(index, findsNextWords: true)
    LanguageModelFlags.announce(model)
    let generator = try SentenceGenerator(
      model,
      options: GenerationOptions(
        seed: seed,
        temperature: temperature,
        topK: topK,
        prefix: prefix,
        maximumWords: maximumWords,
        includesUnknown: !noUnknown
      )
    )
    var output = try StandardOutput()
    try output.flushing { output in
      for number in 0..<count { try write(try generator.sentence(number), to: &output) }
    }
  }

  private func write(_ sentence: GeneratedSentence, to output: inout StandardOutput) throws {
    if json {
      try output.write(
        json: Sentence(
          text: sentence.text,
          words: sentence.words.map { String(decoding: $0, as: UTF8.self) },
          log10Probability: sentence.log10Probability,
          isEnded: sentence.isEnded
        )
      )
    } else {
      try output.write(Array(sentence.words.joined(separator: [0x20])) + [0x0A])
    }
  }
}
