import Foundation
import Gramdex
import GramdexCore
import GramdexIndex
import TestSupport
import Testing

/// Two texts, and the indexes that are made of them.
private struct UpdateWorkshop {
  let folder: TemporaryFolder
  var order = 3
  var change: (inout BuildOptions) -> Void = { _ in }
  var limit: String?

  init(_ texts: [String: String]) throws {
    folder = try TemporaryFolder()
    for (name, text) in texts { _ = try folder.write(name, text) }
  }

  @discardableResult
  func build(_ name: String, _ texts: [String]) throws -> String {
    var options = BuildOptions(inputs: texts.map { folder.path($0) })
    options.order = order
    options.threads = 1
    options.memoryBytes = 64 << 20
    options.replace = true
    options.limitVocabulary = limit
    change(&options)
    try IndexBuilder.build(options, to: folder.path(name))
    return folder.path(name)
  }

  @discardableResult
  func update(
    _ name: String,
    _ texts: [String],
    removes: Bool = false,
    _ change: (inout UpdateOptions) -> Void = { _ in }
  ) throws -> UpdateSummary {
    var options = UpdateOptions(inputs: texts.map { folder.path($0) })
    options.removes = removes
    options.threads = 1
    options.memoryBytes = 64 << 20
    options.limitVocabulary = removes ? nil : limit
    change(&options)
    return try IndexUpdater.update(options, of: folder.path(name))
  }

  func meaning(_ name: String) throws -> IndexMeaning { try IndexMeaning(folder.path(name)) }

  /// Builds, updates and takes away in all ways, and compares with builds of all text.
  func check(_ note: String) throws {
    try build("all", ["a", "b"])
    try build("first", ["a"])
    let (all, first) = (try meaning("all"), try meaning("first"))
    try build("updated", ["a"])
    try update("updated", ["b"])
    try meaning("updated").expectEqual(all, "\(note): added")
    try update("updated", ["b"], removes: true)
    try meaning("updated").expectEqual(first, "\(note): added and taken away")
    try update("all", ["b"], removes: true)
    try meaning("all").expectEqual(first, "\(note): taken away")
  }
}

@Suite("An updated index")
struct UpdateTests {
  private static func texts(_ seed: UInt64, _ map: (String) -> String = { $0 }) -> [String: String]
  {
    let first = Corpora.random(seed: seed, sentences: 30, wordTypes: 12)
    // The second text has words of its own, and shares others.
    var second = Corpora.random(seed: seed &+ 1000, sentences: 12, wordTypes: 20)
    second.append(contentsOf: first.prefix(3))
    return ["a": map(Corpora.text(first)), "b": map(Corpora.text(second))]
  }

  @Test(arguments: UInt64(1)...3, 1...5)
  func `means what a build of all text means`(seed: UInt64, order: Int) throws {
    var workshop = try UpdateWorkshop(Self.texts(seed))
    workshop.order = order
    try workshop.check("seed \(seed), order \(order)")
  }

  @Test(arguments: 1...3)
  func `means it for all small corpora`(order: Int) throws {
    for (index, corpus) in Corpora.small.enumerated() where index % 7 == order {
      let other = Corpora.small[(index * 31 + 5) % Corpora.small.count]
      var workshop = try UpdateWorkshop(["a": Corpora.text(corpus), "b": Corpora.text(other)])
      workshop.order = order
      try workshop.check("\(corpus) and \(other)")
    }
  }

  @Test(arguments: 2...5)
  func `means it with pruned n-grams`(order: Int) throws {
    var workshop = try UpdateWorkshop(Self.texts(7))
    workshop.order = order
    workshop.change = { $0.pruning = PruningThresholds(Array([0, 1, 2].prefix(order))) }
    try workshop.check("order \(order)")
  }

  @Test(arguments: 1...4)
  func `means it with unknown words and blank lines`(order: Int) throws {
    var workshop = try UpdateWorkshop(
      Self.texts(9) { $0.replacing("w1 ", with: "<unk> ").replacing("w3\n", with: "\n\n") }
    )
    workshop.order = order
    try workshop.check("order \(order)")
  }

  @Test func `means it with other smoothing options`() throws {
    var workshop = try UpdateWorkshop(Self.texts(11))
    workshop.change = {
      $0.smoothing.vocabularyPadding = 500
      $0.smoothing.discountFallback = [0.3, 0.6, 0.9]
    }
    try workshop.check("padded")
    workshop.change = { $0.smoothing.interpolateUnigrams = false }
    try workshop.check("uninterpolated")
  }

  @Test(arguments: 1...3)
  func `counts words outside a closed vocabulary as unknown`(order: Int) throws {
    var workshop = try UpdateWorkshop(Self.texts(13))
    workshop.order = order
    let list = try workshop.folder.write("list", "w0\nw2\nw5\nnever\nw14\n")
    workshop.change = { $0.vocabulary = list }
    try workshop.check("closed")
  }

  @Test(arguments: 2...4)
  func `prunes words outside a limited vocabulary`(order: Int) throws {
    var workshop = try UpdateWorkshop(Self.texts(15))
    workshop.order = order
    // w13 to w19 are only in the second text: some of them listed, some not.
    workshop.limit = try workshop.folder.write("list", "w0\nw1\nw2\nw4\nw6\nw13\nw15\nw17\n")
    try workshop.check("limited")
    workshop.change = { $0.pruning = PruningThresholds(Array([0, 0, 1].prefix(order))) }
    try workshop.check("limited and pruned")
  }

  @Test func `needs the list of a limited vocabulary, and the same`() throws {
    var workshop = try UpdateWorkshop(Self.texts(17))
    workshop.limit = try workshop.folder.write("list", "w0\nw1\n")
    try workshop.build("index", ["a"])
    let path = workshop.folder.path("index")
    #expect(throws: UpdateError.needsWordList(path: path)) {
      try workshop.update("index", ["b"]) { $0.limitVocabulary = nil }
    }
    let other = try workshop.folder.write("other", "w0\nw1\nw2\n")
    #expect(throws: UpdateError.otherWordList(path: path, word: "w2", isListed: true)) {
      try workshop.update("index", ["b"]) { $0.limitVocabulary = other }
    }
    workshop.limit = nil
    try workshop.build("plain", ["a"])
    #expect(throws: UpdateError.needlessWordList(path: workshop.folder.path("plain"))) {
      try workshop.update("plain", ["b"]) { $0.limitVocabulary = other }
    }
  }

  @Test func `cuts text as the build did`() throws {
    var workshop = try UpdateWorkshop(["a": "The Cat sat.\nA dog ran!\n", "b": "the CAT ran.\n"])
    workshop.change = {
      $0.tokenizer.lowercase = true
      $0.tokenizer.stripPunctuation = true
    }
    try workshop.check("tokenizer")
    try workshop.build("index", ["a"])
    try workshop.update("index", ["b"])
    #expect(try workshop.meaning("index").words["cat"] == 2)
  }

  @Test func `has all models that were estimated over its counts`() throws {
    let workshop = try UpdateWorkshop(Self.texts(21))
    func estimate(_ name: String) throws {
      for (smoothing, order) in [(Smoothing.wittenBell, 2), (.goodTuring, 3)] {
        var estimation = EstimationOptions(smoothing)
        estimation.order = order
        try IndexEstimator.run(EstimateOptions(estimation), in: workshop.folder.path(name))
      }
    }
    for name in ["index", "all"] {
      try workshop.build(name, name == "all" ? ["a", "b"] : ["a"])
      try estimate(name)
    }
    let summary = try workshop.update("index", ["b"])
    #expect(summary.models.map(\.model) == ["good-turing", "ngram", "witten-bell"])
    for model in summary.models.map(\.model) {
      try IndexMeaning(workshop.folder.path("index"), model: model).expectEqual(
        try IndexMeaning(workshop.folder.path("all"), model: model),
        model
      )
    }
    // The model that was built with the counts may be gone.
    for name in ["index", "all"] {
      try IndexEstimator.remove(model: "ngram", from: workshop.folder.path(name))
    }
    try workshop.update("index", ["b"])
    try workshop.update("all", ["b"])
    for model in ["good-turing", "witten-bell"] {
      try IndexMeaning(workshop.folder.path("index"), model: model).expectEqual(
        try IndexMeaning(workshop.folder.path("all"), model: model),
        model
      )
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: workshop.folder.path("index"))
    #expect(names.count { $0.hasSuffix(".mdb") } == 3, "\(names)")
  }

  @Test func `has counts beyond 32 bits as a build has them`() throws {
    // Nothing can stand before <s>, so the adjusted count of "<s> a" is its raw count, 8 billion.
    let many = "4294967295 a b\n4294967295 a b\n" + (0..<40).map { "1 w\($0) a c\n" }.joined()
    var workshop = try UpdateWorkshop(["a": many, "b": "1 a b\n1 new a\n"])
    _ = try workshop.folder.write("plain", "a b\nnew a\n")
    workshop.change = { $0.weightsInLines = true }
    try workshop.build("all", ["a", "b"])
    try workshop.build("index", ["a"])
    try workshop.update("index", ["plain"])
    let updated = try workshop.meaning("index")
    updated.expectEqual(try workshop.meaning("all"), "weights")
    #expect(updated.counts["<s> a"]?.raw == 8_589_934_591)
    #expect(updated.counts["<s> a"]?.adjusted == 8_589_934_591)
  }

  @Test func `keeps ids and gives new words the next`() throws {
    let workshop = try UpdateWorkshop(["a": "b b b a a c\n", "b": "z z y y y a\n"])
    try workshop.build("index", ["a"])
    try workshop.update("index", ["b"])
    let folder = IndexFolder(workshop.folder.path("index"))
    let manifest = try folder.manifest()
    let vocabulary = try Vocabulary(file: try folder.open(manifest.files[0]))
    let words = (0..<UInt32(vocabulary.count)).map { vocabulary.word(WordID(rawValue: $0)) }
    #expect(words == ["<unk>", "<s>", "</s>", "b", "a", "c", "y", "z"])
  }

  @Test func `does not depend on threads or memory`() throws {
    let first = Corpora.random(seed: 51, sentences: 4000, wordTypes: 400, longest: 20)
    let second = Corpora.random(seed: 52, sentences: 900, wordTypes: 500, longest: 20)
    var workshop = try UpdateWorkshop(["a": Corpora.text(first), "b": Corpora.text(second)])
    workshop.order = 4
    var files: [Data] = []
    for (threads, memory) in [(1, 32), (3, 32), (2, 512)] {
      try workshop.build("index", ["a"])
      try workshop.update("index", ["b"]) {
        $0.threads = threads
        $0.memoryBytes = UInt64(memory) << 20
      }
      try workshop.update("index", ["b"], removes: true) {
        $0.threads = threads
        $0.memoryBytes = UInt64(memory) << 20
      }
      let manifest = try IndexFolder(workshop.folder.path("index")).manifest()
      let path = workshop.folder.path("index/" + manifest.files[0].name)
      files.append(try Data(contentsOf: URL(filePath: path)))
    }
    #expect(files[1] == files[0])
    #expect(files[2] == files[0])
  }

  @Test func `is not published for a text without sentences`() throws {
    let workshop = try UpdateWorkshop(["a": "a b\n", "b": "\n\n"])
    try workshop.build("index", ["a"])
    let before = try IndexFolder(workshop.folder.path("index")).manifest()
    let summary = try workshop.update("index", ["b"])
    #expect(!summary.isPublished && summary.generation == 1 && summary.warnings.count == 1)
    #expect(try IndexFolder(workshop.folder.path("index")).manifest() == before)
  }

  @Test func `lists the texts that it has`() throws {
    let workshop = try UpdateWorkshop(["a": "a b\nc\n", "b": "b c\n", "c": "c\n"])
    try workshop.build("index", ["a"])
    func corpus() throws -> [String] {
      try IndexFolder(workshop.folder.path("index")).manifest().corpus.map {
        URL(filePath: $0.path).lastPathComponent + ($0.isRemoved == true ? " removed" : "")
      }
    }
    try workshop.update("index", ["b"])
    #expect(try corpus() == ["a", "b"])
    try workshop.update("index", ["b"], removes: true)
    #expect(try corpus() == ["a"])
    try workshop.update("index", ["c"], removes: true)
    #expect(try corpus() == ["a", "c removed"])
  }
}

@Suite("A text that an index does not have")
struct MissingTextTests {
  private func expect(_ error: UpdateError, order: Int, _ text: String, _ taken: String) throws {
    var workshop = try UpdateWorkshop(["a": text, "b": taken])
    workshop.order = order
    try workshop.build("index", ["a"])
    let before = try IndexFolder(workshop.folder.path("index")).manifest()
    #expect(throws: error) { try workshop.update("index", ["b"], removes: true) }
    #expect(try IndexFolder(workshop.folder.path("index")).manifest() == before)
    let names = try FileManager.default.contentsOfDirectory(atPath: workshop.folder.path("index"))
    #expect(names.sorted() == ["LOCK", "MANIFEST", "ngrams-000001.mdb"])
  }

  @Test func `is refused by its first unknown word`() throws {
    try expect(
      .missingWord(word: "mouse", present: 0, removed: 1),
      order: 3,
      "the cat sat\nthe dog ran\nthe cat ran\n",
      "the mouse ran\n"
    )
  }

  @Test(arguments: 1...3)
  func `is refused by a word that it has too often`(order: Int) throws {
    try expect(
      .missingWord(word: "cat", present: 2, removed: 3),
      order: order,
      "the cat sat\nthe dog ran\nthe cat ran\na dog sat\n",
      "cat\ncat\ncat\n"
    )
  }

  @Test func `is refused by its first n-gram in context order`() throws {
    try expect(
      .missingNGram(ngram: "<s> cat", present: 0, removed: 1),
      order: 3,
      "the cat sat\nthe dog ran\nthe cat ran\n",
      "cat the sat\n"
    )
  }

  @Test func `is refused when nothing would be left`() throws {
    let workshop = try UpdateWorkshop(["a": "the cat\n"])
    try workshop.build("index", ["a"])
    #expect(throws: UpdateError.nothingLeft(path: workshop.folder.path("index"))) {
      try workshop.update("index", ["a"], removes: true)
    }
  }

  @Test func `cannot come or go without counts, or with lmplz's counts of counts`() throws {
    var workshop = try UpdateWorkshop(["a": "the cat\nthe dog\n", "b": "the cat\n"])
    workshop.change = { $0.keepCounts = false }
    let path = try workshop.build("index", ["a"])
    #expect(throws: UpdateError.noCounts(path: path, isImported: false)) {
      try workshop.update("index", ["b"])
    }
    workshop.change = {
      $0.smoothing.lmplzCompatible = true
      $0.convention = .lmplz
    }
    try workshop.build("index", ["a"])
    #expect(throws: UpdateError.lmplzCompatible(path: path)) { try workshop.update("index", ["b"]) }
  }
}
