import GramdexRescoring
import TestSupport
import Testing

@Suite("References")
struct ReferencesTests {
  private func references(_ contents: String) throws -> References {
    let folder = try TemporaryFolder()
    return try References(reading: folder.write("refs", contents))
  }

  @Test(arguments: [
    "u-1\ta b\nu-2\t\n", "u-1  a   b\r\nu-2\n", "\u{FEFF}#utt\tref\nu-1\ta b\nu-2\t\n",
    """
    {"utt": "u-1", "ref": "a b", "nbest": [{"text": "x"}]}
    {"id": "u-2", "reference": ""}
    {"utt": "u-3", "ref": null}
    """,
  ])
  func `all ways to write them say the same`(contents: String) throws {
    let references = try references(contents)
    #expect(references.utterances == ["u-1", "u-2"])
    #expect(references["u-1"] == "a b")
    #expect(references["u-2"] == "")
    #expect(references["u-3"] == nil)
  }

  @Test func `an id that comes twice is an error with both lines`() throws {
    let error = #expect(throws: NBestError.self) { try references("u\ta\n\nv\tb\nu\ta\n") }
    #expect(error?.line == 4)
    #expect(error?.problem == .duplicateID(id: "u", firstLine: 1))
  }

  @Test func `a line with another number of columns is an error`() throws {
    let error = #expect(throws: NBestError.self) { try references("u\ta\nv\n") }
    #expect(error?.problem == .columns(expected: 2, found: 1))
  }

  @Test func `a file without any is an error`() throws {
    #expect(throws: NBestError.self) { try references("") }
    #expect(throws: NBestError.self) { try references(#"{"utt": "a"}"#) }
  }

  @Test func `what finds no partner is named`() throws {
    var matching = ReferenceMatching(try references("a\tx\nb\ty\n"))
    #expect(
      matching.reference(of: NBestList(utterance: "b", hypotheses: [], reference: "own")) == "y"
    )
    #expect(
      matching.reference(of: NBestList(utterance: "c", hypotheses: [], reference: "own")) == "own"
    )
    #expect(matching.reference(of: NBestList(utterance: "d", hypotheses: [])) == nil)
    #expect(matching.listsWithoutReference == ["d"])
    #expect(matching.referencesWithoutList == ["a"])
    #expect(
      matching.warnings == ["1 list without a reference: d", "1 reference without a list: a"]
    )
  }
}
