import ArgumentParser
import Gramdex

/// What is counted, and how often.
struct CountingFlags: ParsableArguments {
  @Flag(
    help: """
      The inputs are count files: what dump-counts or SRILM's ngram-count writes (an n-gram and its \
      count a line), or folders or files in Google's layout.
      """
  )
  var counts = false

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Count the lines of an input so often: news.txt=3, by its name in the list of inputs.",
      valueName: "input=number"
    )
  )
  var weight: [WeightArgument] = []

  @Flag(help: "Every line begins with a whole number: how often it counts.")
  var weightsInLines = false

  @Flag(help: "Count only the first of equal lines.")
  var removeDuplicates = false

  func validate() throws {
    let names = weight.map(\.name)
    if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw ValidationError("--weight is given twice for \(name)")
    }
  }

  /// Writes the flags into `options`.
  func apply(to options: inout BuildOptions) {
    options.inputsAreCounts = counts
    for weight in weight { options.inputWeights[weight.name] = weight.weight }
    options.weightsInLines = weightsInLines
    options.removeDuplicates = removeDuplicates
  }
}

/// How often an input counts: `news.txt=3`.
struct WeightArgument: ExpressibleByArgument {
  /// The input as it stands in the list of inputs.
  var name: String
  /// A whole number from 1 on.
  var weight: UInt32

  init?(argument: String) {
    guard let sign = argument.lastIndex(of: "="), sign > argument.startIndex,
      let weight = UInt32(argument[argument.index(after: sign)...]), weight > 0
    else { return nil }
    name = String(argument[..<sign])
    self.weight = weight
  }
}
