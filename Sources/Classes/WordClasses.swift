// A classes file has SRILM's form (classes-format(5)), one member of a class a line:
//
//   CLASS [p] word
//
// Fields are separated as words of text are; blank lines mean nothing. The second of three fields is the weight p. Without p
// it is 1. The weights of a class need not sum to one: they are divided by their sum. SRILM also lets a class stand for several words
// in a row, and a word belong to several classes; both are refused.

package import GramdexCore
import GramdexText

/// Which words belong to which class, and how likely each is in its class.
package struct WordClasses: Sendable, Equatable {
  /// A word of a class.
  package struct Member: Sendable, Equatable {
    /// The word in normal form.
    package var word: [UInt8]
    /// The place of its class in `labels`.
    package var classNumber: Int
    /// p(word | class); those of a class sum to one.
    package var probability: Double
  }

  /// The names of the classes, in the order of the file.
  package private(set) var labels: [[UInt8]] = []
  /// All words, each once.
  package private(set) var members: [Member] = []

  /// Reads the file at `path`; words are brought into the form of the tokenizer's, names of classes are not.
  ///
  /// Pieces of a SentencePiece model are not cut again.
  /// Members that are equal in normal form count together; those of which nothing is left are left out.
  ///
  /// - Throws: `ClassFileError`, and what reading the file throws.
  package init(path: String, tokenizer: TokenizerOptions) throws {
    let isPieces = tokenizer.kind == .sentencepiece
    let normalizer = TextNormalizer(isPieces ? TokenizerOptions() : tokenizer)
    var parser = Parser(path: path, normalizer: normalizer)
    let reader = try TextBlockReader(TextInputs(InputOptions(paths: [path])))
    while let block = try reader.next() {
      let bytes = block.bytes
      for (index, line) in TokenScanner.lines(of: bytes).enumerated() where !line.isEmpty {
        try parser.add(line.map { Array(bytes[$0]) }, line: block.firstLine + UInt64(index))
      }
    }
    (labels, members) = try parser.finished()
  }
}

/// Collects the lines of a classes file.
private struct Parser {
  let path: String
  let normalizer: TextNormalizer
  private var labels: [[UInt8]] = []
  private var numbers: [[UInt8]: Int] = [:]
  private var members: [WordClasses.Member] = []
  private var places: [[UInt8]: Int] = [:]
  private static let reserved = Set(
    [ReservedWord.unknown, ReservedWord.beginOfSentence, ReservedWord.endOfSentence].map {
      Array($0.utf8)
    }
  )

  init(path: String, normalizer: TextNormalizer) {
    self.path = path
    self.normalizer = normalizer
  }

  /// Adds one line that is not blank.
  mutating func add(_ fields: [[UInt8]], line: UInt64) throws {
    func error(_ reason: ClassFileError.Reason) -> ClassFileError {
      ClassFileError(path: path, line: line, reason: reason)
    }
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    if fields.count < 2 { throw error(.noWord) }
    var weight = 1.0
    var words = fields.dropFirst()
    if fields.count > 2, let number = Self.number(fields[1]) {
      if !(number >= 0 && number.isFinite) { throw error(.badWeight(text(fields[1]))) }
      weight = number
      words = words.dropFirst()
    }
    let parts = words.flatMap { word in
      let normal = normalizer.normalize(word)
      return TokenScanner.lines(of: normal).joined().map { Array(normal[$0]) }
    }
    if parts.count > 1 { throw error(.severalWords(text(Array(words.joined(separator: [0x20]))))) }
    guard let word = parts.first else { return }
    for name in [fields[0], word] where Self.reserved.contains(name) {
      throw error(.reservedWord(text(name)))
    }
    let number = numbers[fields[0], default: labels.count]
    if number == labels.count {
      if places[fields[0]] != nil { throw error(.classInClass(text(fields[0]))) }
      numbers[fields[0]] = number
      labels.append(fields[0])
    }
    if numbers[word] != nil { throw error(.classInClass(text(word))) }
    if let place = places[word] {
      let other = members[place].classNumber
      guard other == number else {
        throw error(.twoClasses(text(word), text(labels[other]), text(fields[0])))
      }
      members[place].probability += weight
    } else {
      places[word] = members.count
      members.append(WordClasses.Member(word: word, classNumber: number, probability: weight))
    }
  }

  /// The number that `field` writes, or nil.
  private static func number(_ field: [UInt8]) -> Double? {
    guard let first = field.first,
      (0x30...0x39).contains(first) || [0x2B, 0x2D, 0x2E].contains(first)
    else { return nil }
    return Double(String(decoding: field, as: UTF8.self))
  }

  /// Classes and members, with weights made probabilities.
  consuming func finished() throws -> ([[UInt8]], [WordClasses.Member]) {
    if members.isEmpty { throw ClassFileError(path: path, line: nil, reason: .noClasses) }
    var sums = [Double](repeating: 0, count: labels.count)
    for member in members { sums[member.classNumber] += member.probability }
    if let number = sums.firstIndex(where: { !($0 > 0 && $0.isFinite) }) {
      let label = String(decoding: labels[number], as: UTF8.self)
      throw ClassFileError(path: path, line: nil, reason: .noWeight(label))
    }
    for index in members.indices { members[index].probability /= sums[members[index].classNumber] }
    return (labels, members)
  }
}
