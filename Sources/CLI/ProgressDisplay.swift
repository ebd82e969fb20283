import Foundation
import Gramdex
import GramdexCore
import Synchronization

/// Progress on standard error: one line rewritten in place on a terminal, plain lines otherwise.
///
/// Plain lines say when a stage ends, unless `isShort` says that nobody waits for that, and with `isVerbose` also
/// how far it is every few seconds.
final class ProgressDisplay: ProgressObserver {
  private struct State {
    var stage = 0
    var stageStart = ContinuousClock.now
    var lastShown = ContinuousClock.now - .seconds(3600)
    var hasEnded = false
    var isLineOpen = false
  }

  private let state = Mutex(State())
  private let isTerminal: Bool
  private let isVerbose: Bool
  private let isShort: Bool

  /// Makes a display for this process's standard error.
  init(isVerbose: Bool, isShort: Bool = false, isTerminal: Bool = Messages.isTerminal) {
    self.isShort = isShort
    self.isTerminal = isTerminal
    self.isVerbose = isVerbose
  }

  func progress(_ update: ProgressUpdate) {
    if isShort && !isTerminal && !isVerbose { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if update.stage != state.stage {
        state.stage = update.stage
        state.stageStart = now
        state.hasEnded = false
        state.lastShown = now - .seconds(3600)
      }
      let isEnd = update.total == update.completed
      let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
      let isDue = now - state.lastShown >= interval && (isTerminal || isVerbose)
      guard !state.hasEnded && (isEnd || isDue) else { return }
      state.hasEnded = isEnd
      state.lastShown = now
      let seconds = (now - state.stageStart) / .seconds(1)
      show(ProgressLine.text(update, seconds: seconds), isEnd: isEnd, &state)
    }
  }

  func warning(_ message: String) {
    state.withLock { state in
      finishLine(&state)
      Messages.write("warning: \(message)")
    }
  }

  /// Ends a line that is being rewritten, before other text is written.
  func finish() {
    state.withLock { finishLine(&$0) }
  }

  private func show(_ text: String, isEnd: Bool, _ state: inout State) {
    guard isTerminal else { return Messages.write(text) }
    Messages.writeRaw("\r\u{1B}[Kgramdex: \(text)" + (isEnd ? "\n" : ""))
    state.isLineOpen = !isEnd
  }

  private func finishLine(_ state: inout State) {
    if state.isLineOpen { Messages.writeRaw("\n") }
    state.isLineOpen = false
  }
}

/// The text of a progress line: `stage 2/4 count, 61%, 3.1 M windows/s, ETA 12 s`.
enum ProgressLine {
  /// The line for `update`, `seconds` after its stage began.
  static func text(_ update: ProgressUpdate, seconds: Double) -> String {
    var parts = ["stage \(update.stage)/\(update.stages) \(update.name)"]
    let isEnd = update.total == update.completed
    if let total = update.total, total > 0 {
      parts.append("\(Int(Double(update.completed) / Double(total) * 100))%")
    }
    if seconds >= 0.05 && update.completed > update.earlier {
      let rate = Double(update.completed - update.earlier) / seconds
      parts.append("\(Readable.number(rate)) \(update.unit)/s")
      if isEnd {
        parts.append("\(Readable.seconds(seconds))")
      } else if let total = update.total, total > update.completed {
        parts.append("ETA \(Readable.seconds(Double(total - update.completed) / rate))")
      }
    }
    return parts.joined(separator: ", ")
  }
}
