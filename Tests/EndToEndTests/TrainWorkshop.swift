import Foundation
import TestSupport
import Testing

/// An index, a text to learn and a development text of one test, and short ways to train on them.
struct TrainWorkshop {
  let workshop: Workshop
  let text: String
  let development: String

  /// What `gramdex train --json` says, as far as these tests ask.
  struct Summary: Decodable {
    var model: String
    var vocabulary: Int
    var parameters: Int
    var tokens: Int
    var unknownTokens: Int
    var developmentPerplexities: [Double]
    var bestEpoch: Int
    var epochSeconds: [Double]
    var seeds: Seeds
    var peakAnonymousBytes: UInt64
  }

  /// What the networks of several seeds came to.
  struct Seeds: Decodable {
    struct Member: Decodable {
      var seed: Int
      var perplexity: Double
      var bestEpoch: Int
    }
    var members: [Member]
    var mean: Double
    var standardDeviation: Double?
  }

  /// A small network that is trained in a moment.
  static let small = ["--hidden", "16", "--lanes", "4", "--bptt", "8"]

  init(
    _ text: String = TrainTexts.sentences(600),
    development: String = TrainTexts.sentences(60, seed: 2)
  ) throws {
    workshop = try Workshop()
    try workshop.mustBuild(text, "index", ["--order", "2"])
    self.text = workshop.folder.path("index.txt")
    self.development = try workshop.folder.write("development.txt", development)
  }

  /// The folder of the index.
  var index: String { workshop.index() }

  /// The arguments of a training of `name`.
  func arguments(_ name: String, _ flags: [String]) -> [String] {
    ["train", index, text, "--valid", development, "--name", name] + flags
  }

  /// Trains; the outcome may be any.
  func train(_ name: String, _ flags: [String], setting: BuiltBinary.Setting = .init()) throws
    -> ProcessOutcome
  {
    try BuiltBinary.run(arguments(name, flags), setting: setting)
  }

  /// Trains, and requires success.
  @discardableResult
  func mustTrain(_ name: String, _ flags: [String] = small) throws -> Summary {
    let outcome = try train(name, flags + ["--json"])
    try #require(outcome.exitCode == 0, "\(outcome)")
    return try outcome.json(Summary.self)
  }

  /// Starts training.
  func start(_ name: String, _ flags: [String]) throws -> RunningProcess {
    try BuiltBinary.start(arguments(name, flags))
  }

  /// The bytes of the file of a model; nil when there is none.
  func model(_ name: String) throws -> Data? {
    let files = workshop.folder.listing("index").filter {
      $0.hasPrefix(name + "-") && $0.hasSuffix(".mdb")
    }
    #expect(files.count <= 1, "\(files)")
    return try files.first.map { try Data(contentsOf: URL(filePath: index + "/" + $0)) }
  }

  /// What stands in the folder of a training that did not end, of a seed.
  func training(_ name: String, seed: Int = 1) -> [String] {
    workshop.folder.listing("index/training/\(name)/seed-\(seed)").sorted()
  }
}

/// Texts that can be learned.
enum TrainTexts {
  /// Sentences of a small grammar: which verb follows depends on the noun, which noun on the verb.
  static func sentences(_ count: Int, seed: UInt64 = 1) -> String {
    var generator = SeededGenerator(seed: seed)
    func one(_ words: [String]) -> String { words[generator.next(below: words.count)] }
    return (0..<count).map { _ in
      let isAnimal = generator.next(below: 2) == 0
      let subject = one(
        isAnimal ? ["cat", "dog", "bird", "horse"] : ["girl", "boy", "king", "queen"]
      )
      let verb = one(isAnimal ? ["chases", "bites", "sees"] : ["feeds", "calls", "likes", "sees"])
      let object = one(isAnimal ? ["mouse", "ball", "tail"] : ["cat", "dog", "bird", "horse"])
      let place = one(["house", "garden", "street", "field", "forest"])
      let ending = generator.next(below: 3) == 0 ? " in the \(place)" : ""
      return "the \(subject) \(verb) the \(object)\(ending)\n"
    }.joined()
  }
}
