import GramdexClasses
import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

// Stage 2, class models: which word belongs to which class.

extension BuildJob {
  /// Writes the memberships of words; does nothing in a build without classes.
  func writeMemberships(
    of corpus: borrowing EncodedCorpus,
    _ ranked: borrowing RankedVocabulary,
    to file: TableFileWriter
  ) throws {
    guard let classes = words.classes else { return }
    let reserved = Int(WordID.reservedCount)
    let labels = classes.labels.indices.map { ranked.finalIDs[reserved + $0] }
    let first = corpus.members.lowerBound
    let members = (ranked.keptCount..<ranked.count).map { id in
      let member = classes.members[Int(ranked.provisionalIDs[id]) - first]
      return (classID: labels[member.classNumber], probability: member.probability)
    }
    try VocabularyStage.write(
      classes: labels,
      members: members,
      firstMember: ranked.keptCount,
      to: file
    )
  }
}
