import Foundation
import TestSupport
import Testing

@Suite("gramdex rescore, tune and lattices", .needsBinary)
struct RescoreTests {
  private let workshop: TrainWorkshop

  init() throws {
    workshop = try TrainWorkshop()
  }

  private var folder: TemporaryFolder { workshop.workshop.folder }

  /// An utterance as `rescore` writes it.
  private struct List: Decodable {
    struct Hypothesis: Decodable {
      var text: String
      var rank: Int?
      var ac: Double?
      var lm: Double?
      var ngram: Double?
      var lstm: Double?
      var both: Double?
      var total: Double?
      var estimated: Bool?
      var conf: Double?

      enum CodingKeys: String, CodingKey {
        case text, rank, ac, lm, ngram, lstm, total, estimated, conf
        case both = "ngram+lstm"
      }
    }
    var utt: String
    var ref: String?
    var nbest: [Hypothesis]
    var speaker: String?
  }

  private func lists(_ outcome: ProcessOutcome) throws -> [List] {
    try #require(outcome.exitCode == 0, "\(outcome)")
    return try outcome.outputText.split(separator: "\n").map {
      try JSONDecoder().decode(List.self, from: Data($0.utf8))
    }
  }

  /// Lists of sentences with words exchanged; the acoustic scores of the true ones are not always the best.
  private func development(_ count: Int, seed: UInt64 = 5) throws -> String {
    let sentences = TrainTexts.sentences(count, seed: seed).split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    let words = Array(Set(sentences.joined())).sorted() + ["zebra"]
    var generator = SeededGenerator(seed: seed)
    var text = ""
    for (number, sentence) in sentences.enumerated() {
      var hypotheses: [(text: String, score: Double)] = [
        (sentence.joined(separator: " "), -10 - Double(generator.next(below: 5)))
      ]
      for _ in 0..<7 {
        var other = sentence
        for _ in 0...generator.next(below: 2) where !other.isEmpty {
          other[generator.next(below: other.count)] = words[generator.next(below: words.count)]
        }
        hypotheses.append((other.joined(separator: " "), -10 - Double(generator.next(below: 8))))
      }
      hypotheses.sort { $0.score > $1.score }
      let nbest = hypotheses.map {
        #"{"text":"\#($0.text)","ac":\#($0.score),"conf":0.5}"#
      }.joined(separator: ",")
      text +=
        #"{"utt":"u\#(number)","ref":"\#(sentence.joined(separator: " "))","speaker":"s","nbest":[\#(nbest)]}"#
        + "\n"
    }
    return try folder.write("lists-\(seed).jsonl", text)
  }

  private func run(_ arguments: [String], input: String? = nil) throws -> ProcessOutcome {
    var setting = BuiltBinary.Setting()
    if let input { setting.input = .data(Data(input.utf8)) }
    return try BuiltBinary.run(arguments, setting: setting)
  }

  @Test
  func `scores are those of query, and the total orders the lists`() throws {
    let lists = try development(12)
    let outcome = try run([
      "rescore", workshop.index, lists, "--weight", "ac=1", "--weight", "ngram=4", "--word-bonus",
      "0.25",
      "--oov-cost", "3",
    ])
    let rescored = try self.lists(outcome)
    #expect(rescored.map(\.utt) == (0..<12).map { "u\($0)" })
    for list in rescored {
      #expect(list.ref != nil && list.speaker == "s")
      let texts = list.nbest.map(\.text).joined(separator: "\n") + "\n"
      let query = try workshop.workshop.scores(texts)
      for (place, hypothesis) in list.nbest.enumerated() {
        #expect(abs((hypothesis.ngram ?? 0) - query.totals[place]) < 1e-4)
        let unknown = hypothesis.text.split(separator: " ").count { $0 == "zebra" }
        let words = hypothesis.text.split(separator: " ").count
        let total =
          (hypothesis.ac ?? 0) + 4 * (hypothesis.ngram ?? 0) + 0.25 * Double(words)
          - 3 * Double(unknown)
        #expect(abs((hypothesis.total ?? 0) - total) < 1e-6)
        #expect(hypothesis.conf == 0.5)
      }
      let totals = list.nbest.compactMap(\.total)
      #expect(totals == totals.sorted(by: >) && totals.count == 8)
      #expect(
        Set(list.nbest.map { $0.rank ?? 0 }).count > 1 || list.nbest.allSatisfy { $0.rank == nil }
      )
    }
    #expect(outcome.errorText.contains("12 lists, 96 hypotheses"))
    // Without weights the order stays.
    let plain = try self.lists(run(["rescore", workshop.index, lists]))
    #expect(plain.allSatisfy { $0.nbest.allSatisfy { $0.total == nil && $0.ngram != nil } })
    let original = try String(contentsOfFile: lists, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(List.self, from: Data($0.utf8)).nbest.map(\.text)
    }
    #expect(plain.map { $0.nbest.map(\.text) } == original)
  }

  @Test
  func `gives the same bytes for any number of threads, and a network and a mixture beside`() throws
  {
    #expect(try workshop.train("lstm", TrainWorkshop.small + ["--epochs", "1"]).exitCode == 0)
    let lists = try development(400)
    let arguments = [
      "rescore", workshop.index, lists, "--model", "ngram,lstm", "--model", "ngram:0.5,lstm:0.5",
      "--weight", "ac=1", "--weight", "ngram+lstm=3",
    ]
    let one = try run(arguments + ["--threads", "1"])
    let three = try run(arguments + ["--threads", "3"])
    #expect(one.output == three.output)
    for hypothesis in try self.lists(one).flatMap(\.nbest) {
      let values = try [hypothesis.ngram, hypothesis.lstm, hypothesis.both].map {
        try #require($0)
      }
      // The mean of probabilities is above half of each, word by word.
      let words = Double(hypothesis.text.split(separator: " ").count + 1)
      #expect(values[2] >= max(values[0], values[1]) - words * log10(2) - 1e-3)
      #expect(values[2] <= 0)
    }
    let cascade = try run(arguments + ["--cascade", "3"])
    for (exact, estimated) in zip(try self.lists(one), try self.lists(cascade)) {
      #expect(
        estimated.nbest.map { $0.estimated ?? false } == [false, false, false]
          + Array(repeating: true, count: 5)
      )
      let known = Dictionary(exact.nbest.map { ($0.text, $0.both ?? 0) }) { $1 }
      for hypothesis in estimated.nbest.prefix(3) {
        #expect(abs((known[hypothesis.text] ?? 1) - (hypothesis.both ?? 0)) < 1e-9)
      }
    }
  }

  @Test
  func `weights are found, written, read and better than the input order`() throws {
    let lists = try development(150)
    let weights = folder.path("w.json")
    let tuned = try run([
      "tune", workshop.index, lists, "-o", weights, "--scores", "ac", "--folds", "5", "--json",
    ])
    try #require(tuned.exitCode == 0, "\(tuned)")
    let report = try #require(
      JSONSerialization.jsonObject(with: tuned.output) as? [String: Any]
    )
    let first = try #require(report["first"] as? Double)
    let expected = try #require(report["crossValidated"] as? Double)
    #expect(expected < 0.7 * first)
    // The same again, on any number of threads.
    let again = try run([
      "tune", workshop.index, lists, "-o", weights + "2", "--scores", "ac", "--folds", "5",
      "--json",
      "--threads", "3",
    ])
    #expect(again.output == tuned.output)
    #expect(
      try Data(contentsOf: URL(filePath: weights)) == Data(contentsOf: URL(filePath: weights + "2"))
    )
    // On lists that were not seen.
    let others = try development(150, seed: 9)
    let output = folder.path("out.jsonl")
    let rescored = try run([
      "rescore", workshop.index, others, "--weights", weights, "-o", output,
    ])
    try #require(rescored.exitCode == 0, "\(rescored)")
    let evaluated = try run(["evaluate", output, "--json", "--samples", "200"])
    let measured = try #require(
      JSONSerialization.jsonObject(with: evaluated.output) as? [String: Any]
    )
    #expect(try #require(measured["wer"] as? Double) < 0.7 * first)
    // Rescored lists are not rescored over again by mistake.
    let twice = try run(["rescore", workshop.index, output, "--weights", weights])
    #expect(twice.exitCode == 65 && twice.errorText.contains("--prefix"))
    #expect(
      try run(["rescore", workshop.index, output, "--weights", weights, "--prefix", "new."])
        .exitCode == 0
    )
  }

  @Test
  func `lists that cannot be are refused with file and line, and nothing is written`() throws {
    func refused(_ text: String, _ flags: [String] = [], contains words: String...) throws {
      let path = try folder.write("bad.jsonl", text)
      let output = try folder.write("kept.jsonl", "kept\n")
      let outcome = try run(["rescore", workshop.index, path, "-o", output] + flags)
      #expect(outcome.exitCode == 65, "\(outcome)")
      for word in words { #expect(outcome.errorText.contains(word), "\(outcome)") }
      #expect(try String(contentsOfFile: output, encoding: .utf8) == "kept\n")
    }
    let good = #"{"utt":"a","nbest":[{"text":"x","ac":-1},{"text":"y","ac":-2}]}"#
    try refused(
      good + "\n" + #"{"nbest":[{"text":"x","ac":-1}]}"#,
      contains: "bad.jsonl",
      "line 2",
      "utterance id"
    )
    try refused(good + "\n" + #"{"utt":"b","nbest":[{"text":"x","ac":NaN}]}"#, contains: "line 2")
    try refused(
      good + "\n" + #"{"utt":"b","nbest":[{"text":"x","ac":-1},{"text":"y"}]}"#,
      contains: "line 2",
      "ac"
    )
    try refused(good + "\n" + good, contains: "line 2", "line 1")
    try refused(good, ["--weight", "lm=1"], contains: "line 1", "lm", "ac, ngram")
    // The documented ways round.
    let lists = #"{"utt":"b","nbest":[{"text":"x","ac":-1},{"text":"y"}]}"# + "\n"
    let missing = try run(
      ["rescore", workshop.index, "-", "--missing-scores", "-9", "--weight", "ac=1"],
      input: lists
    )
    #expect(try self.lists(missing)[0].nbest.map(\.ac) == [-1, -9])
    // An empty hypothesis is one, and so is an empty list.
    let empty = try run(
      ["rescore", workshop.index, "-", "--weight", "ngram=1"],
      input: #"{"utt":"e","nbest":[{"text":""},{"text":"x y z"}]}"# + "\n"
        + #"{"utt":"f","nbest":[]}"# + "\n"
    )
    #expect(try self.lists(empty).map(\.nbest.count) == [2, 0])
    for flags in [
      ["--cascade", "0"], ["--weight", "ac"], ["--word-bonus", "nan"], ["--cascade", "4"],
      ["--model", "none"], ["--model", "ngram,ngram"],
    ] {
      let outcome = try run(["rescore", workshop.index, "-"] + flags, input: lists)
      #expect(outcome.exitCode == 64, "\(flags) \(outcome)")
      #expect(outcome.output.isEmpty)
    }
  }

  @Test
  func `formats are converted on the way`() throws {
    let nbest = "-1792.12 -16.0727 3 w1 w2 w1\n-1792.08 -16.7978 2 w1 w2\n"
    let path = try folder.write("utt1", nbest)
    let tsv = try run([
      "rescore", workshop.index, path, "--input-format", "srilm", "--format", "tsv",
      "--weight", "ac=1", "--weight", "lm=8",
    ])
    try #require(tsv.exitCode == 0, "\(tsv)")
    let rows = tsv.outputText.split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(rows.count == 3)
    #expect(rows[0].contains("ngram") && rows[0].contains("total"))
    #expect(rows[1].first == "utt1-1")
    let srilm = try run(["rescore", workshop.index, path, "--input-format", "srilm"])
    let columns = srilm.outputText.split(separator: "\n")[0].split(separator: " ")
    #expect(columns[0] == "-1792.12" && columns[2] == "3")
    // The language-model score is the new one.
    let scores = try workshop.workshop.scores("w1 w2 w1\n")
    #expect(abs((Double(columns[1]) ?? 0) - scores.totals[0]) < 1e-4)
  }

  @Test
  func
    `lists without references, and references without lists, are errors unless they may be missing`()
    throws
  {
    let lists = try development(20)
    let references = try folder.write("ref", "u0\tw1 w2\nu99\tw3\n")
    let arguments = [
      "tune", workshop.index, lists, "--references", references, "-o", folder.path("w.json"),
      "--folds", "0",
    ]
    // References inside the lists stand in for those that the file lacks; u99 has no list.
    let refused = try run(arguments)
    #expect(refused.exitCode == 65 && refused.errorText.contains("u99"))
    #expect(!folder.listing().contains("w.json"))
    let allowed = try run(arguments + ["--allow-missing"])
    #expect(allowed.exitCode == 0, "\(allowed)")
    #expect(allowed.errorText.contains("u99"))
  }

  @Test
  func `lattices become lists, and get the scores of a model on all paths`() throws {
    let slf = """
      VERSION=1.1
      UTTERANCE=utt1
      base=10
      lmscale=2
      N=4 L=4
      I=0 W=!NULL
      I=1 W=w1
      I=2 W=w2
      I=3 W=!NULL
      J=0 S=0 E=1 a=-7 l=-0.3
      J=1 S=1 E=2 a=-7.2 l=-0.3
      J=2 S=0 E=2 a=-14.3 l=-0.6
      J=3 S=2 E=3 a=-0.1 l=-0.3

      """
    let path = try folder.write("utt1.slf", slf)
    let extracted = try run(["lattices", "extract", path, "--count", "5"])
    let list = try lists(extracted)[0]
    #expect(list.nbest.map(\.text) == ["w1 w2", "w2"])
    #expect(abs((list.nbest[0].ac ?? 0) + 14.3) < 1e-9)
    let output = folder.path("rescored")
    let rescored = try run(["lattices", "rescore", workshop.index, path, "-o", output])
    try #require(rescored.exitCode == 0, "\(rescored)")
    let again = try lists(run(["lattices", "extract", output, "--weight", "lm=1"]))[0]
    let query = try workshop.workshop.scores(
      again.nbest.map(\.text).joined(separator: "\n") + "\n"
    )
    for (hypothesis, total) in zip(again.nbest, query.totals) {
      #expect(abs((hypothesis.lm ?? 0) - total) < 1e-4)
    }
    let references = try folder.write("ref", "utt1\tw1 w2\n")
    let oracle = try run(["lattices", "oracle", path, "--references", references, "--json"])
    #expect(oracle.outputText == #"{"errors":0,"lattices":1,"wer":0,"words":2}"# + "\n")
    let bad = try folder.write("bad.slf", slf.replacingOccurrences(of: "S=2 E=3", with: "S=2 E=1"))
    let refused = try run(["lattices", "extract", bad])
    #expect(refused.exitCode == 65 && refused.errorText.contains("bad.slf"))
  }
}
