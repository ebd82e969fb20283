public import Foundation

/// Runs another program and gathers what it wrote.
public enum Subprocess {
  /// A program that could not be run or failed.
  public struct Failure: Error, Sendable {
    /// What failed.
    public var message: String
  }

  /// The contents of a gzip file, unpacked by the `gzip` program.
  public static func gunzip(_ url: URL) throws -> Data {
    try output(of: "/usr/bin/env", ["gzip", "-dc", url.path])
  }

  /// What a program writes to its standard output; throws when it fails.
  @discardableResult
  public static func output(of program: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(message: "\(program) \(arguments) ended with \(process.terminationStatus)")
    }
    return data
  }
}
