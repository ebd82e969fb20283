extension String {
  /// The words between spaces, by bytes.
  ///
  /// `split(separator:)` compares characters, and a combining mark after a space makes one character of both.
  package var spacedWords: [Substring] {
    utf8.split(separator: 0x20).map { Substring($0) }
  }
}
