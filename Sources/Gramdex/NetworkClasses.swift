import GramdexClasses
import GramdexCore
import GramdexNeuralModels
import GramdexScoring

/// The classes of a network's words for a class soft-max, from a file that `cluster` wrote.
struct NetworkClasses {
  /// The class of each word of the network.
  let numbers: [Int32]
  /// A hash of all of them: what a checkpoint must agree in.
  let checksum: UInt64

  /// Reads a file of classes.
  ///
  /// Words of the network that the file lacks are one class more; `<unk>` and `</s>` are classes by themselves.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - words: the network's words, by their numbers.
  ///   - tokenizer: how the index's text became words.
  /// - Throws: `ClassFileError`, and what reading the file throws.
  init(path: String, words: [[UInt8]], tokenizer: TokenizerOptions) throws {
    let classes = try WordClasses(path: path, tokenizer: tokenizer)
    var known: [[UInt8]: Int32] = [:]
    for member in classes.members { known[member.word] = Int32(member.classNumber) }
    let rest = Int32(classes.labels.count)
    numbers = words.enumerated().map { number, word in
      number < ShortList.reservedCount ? rest + 1 + Int32(number) : known[word] ?? rest
    }
    // FNV-1a.
    checksum = numbers.reduce(0xcbf2_9ce4_8422_2325) { hash, number in
      (hash ^ UInt64(UInt32(bitPattern: number))) &* 0x100_0000_01b3
    }
  }
}
