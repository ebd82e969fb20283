public import Foundation

/// How a process ended and what it wrote.
public struct ProcessOutcome: Sendable, CustomStringConvertible {
  /// The exit code, or nil when a signal ended the process.
  public var exitCode: Int32?
  /// The signal that ended the process, or nil.
  public var signal: Int32?
  /// Whether the process was killed because it took too long.
  public var timedOut: Bool
  /// What it wrote to standard output.
  public var output: Data
  /// What it wrote to standard error.
  public var errors: Data

  /// Standard output as text.
  public var outputText: String { String(decoding: output, as: UTF8.self) }

  /// Standard error as text.
  public var errorText: String { String(decoding: errors, as: UTF8.self) }

  /// Standard output as one JSON value.
  public func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: output)
  }

  /// How it ended, and the last part of its messages.
  public var description: String {
    let end = timedOut ? "timeout" : exitCode.map { "exit \($0)" } ?? "signal \(signal ?? 0)"
    return "\(end): \(errorText.suffix(2000)) \(outputText.suffix(500))"
  }
}

/// A process that was started; its output goes to files, so that it never waits for a reader.
public final class RunningProcess {
  private let process = Process()
  private let folder: TemporaryFolder
  private let deadline: Date
  private var pipe: Pipe?

  init(program: URL, arguments: [String], setting: BuiltBinary.Setting) throws {
    folder = try TemporaryFolder()
    deadline = Date(timeIntervalSinceNow: setting.timeoutSeconds)
    if setting.isUnprivileged && getuid() == 0 {
      process.executableURL = URL(filePath: "/usr/bin/setpriv")
      process.arguments =
        ["--reuid=65534", "--regid=65534", "--clear-groups", program.path] + arguments
    } else if setting.limits.isEmpty {
      process.executableURL = program
      process.arguments = arguments
    } else {
      let limits = setting.limits.map { "ulimit \($0) && " }.joined()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["-c", limits + "exec \"$0\" \"$@\"", program.path] + arguments
    }
    var environment = ProcessInfo.processInfo.environment
    environment.merge(setting.environment) { $1 }
    process.environment = environment
    if let path = setting.folder { process.currentDirectoryURL = URL(filePath: path) }
    process.standardOutput = try FileHandle(forWritingTo: folder.newFile("output"))
    process.standardError = try FileHandle(forWritingTo: folder.newFile("errors"))
    switch setting.input {
    case .nothing: process.standardInput = FileHandle.nullDevice
    case .data(let data):
      process.standardInput = try FileHandle(forReadingFrom: folder.newFile("input", data))
    case .file(let path):
      process.standardInput = try FileHandle(forReadingFrom: URL(filePath: path))
    case .pipe:
      pipe = Pipe()
      process.standardInput = pipe
    }
    try process.run()
  }

  /// Whether the process has not ended.
  public var isRunning: Bool { process.isRunning }

  /// The number of the process.
  public var identifier: Int32 { process.processIdentifier }

  /// Anonymous memory of the process now, as the kernel counts it; 0 where it does not tell, or the process has ended.
  public var anonymousBytes: UInt64 {
    let path = "/proc/\(process.processIdentifier)/status"
    guard let status = try? String(contentsOfFile: path, encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") })
    else { return 0 }
    return
      (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { UInt64($0) } ?? 0)
      << 10
  }

  /// What the process wrote to standard error so far.
  public var errorsSoFar: String { contents("errors") }

  /// What the process wrote to standard output so far.
  public var outputSoFar: String { contents("output") }

  private func contents(_ name: String) -> String {
    let data = try? Data(contentsOf: folder.url.appending(path: name))
    return String(decoding: data ?? Data(), as: UTF8.self)
  }

  /// Gives the process more standard input, when that is a pipe.
  public func write(_ text: String) throws {
    try pipe?.fileHandleForWriting.write(contentsOf: Data(text.utf8))
  }

  /// Ends the standard input, when that is a pipe.
  public func closeInput() throws {
    try pipe?.fileHandleForWriting.close()
  }

  /// Sends a signal to the process.
  public func send(signal: Int32) {
    _ = kill(process.processIdentifier, signal)
  }

  /// Waits until `condition` holds or the process ends; returns whether it still runs.
  @discardableResult
  public func wait(until condition: () -> Bool) -> Bool {
    while process.isRunning, !condition(), Date() < deadline { usleep(500) }
    return process.isRunning
  }

  /// Waits for the end; past the deadline, kills the process.
  public func wait() throws -> ProcessOutcome {
    while process.isRunning, Date() < deadline { usleep(1000) }
    let timedOut = process.isRunning
    if timedOut { send(signal: SIGKILL) }
    process.waitUntilExit()
    let wasSignaled = process.terminationReason == .uncaughtSignal
    return ProcessOutcome(
      exitCode: wasSignaled ? nil : process.terminationStatus,
      signal: wasSignaled ? process.terminationStatus : nil,
      timedOut: timedOut,
      output: try Data(contentsOf: folder.url.appending(path: "output")),
      errors: try Data(contentsOf: folder.url.appending(path: "errors"))
    )
  }
}

extension TemporaryFolder {
  fileprivate func newFile(_ name: String, _ contents: Data = Data()) throws -> URL {
    URL(filePath: try write(name, contents))
  }
}
