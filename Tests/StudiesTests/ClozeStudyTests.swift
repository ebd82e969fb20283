import TestSupport
import Testing

@testable import GramdexStudies

@Suite("Cloze stories")
struct ClozeStudyTests {
  @Test(arguments: [0, 1, 5])
  func `ask for the second name, which stands nowhere between`(fillers: Int) {
    let stories = Stories(seed: 1)
    for number in 0..<50 {
      let story = stories.story("test", number: number, fillers: fillers)
      #expect(story.answer != story.other)
      #expect(
        story.words.filter { Stories.names.contains($0) } == [
          story.other, story.answer, story.other,
        ]
      )
      #expect(story.words.count { $0 == "." } == 2 + fillers)
      let place = story.words.firstIndex(of: story.answer)
      #expect(place.map { story.words.count - $0 } == story.distance)
      #expect(story.text.hasSuffix("said hi to \(story.answer) ."))
      #expect(story == stories.story("test", number: number, fillers: fillers))
    }
    #expect(
      Set((0..<50).map { stories.story("test", number: $0, fillers: fillers).answer }).count > 5
    )
  }

  @Test func `is a table of models and distances`() throws {
    var study = ClozeStudy()
    study.cells = [.sigmoid]
    study.stories = 40
    study.fillers = 1
    study.askedFillers = [0, 1]
    study.asked = 5
    study.hidden = 6
    study.epochs = 1
    let folder = try TemporaryFolder()
    let report = try study.run(in: folder.path(""), threads: 1)
    #expect(report.tables[0].rows.count == 3 * 2)
    for row in report.tables[0].rows {
      guard case .number(let right, _) = row[3], case .number(let wrong, _) = row[4],
        case .number(let others, _) = row[5]
      else {
        Issue.record("\(row)")
        continue
      }
      #expect(right > 0 && wrong >= 0 && others > 0)
      #expect(right + wrong + others < 1.0001)
    }
    // Nothing is left of the index and the texts.
    #expect(folder.listing("").isEmpty)
    #expect(report.text == (try study.run(in: folder.path(""), threads: 2)).text)
  }
}
