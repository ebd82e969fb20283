import TestSupport
import Testing

@testable import Gramdex
@testable import GramdexText

@Suite("What an unfinished build is known by")
struct JobIdentityTests {
  @Test func `one of another index format is not gone on with`() throws {
    let folder = try TemporaryFolder()
    let options = BuildOptions(inputs: [try folder.write("text.txt", "a b\n")])
    let inputs = try TextInputs(InputOptions(paths: options.inputs))
    let identity = try JobIdentity(options, inputs: inputs)
    let text = try identity.encoded()
    #expect(JobIdentity(text) == identity)
    let formats = try #require(text.firstMatch(of: /"formats":\[\d+,\d+\],/))
    let older = text.replacing(formats.output, with: "\"formats\":[1,2],")
    #expect(try identity.difference(from: #require(JobIdentity(older))) != nil)
    #expect(JobIdentity(text.replacing(formats.output, with: "")) == nil)
  }
}
