import Foundation

/// Lines on standard error, each beginning with `gramdex: `.
enum Messages {
  /// Whether standard error is a terminal.
  static let isTerminal = isatty(2) == 1

  /// Whether standard input is a terminal.
  static let isInputTerminal = isatty(0) == 1

  /// Writes one line.
  static func write(_ line: String) {
    writeRaw("gramdex: \(line)\n")
  }

  /// Writes `text` as it is; a standard error that is closed is no reason to stop.
  static func writeRaw(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Says that the command waits for somebody to type, when standard input is a terminal.
  static func announceTerminalInput() {
    if isInputTerminal {
      write("reading text from this terminal; end it with Ctrl-D on a line of its own")
    }
  }
}
