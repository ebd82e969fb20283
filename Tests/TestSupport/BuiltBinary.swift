public import Foundation

/// The `gramdex` program that was built with the tests, run as a user runs it.
public enum BuiltBinary {
  /// Where the program is: `GRAMDEX_BINARY`, or beside the test bundle, or in `.build/debug`; nil when it was not built.
  public static let url: URL? = {
    if let path = ProcessInfo.processInfo.environment["GRAMDEX_BINARY"] {
      return URL(filePath: path)
    }
    let beside = URL(filePath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
    let folders = [beside, SharedData.package.appending(path: ".build/debug")]
    return folders.map { $0.appending(path: "gramdex") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }()

  /// Whether the program was built.
  public static let isBuilt = url != nil

  /// Whether a process can be made to which permissions apply.
  public static let canBeUnprivileged =
    getuid() != 0 || FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")

  /// Why a test is skipped without the program.
  public static let absent = "needs the built gramdex: swift build, or GRAMDEX_BINARY=PATH"

  /// What a process reads as standard input.
  public enum Input: Sendable {
    /// Nothing: the end at once.
    case nothing
    /// These bytes.
    case data(Data)
    /// A file's contents.
    case file(String)
    /// What the test writes later, with `RunningProcess.write`.
    case pipe
  }

  /// How a process is started, besides its arguments.
  public struct Setting: Sendable {
    /// Standard input.
    public var input = Input.nothing
    /// Variables added to the environment of the tests.
    public var environment: [String: String] = [:]
    /// The working folder, nil for that of the tests.
    public var folder: String?
    /// Limits in the notation of the shell's `ulimit`: `["-f 100"]` for files of 100 × 512 bytes.
    public var limits: [String] = []
    /// Whether root gives up its rights first, so that permissions count.
    public var isUnprivileged = false
    /// After so long the process is killed and the test fails.
    public var timeoutSeconds: Double = 60

    /// Makes the usual setting: no input, the tests' environment, no limits.
    public init() {}
  }

  /// Runs `gramdex` with these arguments and waits for its end.
  public static func run(
    _ arguments: String...,
    setting: Setting = Setting()
  ) throws -> ProcessOutcome {
    try run(arguments, setting: setting)
  }

  /// Runs `gramdex` with these arguments and waits for its end.
  public static func run(
    _ arguments: [String],
    setting: Setting = Setting()
  ) throws -> ProcessOutcome {
    try start(arguments, setting: setting).wait()
  }

  /// Runs `gramdex` with these arguments on `input` and waits for its end.
  public static func run(_ arguments: String..., input: String) throws -> ProcessOutcome {
    var setting = Setting()
    setting.input = .data(Data(input.utf8))
    return try run(arguments, setting: setting)
  }

  /// Starts `gramdex` and returns at once.
  public static func start(
    _ arguments: [String],
    setting: Setting = Setting()
  ) throws -> RunningProcess {
    guard let url else { throw Subprocess.Failure(message: absent) }
    return try RunningProcess(program: url, arguments: arguments, setting: setting)
  }
}
