import Foundation
import TestSupport
import Testing

@Suite("Counts in and out", .needsBinary)
struct CountCommandsTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  private func run(_ arguments: [String], input: String? = nil) throws -> ProcessOutcome {
    var setting = BuiltBinary.Setting()
    if let input { setting.input = .data(Data(input.utf8)) }
    return try BuiltBinary.run(arguments, setting: setting)
  }

  private func must(_ arguments: [String], input: String? = nil) throws -> String {
    let outcome = try run(arguments, input: input)
    try #require(outcome.exitCode == 0, "\(outcome)")
    return outcome.outputText
  }

  private func tables(_ name: String) throws -> [String: Data] {
    try workshop.contents(of: name).filter { $0.key.hasSuffix(".mdb") }
  }

  @Test(arguments: 1...5)
  func `a dump through a pipe builds the same tables again`(order: Int) throws {
    let text = Texts.random(bytes: 60_000)
    try workshop.mustBuild(text, "text", ["--order", "\(order)"])
    let dump = try must(["dump-counts", workshop.index("text")])
    let build = ["build", "--counts", "-", "-o", workshop.index("counts"), "--order", "\(order)"]
    _ = try must(build, input: dump)
    #expect(try tables("counts") == tables("text"))
    // SRILM's file need not be sorted by order.
    let sorted = dump.split(separator: "\n").sorted().joined(separator: "\n") + "\n"
    _ = try must(build + ["--replace", "--memory", "16M", "--threads", "1"], input: sorted)
    #expect(try tables("counts") == tables("text").mapKeys { _ in "ngrams-000002.mdb" })
  }

  @Test func `a folder in Google's layout is read back, and is never half there`() throws {
    try workshop.mustBuild(Texts.random(bytes: 60_000), "text", ["--order", "3"])
    let folder = workshop.folder.path("google")
    let dump = ["dump-counts", workshop.index("text"), "--format", "google", "-o", folder]
    _ = try must(dump + ["--memory", "16M"])
    #expect(
      workshop.folder.listing("google") == [
        "1gms", "1gms/vocab.gz", "1gms/vocab_cs.gz", "2gms", "2gms/2gm-0000.gz", "2gms/2gm.idx",
        "3gms", "3gms/3gm-0000.gz", "3gms/3gm.idx",
      ]
    )
    let sorted = try Subprocess.output(
      of: "/bin/sh",
      ["-c", "zcat \(folder)/3gms/3gm-0000.gz | LC_ALL=C sort -c && echo sorted"]
    )
    #expect(String(decoding: sorted, as: UTF8.self) == "sorted\n")
    _ = try must(["build", "--counts", folder, "-o", workshop.index("counts"), "--order", "3"])
    #expect(try tables("counts") == tables("text"))
    #expect(try run(dump).exitCode == 74)
    #expect(try run(["dump-counts", workshop.index("text"), "--format", "google"]).exitCode == 64)
  }

  @Test
  func `counts that do not fit together are a warning, bad lines an error that leaves nothing`()
    throws
  {
    let counts = try workshop.folder.write("counts", "a b\t5\na\t2\nb\t5\n")
    let build = ["build", "--counts", counts, "-o", workshop.index(), "--order", "2"]
    let outcome = try run(build)
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(outcome.errorText.contains("the counts of 1 n-grams are less than"), "\(outcome)")
    try workshop.folder.write("counts", "a b\t5\na b c\n")
    let bad = try run(["build", "--counts", counts, "-o", workshop.index("bad"), "--order", "2"])
    #expect(bad.exitCode == 65)
    #expect(bad.errorText.contains("\(counts), line 2: \"c\" is no count"), "\(bad)")
    #expect(workshop.files(of: "bad").isEmpty)
  }

  @Test func `weights and repeated lines go through flags and job files alike`() throws {
    let heavy = try workshop.folder.write("heavy.txt", "2 a b\n2 a b\n1 c\n")
    let light = try workshop.folder.write("light.txt", "1 a\n3 b\n")
    let flags = [
      "--weights-in-lines", "--weight", "\(heavy)=3", "--remove-duplicates", "--order", "2",
    ]
    let summary = try must(["build", heavy, light, "-o", workshop.index("flags")] + flags)
    #expect(summary.contains("repeated lines left out: 1\n"))
    let reference = String(repeating: "a b\n", count: 6) + "c\nc\nc\na\nb\nb\nb\n"
    try workshop.mustBuild(reference, "text", ["--order", "2"])
    #expect(try tables("flags") == tables("text"))
    let job = try workshop.folder.write(
      "job.yaml",
      """
      inputs: [heavy.txt, light.txt]
      weights: {heavy.txt: 3}
      weights-in-lines: true
      remove-duplicates: true
      order: 2
      output: job
      """
    )
    _ = try must(["run", job])
    #expect(try tables("job") == tables("text"))
    let dump = try must(["dump-counts", workshop.index("text")])
    try workshop.folder.write("counts", dump)
    try workshop.folder.write(
      "job.yaml",
      "inputs: counts\ninput-form: counts\norder: 2\noutput: counted\n"
    )
    _ = try must(["run", job])
    #expect(try tables("counted") == tables("text"))
  }

  @Test func `a build without repeated lines that is killed goes on to the same bytes`() throws {
    let text = Texts.random(bytes: 300_000)
    let path = try workshop.folder.write("text.txt", text + text)
    let arguments = { (name: String) in
      ["build", path, "-o", self.workshop.index(name), "--order", "4", "--remove-duplicates"]
    }
    _ = try must(arguments("reference"))
    let build = try BuiltBinary.start(arguments("index"))
    build.wait { workshop.journal().contains(" shard ") }
    build.send(signal: SIGKILL)
    _ = try build.wait()
    let resumed = try run(arguments("index") + ["--resume"])
    #expect(resumed.exitCode == 0, "\(resumed)")
    #expect(try workshop.contents() == workshop.contents(of: "reference"))
    let other = try run(Array(arguments("reference").dropLast()) + ["--resume"])
    #expect(other.exitCode != 0)
  }

  @Test func `count answers gaps, all orders and JSON`() throws {
    try workshop.mustBuild(Texts.small, "index", ["--order", "3"])
    let count = ["count", workshop.index()]
    #expect(try must(count + ["<s>", "the *", "* sat"]) == "<s>\t4\nthe *\t6\n* sat\t3\n")
    #expect(
      try must(count + ["the * sat", "--expand"])
        == "the * sat\t3\nthe cat sat\t2\nthe dog sat\t1\n"
    )
    #expect(
      try must(count + ["the * sat", "--expand", "--top", "1", "--json"])
        == #"{"count":3,"most":[{"count":2,"words":["the","cat","sat"]}],"ngram":"the * sat","ngrams":2}"#
        + "\n"
    )
    #expect(
      try must(count + ["-", "--all-orders"], input: "cat sat\n")
        == "cat\t4\nsat\t3\ncat sat\t2\n"
    )
    #expect(try run(count + ["a *", "--all-orders"]).exitCode == 64)
    #expect(try run(count + ["a", "--top", "0"]).exitCode == 64)
  }

  @Test func `vocabulary lists words that build takes as its vocabulary`() throws {
    try workshop.mustBuild(Texts.small, "index", ["--order", "2"])
    let list = ["vocabulary", workshop.index(), "--minimum", "3"]
    #expect(try must(list) == "the\t6\ncat\t4\nsat\t3\n")
    #expect(try must(list + ["--top", "1", "--json"]) == #"{"count":6,"word":"the"}"# + "\n")
    let words = try workshop.folder.write("words", try must(list + ["--words-only"]))
    try workshop.mustBuild(Texts.small, "small", ["--order", "2", "--vocabulary", words])
    let counts = try must(["dump-counts", workshop.index("small"), "--order", "1"])
    #expect(counts == "<unk>\t7\n<s>\t4\n</s>\t4\nthe\t6\ncat\t4\nsat\t3\n")
    #expect(
      try must(["vocabulary", "--text", "-", "--growth"], input: Texts.small)
        == "1\t1\n2\t2\n4\t4\n8\t6\n16\t8\n20\t9\n"
    )
    #expect(
      try must(["vocabulary", workshop.index(), "--oov", "-", "--list"], input: "the cow the\n")
        == "tokens\t3\nunknown tokens\t1\t33.33 %\ntypes\t2\nunknown types\t1\t50.00 %\ncow\t1\n"
    )
    #expect(
      try must(["vocabulary", workshop.index(), "--coverage"]).hasPrefix(
        "tokens\t20\ntypes\t9\n50 %\t2\t4\n"
      )
    )
    #expect(try run(["vocabulary"]).exitCode == 64)
    #expect(try run(["vocabulary", workshop.index(), "--growth"]).exitCode == 64)
  }
}

extension Dictionary {
  /// The same values under other keys.
  fileprivate func mapKeys(_ transform: (Key) -> Key) -> Self {
    Self(uniqueKeysWithValues: map { (transform($0.key), $0.value) })
  }
}
