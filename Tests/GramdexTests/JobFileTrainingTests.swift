import Foundation
import GramdexCore
import GramdexNeural
import GramdexNeuralModels
import TestSupport
import Testing

@testable import Gramdex

@Suite("The key train of a job file")
struct JobFileTrainingTests {
  private func read(_ train: String) throws -> JobFile {
    try JobFile(
      yaml: "inputs: a.txt\nmemory: 512M\nthreads: 3\ntrain: \(train)\noutput: x\n",
      path: "/jobs/demo.yaml"
    )
  }

  private func problem(_ train: String) -> String {
    do {
      _ = try read(train)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test func `says everything that train can be told`() throws {
    let job = try read(
      """
      {architecture: feed-forward, name: nn, texts: [b.txt], valid: v.txt, activation: relu, hidden: 30, embedding: 20,
        order: 4, direct-connections: true, dropout: 0.5, maxent-order: 2, maxent-bits: 12, softmax: classes, classes: 7,
        noise-samples: 9, cutoffs: [10, 20], short-list: 99, optimizer: adam, rate: 0.01, bptt: 5, lanes: 6, clip: 2,
        epochs: 3, sentence-state: reset, precision: float32, seed: 4, unknown-share: false, curves: c}
      """
    )
    let train = try #require(job.trainings.first)
    #expect(train.texts == ["/jobs/b.txt"] && train.validTexts == ["/jobs/v.txt"])
    #expect(train.name == "nn" && train.curves == "/jobs/c" && !train.sharesUnknown)
    #expect(train.memoryBytes == 512 << 20 && train.threads == 3)
    var network = NetworkOptions()
    network.architecture = .feedForward
    network.activation = .relu
    network.hidden = 30
    network.embedding = 20
    network.order = 4
    network.directConnections = true
    network.dropout = 0.5
    network.ngramOrder = 2
    network.ngramBits = 12
    network.softmax = .classes
    network.classes = 7
    network.noiseSamples = 9
    network.cutoffs = [10, 20]
    #expect(train.training.network == network)
    #expect(
      train.training.vocabulary == 99 && train.training.optimizer == Optimizer(.adam, rate: 0.01)
    )
    #expect(train.training.steps == 5 && train.training.lanes == 6 && train.training.clip == 2)
    #expect(train.training.epochs == 3 && train.training.sentenceState == .reset)
    #expect(train.training.precision == .float32 && train.training.seed == 4)
  }

  @Test func `has the texts of the build and the usual network otherwise`() throws {
    let train = try #require(try read("{valid: v.txt}").trainings.first)
    #expect(train.texts == ["/jobs/a.txt"] && train.name == "lstm")
    var usual = TrainingOptions()
    usual.network.activation = .sigmoid
    #expect(train.training == usual)
  }

  @Test func `refuses what cannot be`() {
    #expect(problem("{architecture: elman}").contains("valid"))
    #expect(problem("{valid: v.txt, hidden: 0}").contains("hidden must be in 1"))
    #expect(problem("{valid: v.txt, tie: true, softmax: classes}").contains("tie works with"))
    #expect(problem("{valid: v.txt, architecture: transformer}").contains("feed-forward or elman"))
    #expect(problem("{valid: v.txt, hiden: 3}").contains("did you mean \"hidden\""))
    #expect(problem("[{valid: v.txt}, {valid: v.txt}]").contains("two models would be named lstm"))
    #expect(problem("{valid: v.txt, name: ngram}").contains("two models would be named ngram"))
  }

  @Test func `trains into the index and evaluates`() throws {
    let folder = try TemporaryFolder()
    let text = (0..<60).map { "a b c\nb a \($0 % 7)\n" }.joined()
    _ = try folder.write("a.txt", text)
    let job = try JobFile(
      yaml: """
        inputs: a.txt
        order: 2
        train: {architecture: elman, hidden: 8, lanes: 4, bptt: 5, epochs: 2, valid: a.txt, softmax: full}
        evaluation: a.txt
        output: x
        """,
      path: folder.path("job.yaml")
    )
    let report = try job.run()
    #expect(report.trainings.map(\.model) == ["elman"])
    #expect(report.evaluation.map(\.model) == ["ngram", "elman"])
    #expect(report.evaluation.allSatisfy { $0.perplexity.perplexity < 12 })
    #expect(try IndexVerifier.run(path: folder.path("x")).problems == [])
  }

  @Test func `takes classes from a file`() throws {
    let folder = try TemporaryFolder()
    let classes = try folder.write("classes", "A 1 a\nB 0.5 b\nB 0.5 c\n")
    let words = ["<unk>", "</s>", "a", "b", "c", "d"].map { Array($0.utf8) }
    let read = try NetworkClasses(path: classes, words: words, tokenizer: TokenizerOptions())
    #expect(read.numbers == [3, 4, 0, 1, 1, 2])
    _ = try folder.write("a.txt", (0..<60).map { "a b c\nb a d\(0 * $0)\n" }.joined())
    let job = try JobFile(
      yaml: """
        inputs: a.txt
        order: 2
        train: {architecture: elman, hidden: 8, lanes: 4, bptt: 5, epochs: 2, valid: a.txt, softmax: classes, class-file: classes}
        output: x
        """,
      path: folder.path("job.yaml")
    )
    _ = try job.run()
    let model = try IndexModel.open(folder.path("x"), model: "elman")
    let sum = model.log10Distribution(after: model.anyBeginSentenceState).reduce(0.0) {
      $0 + pow(10, Double($1))
    }
    #expect(abs(sum - 1) < 1e-4)
  }
}
