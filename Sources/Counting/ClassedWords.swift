/// Words that are counted as the class that they belong to.
package struct ClassedWords: Sendable, Equatable {
  /// A word and its class.
  package struct Member: Sendable, Equatable {
    /// The word in normal form.
    package var word: [UInt8]
    /// The place of its class in `labels`.
    package var classNumber: Int

    /// Makes a member.
    package init(word: [UInt8], classNumber: Int) {
      self.word = word
      self.classNumber = classNumber
    }
  }

  /// The names of the classes; different, none reserved, none a word of a class.
  package var labels: [[UInt8]]
  /// The words of all classes, each once, none reserved.
  package var members: [Member]

  /// Makes a list.
  package init(labels: [[UInt8]], members: [Member]) {
    self.labels = labels
    self.members = members
  }
}
