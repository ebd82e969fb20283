/// A classes file that cannot be used.
public struct ClassFileError: Error, Equatable, Sendable {
  /// What is wrong.
  public enum Reason: Equatable, Sendable {
    /// A line has a class and no word.
    case noWord
    /// The weight of a word is negative or no number.
    case badWeight(String)
    /// A class stands for several words in a row.
    case severalWords(String)
    /// `<s>`, `</s>` or `<unk>` is in a class, or names one.
    case reservedWord(String)
    /// The name of a class is a word of a class.
    case classInClass(String)
    /// A word is in two classes.
    case twoClasses(String, String, String)
    /// The weights of a class sum to nothing.
    case noWeight(String)
    /// A word of a class is also a word of the model.
    case wordOfModel(String)
    /// The model has none of the classes.
    case noClassInModel
    /// The file has no members at all.
    case noClasses
  }

  /// The file.
  public var path: String
  /// The line, from 1; nil when no single line is to blame.
  public var line: UInt64?
  /// What is wrong.
  public var reason: Reason

  /// Makes an error.
  public init(path: String, line: UInt64?, reason: Reason) {
    self.path = path
    self.line = line
    self.reason = reason
  }
}

extension ClassFileError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    let place = line.map { "\(path), line \($0)" } ?? path
    return switch reason {
    case .noWord:
      "\(place): there is no word behind the name of the class; write CLASS [p] word"
    case .badWeight(let text):
      "\(place): \(text) is no weight of a word; write a number from 0 up, as in CLASS 0.25 word"
    case .severalWords(let text):
      "\(place): \"\(text)\" is not one word; write one word of the model's text a line"
    case .reservedWord(let word):
      "\(place): \(word) cannot be a class or be in one; leave the line out"
    case .classInClass(let name):
      "\(place): \(name) is the name of a class and a word of a class; rename the class"
    case .twoClasses(let word, let first, let second):
      "\(place): \(word) is in the classes \(first) and \(second); keep one of the lines"
    case .noWeight(let label):
      "\(place): the weights of class \(label) sum to 0; give at least one of its words more"
    case .wordOfModel(let word):
      "\(place): \(word) is in a class and also a word of the model; leave it out of the class"
    case .noClassInModel:
      "\(place): none of its classes is a word of the model; give the classes that the model was made with"
    case .noClasses:
      "\(place): no word is in a class; write a line for each, CLASS [p] word"
    }
  }
}
