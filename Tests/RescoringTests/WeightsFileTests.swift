import Foundation
import GramdexRescoring
import TestSupport
import Testing

@Suite("File of weights")
struct WeightsFileTests {
  @Test
  func `what is written is read`() throws {
    let folder = try TemporaryFolder()
    var file = WeightsFile(weights: ["ac": 1, "lm": 6.5, "bonus": -0.125], models: ["a:0.5,b:0.5"])
    file.criterion = .bleu
    file.method = .errorRate
    file.seed = .max
    file.lists = 12
    file.measure = 0.25
    file.initialMeasure = 0.125
    file.crossValidation = WeightsFile.CrossValidated(folds: 5, measure: 0.2)
    try file.write(to: folder.path("weights.json"))
    #expect(try WeightsFile(contentsOf: folder.path("weights.json")) == file)
  }

  @Test
  func `version and weights are enough`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("w.json", #"{"version": 1, "weights": {"ac": 1, "lm": 6.5}}"#)
    #expect(try WeightsFile(contentsOf: path) == WeightsFile(weights: ["ac": 1, "lm": 6.5]))
  }

  @Test(arguments: [
    ("{", "is not JSON"),
    ("", "is not JSON"),
    (#"{"weights": {"a": 1}}"#, "no field version"),
    (#"{"version": 1}"#, "no field weights"),
    (#"{"version": 1, "weights": {}}"#, "holds no weights"),
    (#"{"version": 2, "weights": {"a": 1}}"#, "version 2"),
    (#"{"version": 1, "weights": {"a": "x"}}"#, "weights.a"),
    (#"{"version": 1, "weights": {"a": 1}, "criterion": "ter"}"#, "criterion"),
    (#"{"version": 1, "weights": [1, 2]}"#, "weights"),
  ])
  func `a bad file is refused with its name and the reason`(text: String, reason: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("w.json", text)
    let error = #expect(throws: WeightsFileError.self) { try WeightsFile(contentsOf: path) }
    let message = error.map { "\($0)" } ?? ""
    #expect(message.contains(reason) && message.contains(path), "\(message)")
  }

  @Test
  func `a number that is not finite is not written`() throws {
    let folder = try TemporaryFolder()
    #expect(throws: WeightsFileError.self) {
      try WeightsFile(weights: ["a": .nan]).write(to: folder.path("w.json"))
    }
    #expect(folder.listing().isEmpty)
  }
}
