import Foundation
import Gramdex
import GramdexCore
import Testing

@Suite("A job file")
struct JobFileTests {
  private func read(_ yaml: String) throws -> JobFile {
    try JobFile(yaml: yaml, path: "jobs/demo.yaml")
  }

  private func problem(_ yaml: String) -> String {
    do {
      _ = try read(yaml)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  private func absolute(_ name: String) -> String {
    name == "-" ? name : URL(fileURLWithPath: name).path
  }

  @Test
  func `says everything a build can be told`() throws {
    let job = try read(
      """
      inputs: [a.txt, /data/b.txt.gz, "-"]
      files-from: list
      json-field: article.body
      input-form: text
      weights: {a.txt: 3, /data/b.txt.gz: 4294967295}
      weights-in-lines: true
      remove-duplicates: true
      tokenizer: {kind: words, lowercase: true, strip-punctuation: true, unicode: nfkc}
      order: 3
      memory: 512M
      threads: 7
      temporary: scratch
      smoothing:
        interpolate-unigrams: true
        vocabulary-padding: 1000
        discount-fallback: [0.25, 1, 2.5]
        strict: true
      prune: [0, 0, 1]
      layout: compact
      counts: false
      vocabulary: words.txt
      evaluation: valid.txt
      output: out.gramdex
      replace: true
      keep-previous: true
      resume: false
      """
    )
    var build = BuildOptions(inputs: ["jobs/a.txt", "/data/b.txt.gz", "-"].map(absolute))
    build.filesFrom = absolute("jobs/list")
    build.jsonField = "article.body"
    build.inputWeights = [absolute("jobs/a.txt"): 3, "/data/b.txt.gz": 4_294_967_295]
    build.weightsInLines = true
    build.removeDuplicates = true
    build.tokenizer = TokenizerOptions(
      kind: .words,
      lowercase: true,
      stripPunctuation: true,
      unicode: .nfkc
    )
    build.order = 3
    build.memoryBytes = 512 << 20
    build.threads = 7
    build.temporary = absolute("jobs/scratch")
    build.smoothing = SmoothingOptions(
      interpolateUnigrams: true,
      vocabularyPadding: 1000,
      discountFallback: [0.25, 1, 2.5],
      isStrict: true
    )
    build.pruning = PruningThresholds([0, 0, 1])
    build.layout = .compact
    build.keepCounts = false
    build.vocabulary = absolute("jobs/words.txt")
    build.replace = true
    build.keepPrevious = true
    #expect(job.build == build)
    #expect(job.output == absolute("jobs/out.gramdex"))
    #expect(job.evaluation == [absolute("jobs/valid.txt")])
  }

  @Test
  func `has the defaults of a build where it says nothing`() throws {
    let job = try read("inputs: a.txt\noutput: o")
    var build = BuildOptions(inputs: [absolute("jobs/a.txt")])
    build.resume = .ifSame
    #expect(job.build == build)
    #expect(job.evaluation.isEmpty)
  }

  @Test
  func `says which models are estimated over the counts`() throws {
    let job = try read(
      """
      inputs: a.txt
      output: o
      memory: 64M
      estimate:
        - smoothing: witten-bell
        - {smoothing: absolute, form: backoff, name: half, order: 2, prune: [0, 1], discounts: 0.5}
        - {srilm-compatible: true, name: srilm}
        - {name: tuned, tune: [valid.txt], layout: compact}
      """
    )
    var half = EstimationOptions(.absolute)
    half.form = .backoff
    half.order = 2
    half.pruning = PruningThresholds([0, 1])
    half.discounts = [[0.5]]
    #expect(job.estimates.map(\.name) == ["witten-bell", "half", "srilm", "tuned"])
    #expect(job.estimates[0].estimation == EstimationOptions(.wittenBell))
    #expect(job.estimates[1].estimation == half)
    #expect(job.estimates[2].estimation.isVocabularyClosed)
    #expect(job.estimates[2].estimation.pruning == PruningThresholds([0, 0, 1]))
    #expect(job.estimates[3].tuningTexts == [absolute("jobs/valid.txt")])
    #expect(job.estimates[3].layout == .compact)
    #expect(job.estimates.allSatisfy { $0.memoryBytes == 64 << 20 })
    #expect(
      problem("inputs: a\noutput: o\nestimate: [{name: ngram}]").contains("named ngram")
    )
    #expect(problem("inputs: a\noutput: o\nestimate: [{form: x}]").contains("interpolated"))
  }

  @Test
  func `says how the build itself smooths`() throws {
    let job = try read(
      """
      inputs: a.txt
      output: o
      order: 2
      smoothing: {method: absolute, form: backoff, discounts: 0.5, srilm-compatible: true, strict: true}
      """
    )
    var estimation = EstimationOptions(.absolute)
    estimation.form = .backoff
    estimation.discounts = [[0.5]]
    estimation.isSRILMCompatible = true
    estimation.isVocabularyClosed = true
    #expect(job.build.estimation == estimation)
    #expect(job.build.smoothing.isStrict)
    #expect(job.build.pruning == PruningThresholds([0, 0]))
    let usual = try read("inputs: a\noutput: o\nsmoothing: {method: modified-kneser-ney}")
    #expect(usual.build.estimation == nil)
    let text = "inputs: a\noutput: o\nsmoothing: "
    #expect(problem(text + "{method: laplace}").contains("witten-bell or absolute"))
    #expect(problem(text + "{method: natural}\ncounts: false").contains("leave out --no-counts"))
  }

  @Test
  func `reads as lmplz does when it asks for lmplz`() throws {
    let job = try read("inputs: a\noutput: o\nsmoothing: {lmplz-compatible: true}")
    #expect(job.build.convention == .lmplz)
    #expect(job.build.smoothing.lmplzCompatible)
  }

  @Test(arguments: [
    ("inputs: a\nordr: 3\noutput: o", ":2: unknown key \"ordr\"; did you mean \"order\"?"),
    (
      "inputs: a\noutput: o\ntokenizer:\n  kind: words\n  lowcase: true",
      ":5: unknown key \"lowcase\"; did you mean \"lowercase\"?"
    ),
    (
      "inputs: a\noutput: o\nmodel-type: x",
      ":3: unknown key \"model-type\"; valid here: inputs, files-from, json-field, input-form, "
        + "weights, weights-in-lines, remove-duplicates, tokenizer, order, memory, threads, "
        + "temporary, smoothing, prune, layout, counts, vocabulary, limit-vocabulary, evaluation, "
        + "estimate, train, classes, output, replace, keep-previous, resume"
    ),
  ])
  func `names the line of an unknown key and the nearest valid one`(yaml: String, message: String) {
    #expect(problem(yaml) == "jobs/demo.yaml" + message)
  }

  @Test(arguments: [
    ("order: five", "\"order\" is \"five\"; expected a whole number"),
    ("order: \"5\"", "\"order\" is \"5\"; expected a whole number"),
    ("order: [5]", "\"order\" is a list; expected a whole number"),
    ("memory: lots", "\"memory\" is \"lots\"; expected a size, such as 512M or 4G"),
    ("layout: tiny", "\"layout\" is \"tiny\"; expected exact or compact"),
    ("counts: maybe", "\"counts\" is \"maybe\"; expected true or false"),
    ("prune: [0, -1]", "\"prune\" is \"-1\"; expected a list of whole numbers, such as [0, 0, 1]"),
    ("tokenizer: a", "\"tokenizer\" is \"a\"; expected keys with values, such as \"kind: …\""),
    ("json-field:", "\"json-field\" is empty; expected a text"),
    ("input-form: arpa", "\"input-form\" is \"arpa\"; expected text or counts"),
    (
      "weights: {a: 0}",
      "\"weights\" is \"0\"; expected names of inputs with whole numbers from 1 on, "
        + "such as {news.txt: 3}"
    ),
    (
      "weights: 3",
      "\"weights\" is \"3\"; expected names of inputs with whole numbers from 1 on, "
        + "such as {news.txt: 3}"
    ),
    ("vocabulary: {a: b}", "\"vocabulary\" is a mapping; expected a text"),
  ])
  func `names the line of a wrong value and what was expected`(line: String, message: String) {
    #expect(problem("inputs: a\noutput: o\n\(line)") == "jobs/demo.yaml:3: \(message)")
  }

  @Test(arguments: [
    ("output: o", "the key \"inputs\" is missing"),
    ("inputs: a", "the key \"output\" is missing"),
    ("", "the key \"inputs\" is missing"),
    ("inputs: [a\noutput: o", "this is no YAML"),
    ("inputs: a\ninputs: b\noutput: o", "is written twice"),
    ("inputs: a\noutput: o\norder: 0", "order 0 is out of range"),
    ("inputs: a\noutput: o\nprune: [0, 2, 1]", "jobs/demo.yaml: --prune goes down"),
    ("- a\n- b", "\"the job\" is a list"),
    ("inputs: a\noutput: o\n---\ninputs: b", "this is no YAML"),
    ("{inputs: &x [*x], output: o}", "jobs/demo.yaml:1"),
  ])
  func `is refused with a reason when it is not a job`(yaml: String, part: String) {
    #expect(problem(yaml).contains(part), "\(problem(yaml))")
  }

  @Test
  func `that does not exist is an error with its name`() {
    #expect(throws: JobFileError.unreadable(path: "no/such.yaml", reason: "no such file")) {
      try JobFile(path: "no/such.yaml")
    }
  }

  @Test
  func `that is nested deeply is an error and not the end of the process`() {
    let yaml = "inputs: " + String(repeating: "[", count: 100_000) + "\noutput: o"
    #expect(problem(yaml).contains("this is no YAML"))
  }
}
