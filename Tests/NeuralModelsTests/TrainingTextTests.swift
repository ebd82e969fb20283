import Foundation
import GramdexCore
import GramdexNeuralModels
import GramdexScoring
import GramdexStorage
import GramdexText
import TestSupport
import Testing

@Suite("Training text")
struct TrainingTextTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func ids(_ text: TrainingText) throws -> [UInt32] {
    let buffer = RecordBuffer<UInt32>(uninitialized: Int(text.tokens))
    try text.words.read(from: 0, count: Int(text.tokens), into: buffer, at: 0)
    return (0..<Int(text.tokens)).map { buffer[$0] }
  }

  private func read(
    _ paths: [String],
    tokenizer: TokenizerOptions = TokenizerOptions(),
    lexicon: Lexicon,
    convention: TextConvention = .gramdex,
    jsonField: String? = nil
  ) throws -> TrainingText {
    try TrainingText.read(
      TextInputs(InputOptions(paths: paths, jsonField: jsonField)),
      tokenizer: tokenizer,
      lexicon: lexicon,
      convention: convention,
      folder: folder.url.path
    )
  }

  private func lexicon(_ words: [String]) -> Lexicon {
    Lexicon(words: words.map { Array($0.utf8) })
  }

  @Test(arguments: [TextConvention.gramdex, .lmplz])
  func `ids are those of the sentences`(convention: TextConvention) throws {
    var generator = SeededGenerator(seed: 3)
    let spellings = ["a", "b", "c", "<s>", "</s>", "<unk>", "x", "yz", "中", ""]
    let lines = (0..<20_000).map { _ in
      (0..<Int.random(in: 0..<9, using: &generator)).map { _ in
        spellings.randomElement(using: &generator) ?? ""
      }.joined(separator: [" ", "\t ", "\r"].randomElement(using: &generator) ?? " ")
    }
    // The last line has no line end.
    let text = lines.joined(separator: "\n") + "\na"
    let lexicon = lexicon(["a", "b", "中", "c"])
    let read = try read(
      [try folder.write("text", text)],
      lexicon: lexicon,
      convention: convention
    )
    var expected: [UInt32] = []
    for sentence in NaiveText.sentences(Array(text.utf8), convention: convention) {
      expected += sentence.map { lexicon.id(of: $0).rawValue } + [2]
    }
    #expect(try ids(read) == expected)
    #expect(read.tokens == UInt64(expected.count))
    for id in 0..<7 {
      #expect(read.counts[id] == UInt64(expected.count { $0 == id }), "id \(id)")
    }
    #expect(read.sentences == UInt64(expected.count { $0 == 2 }))
    #expect(read.unknownTokens == UInt64(expected.count { $0 == 0 }))
    let all = lines.joined(separator: " ").utf8.split(whereSeparator: TextPolicy.isSeparator)
    let skipped = convention == .lmplz ? ["<s>", "</s>", "<unk>"] : ["<s>", "</s>"]
    let marks = all.count { skipped.contains(String(decoding: $0, as: UTF8.self)) }
    #expect(read.skippedReservedWords == UInt64(marks))
  }

  @Test func `compressed texts and JSON lines are the same text`() throws {
    let lines = (0..<500).map { "a b c a \($0)" }
    let text = lines.joined(separator: "\n") + "\n"
    let lexicon = lexicon(["b", "a", "7"])
    let plain = try read([try folder.write("plain.txt", text)], lexicon: lexicon)
    let json = lines.map { "{\"n\": 1, \"body\": \"\($0)\"}" }.joined(separator: "\n")
    let fromJSON = try read(
      [try folder.write("t.jsonl", json)],
      lexicon: lexicon,
      jsonField: "body"
    )
    #expect(try ids(fromJSON) == ids(plain))
    #expect(fromJSON.checksum == plain.checksum)
    for name in ["t.gz", "t.zst"] {
      let path = folder.path(name)
      var output = try CompressedOutput(path: path)
      try output.write(text)
      try output.finish()
      #expect(try read([path], lexicon: lexicon).checksum == plain.checksum, "\(name)")
    }
    let other = try read([try folder.write("o", text + "a\n")], lexicon: lexicon)
    #expect(other.checksum != plain.checksum)
  }

  @Test func `words are cut by the index's tokenizer`() throws {
    let lexicon = lexicon(["hello", ",", "world"])
    let read = try read(
      [try folder.write("text", "Hello, WORLD!\n")],
      tokenizer: TokenizerOptions(kind: .words, lowercase: true),
      lexicon: lexicon
    )
    #expect(try ids(read) == [3, 4, 5, 0, 2])
  }

  @Test func `a line longer than many blocks is one sentence`() throws {
    // 6 MB, more than stays together.
    let (count, long) = (60_000, String(repeating: "x", count: 97))
    let line = String(repeating: "a \(long) ", count: count)
    let read = try read(
      [try folder.write("text", line + "\n\(long)\n\n \nc")],
      lexicon: lexicon(["a", long])
    )
    #expect(read.sentences == 3)
    #expect(read.tokens == UInt64(2 * count + 5))
    #expect(read.counts[3] == UInt64(count))
    #expect(read.counts[4] == UInt64(count + 1))
  }

  @Test func `an empty text says so`() throws {
    for text in ["", "\n \n\t\n", "<s> </s>\n"] {
      let path = try folder.write("empty", text)
      let error = try #require(throws: NeuralModelError.self) {
        try read([path], lexicon: lexicon(["a"]))
      }
      #expect(error == .emptyText(names: [path]))
      #expect(error.description.contains("no sentence in \(path)"))
    }
  }

  @Test func `a folder that is gone says so`() throws {
    let path = try folder.write("text", "a\n")
    let error = try #require(throws: ScratchFileError.self) {
      try TrainingText.read(
        TextInputs(InputOptions(paths: [path])),
        tokenizer: TokenizerOptions(),
        lexicon: lexicon(["a"]),
        folder: folder.path("missing")
      )
    }
    #expect(error.folder == folder.path("missing"))
  }

  @Test func `temporary files have no names`() throws {
    let path = try folder.write("text", "a b\n")
    let read = try read([path], lexicon: lexicon(["a"]))
    #expect(folder.listing() == ["text"])
    #expect(try ids(read) == [3, 0, 2])
  }

  @Test func `short lists hold the most frequent words, ties by id`() throws {
    let lexicon = lexicon(["a", "b", "c", "d", "e"])
    let path = try folder.write("text", "c b b\nd d c x a x x x\n")
    let text = try read([path], lexicon: lexicon)
    func words(_ list: ShortList) -> [String] {
      list.words(in: lexicon).map { String(decoding: $0, as: UTF8.self) }
    }
    let all = ShortList(of: text)
    #expect(words(all) == ["<unk>", "</s>", "b", "c", "d", "a"])
    #expect(all.count == 6)
    for limit in 0..<9 {
      let list = ShortList(of: text, limit: limit)
      let count = min(max(limit, 2), 6)
      #expect(list.count == count)
      #expect(words(list) == Array(words(all).prefix(count)))
      // b c d a are 4 5 6 3 in the index.
      let places: [UInt32] = [0, 1, 1, 5, 2, 3, 4, 0]
      for id in 0..<8 {
        let expected = places[id] < count ? places[id] : 0
        #expect(list.networkID(of: UInt32(id)) == expected)
        #expect(list.contains(UInt32(id)) == (expected != 0))
      }
      #expect(list.networkID(of: .max) == 0)
      let buffer = list.frequencies(in: text)
      let frequencies = (0..<count).map { buffer[$0] }
      let known: [UInt64] = [0, 2, 2, 2, 2, 1]
      #expect(Array(frequencies.dropFirst()) == Array(known.prefix(count).dropFirst()))
      #expect(frequencies.reduce(0, +) == text.tokens)
    }
  }

  @Test func `a stored list finds its words under other ids`() throws {
    let words = ["<unk>", "</s>", "b", "gone", "a"].map { Array($0.utf8) }
    let list = try ShortList(words: words, lexicon: lexicon(["a", "x", "b"]), model: "m")
    #expect((0..<7).map { list.networkID(of: UInt32($0)) } == [0, 1, 1, 4, 0, 2, 0])
    let indexIDs = (0..<5).map { list.indexID(of: UInt32($0))?.rawValue }
    #expect(indexIDs == [0, 2, 5, nil, 3])
    for wrong in [
      [], ["<unk>"], ["</s>", "<unk>"], ["<unk>", "</s>", "a", "a"], ["<unk>", "</s>", ""],
      ["<unk>", "</s>", "<s>"], ["<unk>", "</s>", "a\nb"], ["<unk>", "</s>", "</s>"],
    ] {
      #expect(throws: NeuralModelError.self, "\(wrong)") {
        try ShortList(
          words: wrong.map { Array($0.utf8) },
          lexicon: lexicon(["a"]),
          model: "m"
        )
      }
    }
  }
}
