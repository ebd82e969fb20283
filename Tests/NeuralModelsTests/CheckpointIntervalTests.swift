import GramdexNeuralModels
import Testing

@Suite("The interval of checkpoints")
struct CheckpointIntervalTests {
  @Test(arguments: [
    ("1", CheckpointInterval.windows(1)), ("500", .windows(500)), ("30s", .seconds(30)),
    ("0.5s", .seconds(0.5)), ("0s", .seconds(0)),
  ])
  func `is windows or seconds`(text: String, expected: CheckpointInterval) {
    #expect(CheckpointInterval(text) == expected)
  }

  @Test(arguments: ["", "0", "-1", "s", "nans", "infs", "-1s", "1e300s", "5m", "1.5", "9e99"])
  func `is nothing else`(text: String) {
    #expect(CheckpointInterval(text) == nil)
  }
}
