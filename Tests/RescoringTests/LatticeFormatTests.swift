import Foundation
import GramdexRescoring
import GramdexStorage
import TestSupport
import Testing

@Suite("Formats of lattices")
struct LatticeFormatTests {
  static func read(_ paths: [String], _ format: LatticeFormat? = nil) throws -> [Lattice] {
    let reader = try LatticeReader(paths, format: format)
    var lattices: [Lattice] = []
    while let lattice = try reader.next() { lattices.append(lattice) }
    return lattices
  }

  private func lattice(_ contents: String, _ format: LatticeFormat? = nil) throws -> Lattice {
    let folder = try TemporaryFolder()
    return try #require(try Self.read([folder.write("u.slf", contents)], format).first)
  }

  @Test func `the SLF sample is read as other programs read it`() throws {
    let lattice = try #require(try Self.read([ListFiles.fixture("sample.slf")]).first)
    #expect(lattice.utterance == "utt1")
    #expect(lattice.nodes.map(\.time) == [0, 0.31, 0.55, 0.6])
    #expect(lattice.hasWordsOnNodes)
    #expect(lattice.start == 0)
    #expect(lattice.ends.map(\.node) == [3])
    let list = try lattice.nBest(10)
    // lmscale=12: a b is −1430 + 12 · −0.9, b alone is −1440 + 12 · −0.9.
    #expect(list.hypotheses.map(\.text) == ["a b", "b"])
    #expect(list.hypotheses[0].scores[0].value == -1430)
    #expect(abs(list.hypotheses[0].scores[1].value + 0.9) < 1e-12)
  }

  @Test func `the Kaldi sample is read, and its labels are numbers`() throws {
    let folder = try TemporaryFolder()
    let path = ListFiles.fixture("sample.kaldi-lat-int")
    let lattice = try #require(try Self.read([path]).first)
    #expect(try lattice.nBest(2).hypotheses.map(\.text) == ["1 2"])
    #expect(try lattice.nBest(1).hypotheses[0].scores == [.init("ac", -1430), .init("lm", 0.6)])
    let words = try folder.write("words.txt", "<eps> 0\nhello 1\nworld 2\n")
    let reader = try LatticeReader([path], symbols: words)
    #expect(try reader.next()?.nBest(1).hypotheses[0].text == "hello world")
  }

  @Test(arguments: 0..<10 as Range<UInt64>, LatticeFormat.allCases)
  func `lattices come back as they were`(seed: UInt64, format: LatticeFormat) throws {
    let folder = try TemporaryFolder()
    let lattice = LatticeSamples.random(seed: seed)
    let path = folder.path("out")
    let writer = try LatticeWriter(path: path, format: format)
    try writer.write(lattice)
    try writer.finish()
    let back = try #require(try Self.read([path], format).first)
    #expect(back.utterance == lattice.utterance)
    func paths(_ lattice: Lattice) -> [String] {
      LatticeSamples.paths(lattice).map { path in
        let labels = path.labels.filter { !$0.isEmpty }
        return "\(labels) \(path.scores)"
      }.sorted()
    }
    #expect(paths(back) == paths(lattice))
    if format == .slf, lattice.ends.count == 1 {
      #expect(back.nodes.map(\.time) == lattice.nodes.map(\.time))
      #expect(back.arcs == lattice.arcs)
    }
  }

  @Test func `names, quotes, escapes, comments and words on links`() throws {
    let lattice = try lattice(
      """
      # made by hand
      VERSION=1.1 UTTERANCE="my utt"
      base=0 lmname="a b"
      NODES=3 LINKS=3
      I=7 time=0.5 x=y
      I=2
      I=4

      J=0 START=7 END=2 WORD="say \\"hi\\"" acoustic=0.5 language=0.1
      J=1 S=2 E=4 W=\\303\\251 v=2 d=":a,0.1:"
      J=9 S=7 E=4 W='it
      .

      """
    )
    #expect(lattice.utterance == "my utt")
    #expect(lattice.arcs.map(\.word) == ["say \"hi\"", "é", "'it"])
    #expect(abs(lattice.arcs[0].scores[0] + 0.6931471805599453) < 1e-15)
    #expect(lattice.arcs[1].scores == [0, 0])
    #expect(lattice.arcs[1].extras.map(\.name) == ["v", "d"])
    #expect(!lattice.hasWordsOnNodes)
    let folder = try TemporaryFolder()
    let writer = try LatticeWriter(path: folder.path("out"), format: .slf)
    try writer.write(lattice)
    let back = try Self.read([folder.path("out")])[0]
    #expect(back.arcs == lattice.arcs)
    #expect(back.nodes.map(\.time) == lattice.nodes.map(\.time))
    #expect(back.nodes.map(\.extras) == lattice.nodes.map(\.extras))
    #expect(lattice.nodes.map(\.number) == [7, 2, 4])
    #expect(
      back.extras.map(\.name) == ["lmname", "VERSION"]
        || back.extras.map(\.name) == ["VERSION", "lmname"]
    )
  }

  @Test(arguments: [
    ("VERSION=1.0\nSUBLAT=x\n", 2), ("VERSION=1.0\nN=1 L=0\nI=0 L=sub\n", 3),
    ("VERSION=1.0\nN=2 L=1\nI=0\nI=1\n", 2), ("VERSION=1.0\nI=0\nI=1\nJ=0 S=0 E=5\n", 4),
    ("VERSION=1.0\nI=0\nI=1\nJ=0 S=0\n", 4), ("VERSION=1.0\nI=0\nI=0\n", 3),
    ("VERSION=1.0\nI=0\nI=1\nJ=0 S=0 E=1 a=nan\n", 4), ("VERSION=1.0\nI=0\nfoo\n", 3),
    ("VERSION=1.0\nI=0\nI=1\nI=2\nJ=0 S=0 E=1\nJ=1 S=1 E=0\nJ=2 S=1 E=2\n", 7),
    ("VERSION=1.0\nI=0\nI=1\nI=2\nJ=0 S=0 E=1\nJ=1 S=0 E=2\n", 6), ("VERSION=1.0\n.\nI=0\n", 3),
  ])
  func `a wrong file names its line`(contents: String, line: Int) throws {
    let error = #expect(throws: NBestError.self) { try lattice(contents) }
    #expect(error?.line == line)
  }

  @Test func `a rescored lattice is written in its own base, or as natural logarithms`() throws {
    let folder = try TemporaryFolder()
    var lattice = try #require(try Self.read([ListFiles.fixture("sample.slf")]).first)
    lattice = try lattice.expanded(by: NumberModel(), name: "new")
    for format in LatticeFormat.allCases {
      let path = folder.path(format.rawValue)
      let writer = try LatticeWriter(path: path, format: format, languageScore: "new")
      try writer.write(lattice)
      try writer.finish()
      #expect(writer.warnings.contains { $0.contains("score lm") })
      let back = try Self.read([path])[0]
      #expect(back.format == format)
      let factor = format == .slf ? 1 : 2.302585092994046
      let expected = try lattice.nBest(9, weights: .init(["new": 1])).hypotheses
      let found = try back.nBest(9, weights: .init(["lm": 1])).hypotheses
      #expect(found.map(\.text) == expected.map(\.text))
      for (left, right) in zip(found, expected) {
        for (own, other) in [("lm", "new"), ("ac", "ac")] {
          let difference = (left[score: own] ?? 0) - (right[score: other] ?? 0) * factor
          #expect(abs(difference) < 1e-9)
        }
      }
    }
  }

  @Test func `Kaldi's arcs without weights are acceptors or transducers`() throws {
    let lattice = try lattice("u\n0 1 5 7\n1 2 6 8 0.5,2\n2\n\n", .kaldi)
    #expect(lattice.arcs.map(\.word) == ["7", "8"])
    #expect(lattice.arcs.map { $0.extras.map(\.json) } == [["\"5\""], ["\"6\""]])
    #expect(lattice.arcs.map(\.scores) == [[0, 0], [-2, -0.5]])
    #expect(try self.lattice("u\n0 1 a\n1\n", .kaldi).arcs[0].word == "a")
    #expect(try self.lattice("u\n0 1 a 1,2\n1\n", .kaldi).arcs[0].scores == [-2, -1])
    for bad in ["0 1 a 5", "0 1 a b", "0 1 5 5.5"] {
      let error = #expect(throws: NBestError.self) { try self.lattice("u\n\(bad)\n1\n", .kaldi) }
      #expect(error?.line == 2)
    }
    let twice = #expect(throws: NBestError.self) {
      try self.lattice("u\n0 1 a\n1 0,1\n0 2 b\n2\n1\n", .kaldi)
    }
    #expect(twice?.line == 6)
  }

  @Test func `words are cut at bytes, not at graphemes`() throws {
    let mark = "\u{93F}"
    let lattice = try lattice("u\n0 1 \(mark)क\n1 2 b\n2\n", nil)
    #expect(lattice.arcs.map(\.word) == ["\(mark)क", "b"])
    let swapped = try lattice.oracle("b \(mark)क")
    #expect(swapped.errors == 2 && swapped.referenceWords == 2)
    #expect(swapped.text == "\(mark)क b")
    #expect(try lattice.oracle("\(mark)क b").errors == 0)
    #expect(throws: NBestError.self) { try self.lattice("u \(mark)\n0 1 a\n1\n", .kaldi) }
    let folder = try TemporaryFolder()
    let words = try folder.write("words.txt", "<eps> 0\n\(mark)क 1\n")
    let reader = try LatticeReader([folder.write("l", "u\n0 1 1\n1\n")], symbols: words)
    #expect(try reader.next()?.arcs[0].word == "\(mark)क")
  }

  @Test func `a cycle is told by the file's own names of nodes`() throws {
    let slf = "VERSION=1.1\nstart=70\nend=40\nI=40\nI=50\nI=60\nI=70\nJ=0 S=70 E=60\n"
    let error = #expect(throws: NBestError.self) {
      try lattice(slf + "J=1 S=60 E=50\nJ=2 S=50 E=60\nJ=3 S=50 E=40\n")
    }
    // 40 waits for the cycle, too, but is not on it.
    let text = "\(try #require(error))"
    #expect(text.contains("node I=50 ") || text.contains("node I=60 "))
    let states = #expect(throws: NBestError.self) {
      try lattice("u\n7 9 a\n9 8 b\n8 9 c\n8 5 d\n5\n", .kaldi)
    }
    let other = "\(try #require(states))"
    #expect(other.contains("state 8 ") || other.contains("state 9 "))
  }

  @Test func `no mutation of a lattice crashes a reader`() throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 11)
    var outcomes = (read: 0, refused: 0)
    for name in ["sample.slf", "sample.kaldi-lat-int"] {
      let bytes = Array(try Data(contentsOf: URL(filePath: ListFiles.fixture(name))))
      for _ in 0..<150 {
        let path = try folder.write("m", Data(BadListTests.mutate(bytes, &generator)))
        for format in [nil, .slf, .kaldi] as [LatticeFormat?] {
          do {
            for lattice in try Self.read([path], format) {
              _ = try lattice.nBest(5)
              _ = try lattice.oracle("a b")
              _ = try lattice.expanded(by: NumberModel(), name: "x")
            }
            outcomes.read += 1
          } catch is NBestError {
            outcomes.refused += 1
          } catch is CompressionError {
            outcomes.refused += 1
          }
        }
      }
    }
    #expect(outcomes.read > 50 && outcomes.refused > 50)
  }

  @Test(.enabled(if: SharedData.hasData, "\(SharedData.absent)"))
  func `the shared lattices give lists as the decoder did`() throws {
    // Every 20th lattice, since the whole takes long without optimisation.
    let folder = SharedData.url(ListFiles.shared + "/slf").path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    let paths = stride(from: 0, to: names.count, by: 20).map { folder + "/" + names[$0] }
    let reader = try LatticeReader(paths)
    let lists = Dictionary(
      uniqueKeysWithValues: try ListFiles.read([
        SharedData.url(ListFiles.shared + "/nbest.jsonl").path
      ]).map { ($0.utterance, $0) }
    )
    var count = 0
    while let lattice = try reader.next() {
      count += 1
      let list = try lattice.nBest(20)
      #expect(list.hypotheses.count == 20)
      #expect(Set(list.hypotheses.map(\.text)).count == list.hypotheses.count)
      let known = try #require(lists[lattice.utterance])
      let reference = try #require(known.reference)
      let oracle = try lattice.oracle(reference)
      // The decoder's hypotheses are paths of its lattice.
      for hypothesis in known.hypotheses {
        #expect(oracle.errors <= LatticeTests.distance(hypothesis.text, reference))
        #expect(try lattice.oracle(hypothesis.text).errors == 0)
      }
    }
    #expect(names.count == lists.count)
    #expect(count == paths.count)
  }
}
