import ArgumentParser
import Foundation
import Gramdex
import GramdexScoring

/// `gramdex next`: which words may come next.
struct NextCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "next",
    abstract: "Prints the likeliest next words after a context.",
    discussion: """
      For each context, likeliest first: word, log10 probability, probability and matched order, then a \
      line without a word: what is left for all other words. Exactly what scoring every word would give, \
      also of mixtures, class models and overlays, which cost the probabilities of all words. \
      A context is taken as it is; write <s> in it, or give --sentence-start, where a sentence begins. With \
      --json, each context gives a list of objects with word and log10Probability.
      """
  )

  @OptionGroup var index: IndexArgument

  @Argument(
    help: ArgumentHelp(
      "Contexts, each one argument: \"it was a\". - reads them from standard input, one a line.",
      valueName: "context"
    )
  )
  var contexts: [String]

  @Option(
    name: [.long, .customLong("top-k")],
    help: ArgumentHelp("How many words (default: \(Self.usualTop)).", valueName: "number")
  )
  var top: Int?

  private static let usualTop = 10

  @Flag(help: "The last word is typed in part: complete it.")
  var complete = false

  @Flag(help: "Contexts begin a sentence: put <s> in front.")
  var sentenceStart = false

  @Flag(help: "List <unk>, too; otherwise it is part of what is left.")
  var unknown = false

  @Flag(help: "Print the sum of the probabilities of all words instead; end with 1 if it is not 1.")
  var sum = false

  @Option(
    help: ArgumentHelp(
      "How far the sum may be from 1 (default: 0.0001, of a compact model 0.01).",
      valueName: "difference"
    )
  )
  var tolerance: Double?

  @Flag(help: "Write one JSON value a line.")
  var json = false

  @Flag(help: "With --json: write what is left in an object on a line of its own after each list.")
  var withMass = false

  @OptionGroup var model: LanguageModelFlags

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top must be 1 or more") }
    if sum {
      let given = [
        ("--complete", complete), ("--top", top != nil), ("--unknown", unknown),
        ("--with-mass", withMass),
      ]
      if let flag = given.first(where: \.1)?.0 {
        throw ValidationError("--sum and \(flag) exclude each other, as --sum lists no words")
      }
    }
    if tolerance != nil && !sum { throw ValidationError("--tolerance belongs to --sum") }
    if let tolerance, !(tolerance >= 0) { throw ValidationError("--tolerance must be 0 or more") }
    if withMass && !json { throw ValidationError("--with-mass belongs to --json") }
  }

  func run() throws {
    let model = try model.open(index, findsNextWords: true)
    LanguageModelFlags.announce(model)
    let next = NextWords(model)
    var output = try StandardOutput()
    var isFine = true
    try output.flushing { output in
      for context in contexts where context != "-" {
        isFine = try answer(context, next, to: &output) && isFine
      }
      guard contexts.contains("-") else { return }
      Messages.announceTerminalInput()
      while let line = readLine() {
        isFine = try answer(line, next, to: &output) && isFine
        // Somebody may wait for the answer to this line.
        try output.flush()
      }
    }
    if !isFine { throw ExitCode(ErrorReport.Code.checkSaidNo) }
  }

  /// Answers one context; returns whether its sum, if that was asked for, is 1.
  private func answer(
    _ context: String,
    _ next: NextWords,
    to output: inout StandardOutput
  ) throws -> Bool {
    let text = sentenceStart ? "<s> " + context : context
    if sum {
      let sum = try next.sum(after: next.state(after: text))
      try output.write(NextForm.sum(sum, context, json: json))
      return abs(sum - 1) <= tolerance ?? next.sumTolerance
    }
    let limit = top ?? Self.usualTop
    let answer =
      complete
      ? try next.completions(of: text, limit: limit, includesUnknown: unknown)
      : try next.words(after: text, limit: limit, includesUnknown: unknown)
    try output.write(NextForm.words(answer, context, json: json, withMass: withMass))
    return true
  }
}

/// The forms in which `next` writes its answers.
private enum NextForm {
  static func words(
    _ answer: NextWords.Answer,
    _ context: String,
    json: Bool,
    withMass: Bool
  ) -> [UInt8] {
    struct Word: Encodable {
      var word: String
      var log10Probability: Float
    }
    struct Mass: Encodable {
      var context: String
      var leftover: Double?
    }
    var output: [UInt8] = []
    if json {
      output += JSONText.line(
        answer.words.map { Word(word: $0.text, log10Probability: $0.log10Probability) }
      )
      if withMass { output += JSONText.line(Mass(context: context, leftover: answer.leftover)) }
      return output
    }
    for word in answer.words {
      let probability = pow(10, Double(word.log10Probability))
      output += word.bytes
      output += "\t\(word.log10Probability)\t\(digits(probability))\t\(word.order)\n".utf8
    }
    guard let leftover = answer.leftover else { return output + "\t-\t-\n".utf8 }
    let logarithm = leftover > 0 ? log10(leftover) : -99
    return output + "\t\(Float(logarithm))\t\(digits(leftover))\n".utf8
  }

  static func sum(_ sum: Double, _ context: String, json: Bool) -> [UInt8] {
    struct Sum: Encodable {
      var context: String
      var sum: Double
      var deviation: Double
    }
    if json { return JSONText.line(Sum(context: context, sum: sum, deviation: sum - 1)) }
    return Array("\(context)\t\(digits(sum))\t\(String(format: "%.1e", sum - 1))\n".utf8)
  }

  private static func digits(_ number: Double) -> String {
    String(format: "%.6f", number)
  }
}
