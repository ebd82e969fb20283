import Foundation
import GramdexCore
import GramdexIndex
import GramdexStorage

/// Which words belong to which classes of a class model, on their way into a classes file.
struct ClassesExport {
  private let vocabulary: Vocabulary
  private let memberships: WordMemberships

  /// Opens what the index of `options` says.
  ///
  /// - Throws: `ExportError.noClasses` where words are no members of classes.
  init(_ options: ExportOptions) throws {
    let folder = IndexFolder(options.index)
    let opened = try folder.withCurrent { manifest in
      guard let opened = try OpenedModel(folder, name: options.modelName, manifest: manifest) else {
        throw ExportError.noModel(
          index: options.index,
          model: options.modelName,
          available: manifest.models.map(\.name)
        )
      }
      return opened
    }
    vocabulary = try Vocabulary(file: opened.words)
    guard let memberships = try WordMemberships(file: opened.words, wordCount: vocabulary.count)
    else { throw ExportError.noClasses(index: options.index, model: options.modelName) }
    self.memberships = memberships
  }

  /// Writes a line for each word of a class: the class, p(word | class) and the word, by class and word.
  func write(to path: String) throws {
    var output = try CompressedOutput(path: path)
    let first = memberships.firstMember
    let ids = (UInt32(first)..<UInt32(first + memberships.memberCount))
      .map { (member: $0, membership: memberships.resolve($0)) }
      .sorted { ($0.membership.id, $0.member) < ($1.membership.id, $1.member) }
    for (id, membership) in ids {
      let probability = Float(pow(10, Double(membership.log10Probability)))
      try output.write(vocabulary.bytes(of: WordID(rawValue: membership.id)) ?? [])
      try output.write(" \(probability) ")
      try output.write((vocabulary.bytes(of: WordID(rawValue: id)) ?? []) + [0x0A])
    }
    try output.finish()
  }
}
