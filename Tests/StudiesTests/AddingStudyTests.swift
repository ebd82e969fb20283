import GramdexNeural
import Testing

@testable import GramdexStudies

@Suite("The adding problem")
struct AddingStudyTests {
  @Test(arguments: [2, 3, 10, 51])
  func `marks a number in each half, and asks for their sum`(length: Int) {
    let problem = AddingProblem(length: length, seed: 3)
    let lanes = 40
    let inputs = FloatMatrix(rows: length * lanes, columns: 2)
    let targets = FloatMatrix(rows: lanes, columns: 1)
    problem.generate("training", number: 7, lanes: lanes, inputs: inputs, targets: targets)
    for lane in 0..<lanes {
      let rows = (0..<length).map { $0 * lanes + lane }
      let marked = (0..<length).filter { inputs[rows[$0], 1] == 1 }
      #expect(rows.allSatisfy { inputs[$0, 1] == 0 || inputs[$0, 1] == 1 })
      #expect(rows.allSatisfy { (0..<1).contains(inputs[$0, 0]) })
      #expect(marked.count == 2)
      #expect(marked[0] < length / 2 && marked[1] >= length / 2)
      #expect(targets[lane] == inputs[rows[marked[0]], 0] + inputs[rows[marked[1]], 0])
    }
  }

  @Test func `has other sequences in every batch and set, and the same ones again`() {
    let problem = AddingProblem(length: 6, seed: 1)
    func numbers(_ set: String, _ number: Int) -> [Float] {
      let inputs = FloatMatrix(rows: 12, columns: 2)
      problem.generate(
        set,
        number: number,
        lanes: 2,
        inputs: inputs,
        targets: FloatMatrix(rows: 2, columns: 1)
      )
      return inputs.elements
    }
    #expect(numbers("training", 1) == numbers("training", 1))
    #expect(numbers("training", 1) != numbers("training", 2))
    #expect(numbers("training", 1) != numbers("test", 1))
  }

  @Test func `has the baseline of who always answers 1`() {
    let problem = AddingProblem(length: 4, seed: 1)
    let lanes = 4000
    let targets = FloatMatrix(rows: lanes, columns: 1)
    problem.generate(
      "test",
      number: 1,
      lanes: lanes,
      inputs: FloatMatrix(rows: 4 * lanes, columns: 2),
      targets: targets
    )
    let error =
      targets.elements.reduce(0.0) { $0 + Double(($1 - 1) * ($1 - 1)) } / Double(lanes)
    // The standard error of the mean of 4,000 squares with a standard deviation of about 0.2 is 0.003.
    #expect(abs(error - AddingProblem.baseline) < 0.013)
  }

  @Test(arguments: [StudyCell.lstm, .irnn])
  func `of length 10 is learned`(cell: StudyCell) throws {
    var study = AddingStudy()
    study.hidden = 32
    study.steps = 1500
    let run = try study.run(cell, length: 10)
    #expect(run.learnedAfter != nil, "\(run.errors)")
    #expect(!run.hasExploded)
  }

  @Test func `has the same report for any number of threads`() throws {
    var study = AddingStudy()
    study.cells = [.sigmoid, .gru]
    study.lengths = [4, 8]
    study.hidden = 8
    study.lanes = 4
    study.steps = 6
    let reports = try [1, 3].map { try study.run(threads: $0) }
    #expect(reports[0].text == reports[1].text)
    #expect(reports[0].drawings == reports[1].drawings)
    #expect(reports[0].tables[0].rows.count == 4)
    #expect(reports[0].text.contains("after 6 batches"))
  }

  @Test func `stops when numbers are no longer finite`() throws {
    var study = AddingStudy()
    study.rate = 1e30
    study.hidden = 8
    study.lanes = 4
    study.steps = 100
    let run = try study.run(.relu, length: 6)
    #expect(run.hasExploded)
    #expect(run.learnedAfter == nil)
  }
}
