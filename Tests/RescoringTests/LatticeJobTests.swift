import Foundation
import Gramdex
import GramdexCore
import GramdexRescoring
import Synchronization
import TestSupport
import Testing

/// Jobs on many lattices.
extension LatticeTests {
  private final class Listener: ProgressObserver {
    private let lines = Mutex<[String]>([])

    var warnings: [String] { lines.withLock { $0 } }

    func progress(_ update: ProgressUpdate) {}
    func warning(_ message: String) { lines.withLock { $0.append(message) } }
  }

  private static func slf(_ utterance: String, _ fields: String = "a=-1 l=-2") -> String {
    "VERSION=1.1\nUTTERANCE=\(utterance)\nI=0\nI=1\nJ=0 S=0 E=1 W=a \(fields)\n"
  }

  private static func input(_ paths: [String], threads: Int) -> LatticeInput {
    var input = LatticeInput(paths: paths)
    input.threads = threads
    return input
  }

  private static func rescore(_ input: LatticeInput, to output: String) throws -> Int {
    try LatticeJobs.rescore(
      input,
      Ensemble.Member("lm", NumberModel()),
      options: LatticeExpansionOptions(),
      output: output,
      observer: SilentObserver()
    )
  }

  @Test(arguments: [1, 2, 5])
  func `lattices of two formats are refused, whatever the threads`(threads: Int) throws {
    let folder = try TemporaryFolder()
    let slf = try folder.write("a.slf", Self.slf("a"))
    let kaldi = try folder.write("k", "k\n0 1 a 1,2\n1\n\n")
    for (paths, first, second) in [
      ([slf, kaldi], LatticeFormat.slf, LatticeFormat.kaldi),
      ([kaldi, slf], LatticeFormat.kaldi, LatticeFormat.slf),
    ] {
      let error = #expect(throws: LatticeError.self) {
        try Self.rescore(Self.input(paths, threads: threads), to: folder.path("out-\(first)"))
      }
      #expect(
        error == .mixedFormats(file: paths[1], second, firstFile: paths[0], first)
      )
    }
    #expect(try Self.rescore(Self.input([kaldi], threads: threads), to: folder.path("one")) == 1)
    #expect(try LatticeFormatTests.read([folder.path("one")]).map(\.format) == [.kaldi])
  }

  @Test(arguments: [1, 2, 7])
  func `the first lattice with an error is reported, after those before it are written`(
    threads: Int
  ) throws {
    let folder = try TemporaryFolder()
    var paths: [String] = []
    for index in 0..<20 {
      // Written in SLF, 5 and 9 have ids that are no names of files, and 12 is no lattice.
      let id = index == 5 || index == 9 ? "x/\(index)" : "u\(index)"
      let name = index < 10 ? "0\(index)" : "\(index)"
      let contents = index == 12 ? "VERSION=1.1\nI=0\nfoo\n" : Self.slf(id)
      paths.append(try folder.write("\(name).slf", contents))
    }
    let output = folder.path("out-\(threads)")
    let error = #expect(throws: NBestError.self) {
      try Self.rescore(Self.input(paths, threads: threads), to: output)
    }
    #expect(error?.file == paths[5])
    let written = try FileManager.default.contentsOfDirectory(atPath: output).sorted()
    #expect(written == (0..<5).map { "u\($0).slf" })
  }

  @Test(arguments: [1, 2, 7])
  func `of errors on several threads the first is reported`(threads: Int) throws {
    let folder = try TemporaryFolder()
    // Totals that overflow: errors of the search, each for its own lattice; the last is no lattice.
    let paths = try (0..<12).map { index in
      let fields = index == 3 || index == 4 || index == 9 ? "a=-1e308 l=-1e308" : "a=-1 l=-2"
      return try folder.write(
        "\(index).slf",
        index == 11 ? "VERSION=1.1\nfoo\n" : Self.slf("u\(index)", fields)
      )
    }
    for _ in 0..<5 {
      let error = #expect(throws: NBestError.self) {
        try LatticeJobs.writeLists(
          of: Self.input(paths, threads: threads),
          count: 1,
          weights: LatticeWeightOverrides(["ac": 2]),
          output: folder.path("lists"),
          format: .json,
          observer: SilentObserver()
        )
      }
      #expect(error?.file == paths[3])
    }
  }

  @Test func `weights of scores that no lattice has are refused`() throws {
    let folder = try TemporaryFolder()
    let paths = [
      try folder.write("a.slf", Self.slf("a")),
      try folder.write("b.slf", Self.slf("b", "a=-1 l=-2 x1=3")),
    ]
    func extract(_ paths: [String], _ name: String) throws -> Int {
      try LatticeJobs.writeLists(
        of: Self.input(paths, threads: 2),
        count: 1,
        weights: LatticeWeightOverrides([name: 2]),
        output: folder.path("lists"),
        format: .json,
        observer: SilentObserver()
      )
    }
    #expect(try extract(paths, "x1") == 2)
    #expect(throws: LatticeError.unknownScores(["x2"], known: ["ac", "lm", "x1"])) {
      try extract(paths, "x2")
    }
    #expect(throws: LatticeError.unknownScores(["am"], known: ["ac", "lm"])) {
      try extract(paths, "am")
    }
  }

  @Test func `the oracle says which lattices and references are left over`() throws {
    let folder = try TemporaryFolder()
    let paths = try ["a", "b", "c"].map { try folder.write("\($0).slf", Self.slf($0)) }
    func oracle(
      _ pairs: [(String, String)],
      _ observer: some ProgressObserver
    ) throws -> (lattices: Int, errors: Int, words: Int) {
      var references = References()
      for (id, text) in pairs { try references.add(id, text) }
      return try LatticeJobs.oracle(
        Self.input(paths, threads: 2),
        references: references,
        observer: observer
      )
    }
    let listener = Listener()
    let found = try oracle([("b", "a b"), ("z", "a")], listener)
    #expect(found == (1, 1, 2))
    #expect(
      listener.warnings == [
        "2 lattices without a reference, not counted: a, c",
        "1 reference without a lattice, not counted: z",
      ]
    )
    #expect(throws: LatticeError.noReferences) { try oracle([("z", "a")], Listener()) }
    #expect(throws: LatticeError.emptyReferences) { try oracle([("a", "")], Listener()) }
    #expect(LatticeError.noReferences.isBadData && LatticeError.emptyReferences.isBadData)
  }

  @Test func `a model that never forgets is refused without a limit`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.slf", Self.slf("a"))
    func rescore(_ options: LatticeExpansionOptions) throws -> Int {
      try LatticeJobs.rescore(
        Self.input([path], threads: 1),
        Ensemble.Member("lm", EndlessModel()),
        options: options,
        output: folder.path("out"),
        observer: SilentObserver()
      )
    }
    #expect(throws: LatticeError.unlimited) { try rescore(LatticeExpansionOptions()) }
    #expect(!LatticeError.unlimited.isBadData)
    let text = "\(LatticeError.unlimited)"
    #expect(text.contains("--beam") && text.contains("--states-per-node"))
    #expect(try rescore(LatticeExpansionOptions(statesPerNode: 3)) == 1)
  }
}
