import Foundation
import TestSupport
import Testing

/// Every study of `gramdex gradients` in a small size.
@Suite("gramdex gradients", .needsBinary)
struct GradientsCommandTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  private static let studies: [[String]] = [
    ["distance", "--hidden", "8", "--distance", "6", "--ends", "2"],
    ["layers", "--layers", "2", "--hidden", "6", "--points", "10", "--steps", "4"],
    ["wall", "--steps", "5"],
    [
      "adding", "--length", "4", "--length", "6", "--hidden", "6", "--lanes", "4", "--steps", "3",
      "--network", "lstm", "--network", "irnn",
    ],
    [
      "cloze", "--stories", "30", "--fillers", "1", "--asked", "3", "--hidden", "4", "--epochs",
      "1",
      "--network", "sigmoid",
    ],
  ]

  @Test(arguments: studies)
  func `prints, writes and repeats a study`(arguments: [String]) throws {
    let arguments = ["gradients"] + arguments
    let prefix = workshop.folder.path("study")
    let text = try BuiltBinary.run(arguments + ["--output", prefix])
    try #require(text.exitCode == 0, "\(text)")
    #expect(!text.outputText.isEmpty)
    let svg = try String(contentsOfFile: prefix + ".svg", encoding: .utf8)
    #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
    #expect(throws: Never.self) { try XMLDocumentCheck.check(svg) }
    let csv = try BuiltBinary.run(arguments + ["--csv"])
    #expect(csv.exitCode == 0, "\(csv)")
    #expect(csv.outputText == (try String(contentsOfFile: prefix + ".csv", encoding: .utf8)))
    let lines = csv.outputText.split(separator: "\n")
    #expect(Set(lines.map { $0.count { $0 == "," } }).count == 1)
    let json = try BuiltBinary.run(arguments + ["--json"])
    #expect(json.exitCode == 0, "\(json)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: json.output) as? [String: Any]
    )
    #expect(object["study"] as? String == arguments[1])
    #expect(json.outputText.split(separator: "\n").count == 1)
  }

  @Test func `measures a trained model of an index`() throws {
    let index = try workshop.mustBuild(Texts.small, "index", ["--order", "2"])
    let text = try workshop.folder.write("text.txt", Data(Texts.small.utf8))
    for architecture in ["elman", "lstm"] {
      let train = try BuiltBinary.run([
        "train", index, text, "--valid", text, "--architecture", architecture, "--hidden", "8",
        "--epochs", "1", "--softmax", "full", "--bptt", "5", "--lanes", "2",
      ])
      try #require(train.exitCode == 0, "\(train)")
    }
    let arguments = ["gradients", "distance", index, text, "--distance", "10"]
    let both = try BuiltBinary.run(arguments + ["--model", "elman", "--model", "lstm"])
    #expect(both.exitCode == 0, "\(both)")
    #expect(both.outputText.contains("lstm, cell"))
    #expect(both.outputText.contains("No norm is above its bound"))
    let far = try BuiltBinary.run(
      ["gradients", "distance", index, text, "--model", "elman", "--distance", "1000"]
    )
    #expect(far.exitCode == 65, "\(far)")
    #expect(far.errorText.contains("smaller --distance"))
    let ngram = try BuiltBinary.run(arguments + ["--model", "ngram"])
    #expect(ngram.exitCode == 64, "\(ngram)")
    #expect(ngram.errorText.contains("no recurrent network"))
  }

  @Test(arguments: [
    ["distance", "--distance", "0"], ["distance", "--model", "lstm"], ["distance", "index"],
    ["distance", "--network", "transformer"], ["wall", "--clip", "0"], ["wall", "--json", "--csv"],
    ["adding", "--length", "1"], ["layers", "--classes", "1"], ["cloze", "--stories", "0"],
    ["cloze", "--rate", "nan"],
  ])
  func `refuses what cannot be studied`(arguments: [String]) throws {
    let outcome = try BuiltBinary.run(["gradients"] + arguments)
    #expect(outcome.exitCode == 64, "\(outcome)")
    #expect(outcome.output.isEmpty)
    #expect(outcome.errorText.hasPrefix("gramdex: "))
  }
}

/// Whether a text is XML, as far as a drawing needs it: every element that is opened is closed.
private enum XMLDocumentCheck {
  struct Unbalanced: Error {
    var element: String
  }

  static func check(_ text: String) throws {
    var open: [Substring] = []
    for tag in text.matches(of: /<(\/?)([a-zA-Z]+)[^<>]*?(\/?)>/) {
      let (isEnd, name, isEmpty) = (!tag.1.isEmpty, tag.2, !tag.3.isEmpty)
      if isEnd {
        guard open.popLast() == name else { throw Unbalanced(element: String(name)) }
      } else if !isEmpty {
        open.append(name)
      }
    }
    if let last = open.last { throw Unbalanced(element: String(last)) }
  }
}
