import GramdexCore
import GramdexRescoring
import Testing

@Suite("Alignment and edit distance")
struct AlignmentTests {
  @Test
  func `the distance is that of the whole table, for all short sequences`() {
    let all = Self.allSequences(types: 2, upTo: 5)
    for reference in all {
      let prepared = EditDistance(reference: reference)
      for hypothesis in all {
        #expect(
          prepared.distance(to: hypothesis) == NaiveEvaluation.distance(reference, hypothesis),
          "\(reference) and \(hypothesis)"
        )
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func `the distance is that of the whole table, over several blocks`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<40 {
      let types = 1 + random.next(below: 40)
      let reference = NaiveEvaluation.randomTokens(&random, maximum: 300, types: types)
      let hypothesis = NaiveEvaluation.randomTokens(&random, maximum: 300, types: types)
      #expect(
        EditDistance(reference: reference).distance(to: hypothesis)
          == NaiveEvaluation.distance(reference, hypothesis),
        "seed \(seed): \(reference) and \(hypothesis)"
      )
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func
    `an alignment is the walk that prefers substitutions, then deletions, through the whole table`(
      seed: UInt64
    )
  {
    var random = SplitMix64(seed: seed)
    for _ in 0..<60 {
      let types = 1 + random.next(below: 6)
      let reference = NaiveEvaluation.randomTokens(&random, maximum: 40, types: types)
      let hypothesis = NaiveEvaluation.randomTokens(&random, maximum: 40, types: types)
      let alignment = WordAlignment(of: hypothesis, reference: reference)
      #expect(alignment.steps == Self.walk(reference, hypothesis), "\(reference) and \(hypothesis)")
    }
  }

  @Test
  func `a table too large to be held gives the same alignment`() {
    var random = SplitMix64(seed: 7)
    let reference = (0..<1_500).map { _ in Int32(random.next(below: 12)) }
    var hypothesis = reference
    for _ in 0..<700 {
      let place = random.next(below: hypothesis.count)
      switch random.next(below: 3) {
      case 0: hypothesis[place] = Int32(random.next(below: 12))
      case 1: hypothesis.remove(at: place)
      default: hypothesis.insert(Int32(random.next(below: 12)), at: place)
      }
    }
    let alignment = WordAlignment(of: hypothesis, reference: reference)
    #expect(alignment.steps == Self.walk(reference, hypothesis))
    #expect(
      alignment.counts.errors == EditDistance(reference: reference).distance(to: hypothesis)
    )
  }

  @Test
  func `nothing against nothing, and against something`() {
    #expect(WordAlignment(of: "", reference: "").steps.isEmpty)
    #expect(ErrorCounts(of: "", reference: "").rate == 0)
    #expect(ErrorCounts(of: "", reference: "a b") == ErrorCounts(deletions: 2))
    #expect(ErrorCounts(of: "a b", reference: "") == ErrorCounts(insertions: 2))
    #expect(ErrorCounts(of: "a b", reference: "").rate == .infinity)
  }

  @Test
  func `words are equal by canonical equivalence, and so are characters`() {
    #expect(ErrorCounts(of: "caf\u{e9}", reference: "cafe\u{301}").errors == 0)
    #expect(
      ErrorCounts(of: "caf\u{e9}", reference: "cafe\u{301}", unit: .characters)
        == ErrorCounts(correct: 4)
    )
  }

  @Test
  func `characters count the spaces between words`() {
    #expect(
      ErrorCounts(of: "ab", reference: "a b", unit: .characters)
        == ErrorCounts(correct: 2, deletions: 1)
    )
  }

  private static func allSequences(types: Int32, upTo length: Int) -> [[Int32]] {
    var all: [[Int32]] = [[]]
    var last = all
    for _ in 0..<length {
      last = last.flatMap { sequence in (0..<types).map { sequence + [$0] } }
      all += last
    }
    return all
  }

  private static func walk(_ reference: [Int32], _ hypothesis: [Int32]) -> [WordAlignment.Step] {
    let table = NaiveEvaluation.distances(reference, hypothesis)
    var (i, j) = (reference.count, hypothesis.count)
    var steps: [WordAlignment.Step] = []
    while i > 0 || j > 0 {
      let isSame = i > 0 && j > 0 && reference[i - 1] == hypothesis[j - 1]
      if i > 0, j > 0, table[i - 1][j - 1] + (isSame ? 0 : 1) == table[i][j] {
        steps.append(
          isSame
            ? .correct(reference: i - 1, hypothesis: j - 1)
            : .substitution(reference: i - 1, hypothesis: j - 1)
        )
        i -= 1
        j -= 1
      } else if i > 0, table[i - 1][j] + 1 == table[i][j] {
        steps.append(.deletion(reference: i - 1))
        i -= 1
      } else {
        steps.append(.insertion(hypothesis: j - 1))
        j -= 1
      }
    }
    return steps.reversed()
  }
}
