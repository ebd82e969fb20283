import Gramdex
import GramdexCore
import Testing

@Suite("Build options")
struct BuildOptionsTests {
  private func options(_ change: (inout BuildOptions) -> Void) -> BuildOptions {
    var options = BuildOptions(inputs: ["a.txt"])
    change(&options)
    return options
  }

  @Test
  func `that are the defaults are valid`() throws {
    let options = BuildOptions(inputs: ["a.txt"])
    #expect(try options.validated() == options)
  }

  @Test(arguments: [1, 5, BuildOptions.maximumOrder])
  func `accept every order an index can hold`(order: Int) throws {
    _ = try options { $0.order = order }.validated()
  }

  @Test
  func `that cannot work are refused`() {
    let cases: [((inout BuildOptions) -> Void, OptionsError)] = [
      ({ $0.inputs = [] }, .noInput),
      ({ $0.order = 0 }, .order(0)),
      ({ $0.order = 64 }, .order(64)),
      ({ $0.memoryBytes = 1 << 20 }, .memory(1 << 20)),
      ({ $0.threads = 0 }, .threads(0)),
      ({ $0.jsonField = "" }, .emptyJSONField),
      ({ ($0.vocabulary, $0.limitVocabulary) = ("a", "b") }, .twoVocabularies),
      ({ $0.pruning = .init([1]) }, .pruningUnigrams(1)),
      ({ $0.pruning = .init([0, 2, 1]) }, .pruningDecreases(before: 2, after: 1)),
      (
        { ($0.order, $0.pruning) = (2, .init([0, 0, 1])) },
        .pruningTooLong(values: 3, order: 2)
      ),
      ({ $0.smoothing.discountFallback = [1, 1] }, .discountCount(2)),
      ({ $0.smoothing.discountFallback = [0.5, 2.5, 1] }, .discount(2, 2.5)),
      ({ $0.modelName = "a:b" }, .modelName("a:b")),
      ({ $0.modelName = "" }, .modelName("")),
    ]
    for (change, error) in cases {
      #expect(throws: error) { try options(change).validated() }
    }
  }

  @Test
  func `are refused for a discount that is no number`() {
    #expect(throws: OptionsError.self) {
      try options { $0.smoothing.discountFallback = [.nan, 1, 1] }.validated()
    }
  }
}
