import Foundation
import GramdexNeural
import GramdexNeuralModels
import TestSupport
import Testing

@Suite("Networks in safetensors files")
struct InterchangeTests {
  let folder: TemporaryFolder

  static let python = ProcessInfo.processInfo.environment["GRAMDEX_PYTHON"]
  static let absent = "needs GRAMDEX_PYTHON=a Python with torch, numpy and safetensors"

  init() throws {
    folder = try TemporaryFolder()
  }

  static let words = ["<unk>", "</s>"] + (2..<23).map { "w\($0)" }

  /// Networks of every architecture.
  static let networks: [(NetworkOptions.Architecture, Activation, layers: Int)] = [
    (.elman, .sigmoid, 1), (.elman, .tanh, 2), (.elman, .relu, 1), (.irnn, .relu, 1),
    (.gru, .tanh, 1), (.gru, .tanh, 2), (.lstm, .tanh, 1), (.lstm, .tanh, 2),
  ]

  private func makeNetwork(
    _ architecture: NetworkOptions.Architecture,
    _ activation: Activation,
    layers: Int,
    seed: UInt64
  ) -> WordNetwork {
    var options = NetworkOptions()
    options.architecture = architecture
    options.activation = activation
    options.layers = layers
    options.embedding = 5
    options.hidden = 7
    let network = WordNetwork(
      options,
      vocabularySize: Self.words.count,
      learns: false,
      precision: .float32
    )
    // Larger than at the start of training, so that words differ.
    for parameter in network.parameters { parameter.randomize(bound: 0.7, seed: seed) }
    return network
  }

  /// The Python of docs/INTERCHANGE.md.
  static func program() throws -> String {
    let document = try String(
      contentsOf: SharedData.package.appending(path: "docs/INTERCHANGE.md"),
      encoding: .utf8
    )
    let program = try #require(document.split(separator: "```python\n").last)
    return String(try #require(program.split(separator: "```").first))
  }

  /// The perplexity of `ids`, one lane, `</s>` before the first.
  private func perplexity(_ network: WordNetwork, _ ids: [Int32]) throws -> Double {
    let team = try Team(threads: 1)
    let memory = NetworkMemory(network, steps: ids.count, lanes: 1, learns: false)
    let window = WordWindow(inputs: [1] + ids.dropLast(), targets: ids, steps: ids.count)
    try network.read(
      window,
      state: network.makeState(lanes: 1),
      memory: memory,
      number: nil,
      team: team
    )
    let found = try network.logProbabilities(window, memory: memory, team: team).elements
    return exp(-found.reduce(0.0) { $0 + Double($1) } / Double(ids.count))
  }

  private func bits(_ network: WordNetwork) -> [[UInt32]] {
    network.parameters.map { $0.values.elements.map(\.bitPattern) }
  }

  /// Every network that the flags allow is written and read, classes and features included.
  @Test(arguments: NetworkWorkshop.networks(words: words.count, size: 6))
  func `a network of any kind is written and read`(options: NetworkOptions) throws {
    let workshop = try NetworkWorkshop(
      options,
      words: Self.words.count,
      steps: 1,
      lanes: 1,
      optimizer: Optimizer(.sgd, rate: 0)
    )
    let path = folder.path("a.safetensors")
    try NetworkInterchange.write(workshop.network, words: Self.words, to: path)
    let (read, words) = try NetworkInterchange.read(path, precision: .float32)
    #expect(words == Self.words)
    #expect(read.options == options)
    #expect(read.parameters.map(\.name) == workshop.network.parameters.map(\.name))
    #expect(bits(read) == bits(workshop.network))
  }

  @Test(arguments: networks)
  func `a network is written and read`(
    network: (architecture: NetworkOptions.Architecture, activation: Activation, layers: Int)
  ) throws {
    let written = makeNetwork(
      network.architecture,
      network.activation,
      layers: network.layers,
      seed: 1
    )
    let path = folder.path("a.safetensors")
    try NetworkInterchange.write(written, words: Self.words, to: path)
    let (read, words) = try NetworkInterchange.read(path, precision: .float32)
    #expect(words == Self.words)
    #expect(read.options == written.options)
    #expect(bits(read) == bits(written))
  }

  /// PyTorch computes the same perplexity to 1e-4 from a file of ours, and what it saves of the module is read again.
  ///
  /// The Python is that of docs/INTERCHANGE.md.
  @Test(.enabled(if: python != nil, Comment(rawValue: absent)), arguments: networks)
  func `PyTorch gives the same perplexity, and its own file is read`(
    network: (architecture: NetworkOptions.Architecture, activation: Activation, layers: Int)
  ) throws {
    let python = try #require(Self.python)
    let script = try folder.write("gramdex_torch.py", try Self.program())

    let written = makeNetwork(
      network.architecture,
      network.activation,
      layers: network.layers,
      seed: 2
    )
    var random = CountedRandom(seed: 3, purpose: "test")
    let ids = (0..<250).map { _ in Int32.random(in: 0..<Int32(Self.words.count), using: &random) }
    let (model, saved) = (folder.path("a.safetensors"), folder.path("b.safetensors"))
    try NetworkInterchange.write(written, words: Self.words, to: model)
    let text = try folder.write("ids", ids.map(String.init).joined(separator: " "))
    let output = try Subprocess.output(of: python, [script, model, text, saved])
    let theirs = try #require(
      Double(
        String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      )
    )
    let ours = try perplexity(written, ids)
    #expect(abs(ours / theirs - 1) < 1e-4, "here \(ours), PyTorch \(theirs)")
    #expect(
      abs(ours / Double(Self.words.count) - 1) > 0.01,
      "a network that knows nothing tells nothing"
    )

    let read = makeNetwork(
      network.architecture,
      network.activation,
      layers: network.layers,
      seed: 4
    )
    try NetworkInterchange.readParameters(of: read, from: saved)
    #expect(bits(read) == bits(written))
  }

  /// Learns three windows in PyTorch, with dropout, and goes on here.
  @Test(.enabled(if: python != nil, Comment(rawValue: absent)), arguments: networks)
  func `what PyTorch trained has the same perplexity here`(
    network: (architecture: NetworkOptions.Architecture, activation: Activation, layers: Int)
  ) throws {
    let python = try #require(Self.python)
    try folder.write("gramdex_torch.py", try Self.program())
    let script = try folder.write(
      "train.py",
      """
      import sys
      import torch
      from gramdex_torch import GramdexNetwork

      torch.manual_seed(1)
      network = GramdexNetwork.load(sys.argv[1])
      ids = [int(word) for word in sys.argv[3].split()]
      before = network.perplexity(ids)
      optimizer = torch.optim.Adam(network.parameters(), 0.01)
      words = torch.tensor([1] + ids).reshape(-1, 1)
      network.train()
      for _ in range(3):
          optimizer.zero_grad()
          log_probabilities, _ = network(words[:-1])
          (-log_probabilities.gather(-1, words[1:, :, None]).mean()).backward()
          optimizer.step()
      network.eval()
      network.save(sys.argv[2])
      print(before, network.perplexity(ids), GramdexNetwork.load(sys.argv[2]).perplexity(ids))
      """
    )
    let written = makeNetwork(
      network.architecture,
      network.activation,
      layers: network.layers,
      seed: 5
    )
    var random = CountedRandom(seed: 6, purpose: "test")
    let ids = (0..<150).map { _ in Int32.random(in: 0..<Int32(Self.words.count), using: &random) }
    let (model, trained) = (folder.path("a.safetensors"), folder.path("b.safetensors"))
    try NetworkInterchange.write(written, words: Self.words, to: model)
    let output = try Subprocess.output(
      of: python,
      [script, model, trained, ids.map(String.init).joined(separator: " ")]
    )
    let theirs = String(decoding: output, as: UTF8.self).split(separator: " ")
      .compactMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    try #require(theirs.count == 3)
    let (read, words) = try NetworkInterchange.read(trained, precision: .float32)
    #expect(words == Self.words && read.options == written.options)
    let ours = try perplexity(read, ids)
    #expect(abs(ours / theirs[1] - 1) < 1e-4, "here \(ours), PyTorch \(theirs[1])")
    #expect(theirs[1] < theirs[0] * 0.99, "nothing was learned: \(theirs)")
    #expect(abs(theirs[2] / theirs[1] - 1) < 1e-9, "PyTorch reads what it saved")
  }

  @Test func `files in the names of PyTorch's example are read, two biases added`() throws {
    let network = makeNetwork(.lstm, .tanh, layers: 1, seed: 1)
    let size = 4 * 7
    let path = folder.path("a.safetensors")
    let shapes: [(String, [Int])] = [
      ("encoder.weight", [23, 5]), ("rnn.weight_ih_l0", [size, 5]),
      ("rnn.weight_hh_l0", [size, 7]),
      ("rnn.bias_ih_l0", [size]), ("rnn.bias_hh_l0", [size]), ("decoder.weight", [23, 7]),
      ("decoder.bias", [23]),
    ]
    var writer = try SafetensorsWriter(path: path, tensors: shapes.map { .init($0.0, $0.1) })
    for (number, (_, shape)) in shapes.enumerated() {
      let numbers = [Float](repeating: Float(1 << number), count: shape.reduce(1, *))
      try writer.append(numbers.span)
    }
    try writer.finish()
    try NetworkInterchange.readParameters(of: network, from: path)
    #expect(
      network.parameters.map { Set($0.values.elements) } == [[1], [2], [4], [8 + 16], [32], [64]]
    )
  }

  @Test func `a network of other sizes, or with numbers that are none, is refused`() throws {
    let path = folder.path("a.safetensors")
    let network = makeNetwork(.gru, .tanh, layers: 1, seed: 1)
    try NetworkInterchange.write(network, words: Self.words, to: path)
    for other in [
      makeNetwork(.lstm, .tanh, layers: 1, seed: 1), makeNetwork(.gru, .tanh, layers: 2, seed: 1),
    ] {
      #expect(throws: SafetensorsError.self) {
        try NetworkInterchange.readParameters(of: other, from: path)
      }
    }
    #expect(
      throws: NetworkInterchange.Failure.unusedTensors(path: path, tensors: ["extra"])
    ) {
      try writeWithExtra(network, to: path)
      try NetworkInterchange.readParameters(of: network, from: path)
    }
    network.parameters[2].values[3] = .nan
    try NetworkInterchange.write(network, words: Self.words, to: path)
    #expect(
      throws: NetworkInterchange.Failure.notFinite(path: path, tensor: network.parameters[2].name)
    ) {
      _ = try NetworkInterchange.read(path, precision: .float32)
    }
  }

  /// The tensors of a network, and one more.
  private func writeWithExtra(_ network: WordNetwork, to path: String) throws {
    let shapes = network.parameters.map { ($0.name, InterchangeNames.shape(of: $0)) }
    var writer = try SafetensorsWriter(
      path: path,
      tensors: shapes.map { .init($0.0, $0.1) } + [.init("extra", [2])]
    )
    for parameter in network.parameters { try writer.append(parameter.values.elements.span) }
    try writer.append(([1, 2] as [Float]).span)
    try writer.finish()
  }

  @Test func `a file without a network is refused`() throws {
    let path = folder.path("a.safetensors")
    let options = String(
      decoding: try JSONEncoder().encode(NetworkOptions()),
      as: UTF8.self
    )
    for metadata in [
      [:], ["format": "gramdex-neural-9"], ["format": "gramdex-neural-1"],
      ["format": "gramdex-neural-1", "options": options],
      ["format": "gramdex-neural-1", "options": options, "vocabulary": "a\nb"],
    ] {
      try SafetensorsWriter(path: path, tensors: [], metadata: metadata).finish()
      #expect(throws: NetworkInterchange.Failure.self) {
        _ = try NetworkInterchange.read(path, precision: .float32)
      }
    }
    // Enormous sizes are refused before memory is asked for.
    for change: (inout NetworkOptions) -> Void in [
      { $0.hidden = 1 << 40 }, { $0.embedding = .max }, { $0.layers = .max }, { $0.hidden = -1 },
      { $0.dropout = 1 }, { ($0.ngramOrder, $0.ngramBits) = (1, 63) },
    ] {
      var changed = makeNetwork(.lstm, .tanh, layers: 1, seed: 1).options
      change(&changed)
      var writer = try SafetensorsWriter(
        path: path,
        tensors: [.init("embedding.weight", [2, 5]), .init("other", [300])],
        metadata: [
          "format": "gramdex-neural-1", "vocabulary": "<unk>\n</s>",
          "options": String(decoding: try JSONEncoder().encode(changed), as: UTF8.self),
        ]
      )
      for count in [10, 300] { try writer.append([Float](repeating: 0, count: count).span) }
      try writer.finish()
      #expect(throws: NetworkInterchange.Failure.self) {
        _ = try NetworkInterchange.read(path, precision: .float32)
      }
    }
  }
}
