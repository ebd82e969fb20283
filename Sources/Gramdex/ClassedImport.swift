import Foundation
import GramdexClasses
import GramdexCore
import GramdexIndex

/// The words of a class model on their way into an index: those that it has scores of, and behind them the words of its classes.
struct ClassedImport {
  /// All words.
  private(set) var vocabulary: ArpaVocabulary
  /// The classes that the model has.
  private(set) var labels: [UInt32] = []
  /// For each word behind those of the model its class, and p(word | class).
  private(set) var members: [(classID: UInt32, probability: Double)] = []
  /// How many words were left out, as the model does not have their class.
  private(set) var leftOut = 0

  /// Adds the words of the classes file at `path` to those of a model.
  ///
  /// - Throws: `ClassFileError`, also for a word of a class that the model predicts by itself.
  init(_ model: ArpaVocabulary, classes path: String, tokenizer: TokenizerOptions) throws {
    vocabulary = model
    let classes = try WordClasses(path: path, tokenizer: tokenizer)
    let ids = classes.labels.map { model.id(of: $0.span, 0, $0.count) }
    labels = ids.compactMap(\.self)
    if labels.isEmpty { throw ClassFileError(path: path, line: nil, reason: .noClassInModel) }
    for member in classes.members {
      if model.id(of: member.word.span, 0, member.word.count) != nil {
        let text = String(decoding: member.word, as: UTF8.self)
        throw ClassFileError(path: path, line: nil, reason: .wordOfModel(text))
      }
      try add(member.word, to: ids[member.classNumber], member.probability)
    }
  }

  /// Adds the words of the classes of an index, whose words are in `source`, to those of a model made from it.
  init(_ model: ArpaVocabulary, _ memberships: WordMemberships, of source: Vocabulary) throws {
    vocabulary = model
    func id(_ label: UInt32) -> UInt32? {
      guard let bytes = source.bytes(of: WordID(rawValue: label)) else { return nil }
      return model.id(of: bytes.span, 0, bytes.count)
    }
    let ids = Dictionary(uniqueKeysWithValues: memberships.classes.map { ($0, id($0)) })
    labels = memberships.classes.compactMap { ids[$0] ?? nil }
    for number in 0..<memberships.memberCount {
      let word = UInt32(memberships.firstMember + number)
      let member = memberships.resolve(word)
      try add(
        source.bytes(of: WordID(rawValue: word)) ?? [],
        to: ids[member.id] ?? nil,
        pow(10, Double(member.log10Probability))
      )
    }
  }

  private mutating func add(_ word: [UInt8], to classID: UInt32?, _ probability: Double) throws {
    guard let classID else {
      leftOut += 1
      return
    }
    let count = vocabulary.count
    guard vocabulary.insert(word.span, 0, word.count).map(Int.init) == count else {
      throw TableError.damagedVocabulary(rule: "a word of a class is there twice")
    }
    members.append((classID, probability))
  }
}
