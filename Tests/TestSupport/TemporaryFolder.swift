public import Foundation

/// A new empty folder that is removed, with everything in it, when the value is released.
public final class TemporaryFolder: Sendable {
  /// Where the folder is.
  public let url: URL

  /// Makes a folder in the system's temporary folder.
  public init() throws {
    url = FileManager.default.temporaryDirectory
      .appending(path: "gramdex-test-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    _ = try? FileManager.default.removeItem(at: url)
  }

  /// The path of a file or folder in it.
  public func path(_ name: String) -> String {
    url.appending(path: name).path
  }

  /// Writes a file of that name and returns its path.
  @discardableResult
  public func write(_ name: String, _ contents: String) throws -> String {
    try write(name, Data(contents.utf8))
  }

  /// Writes a file of that name and returns its path.
  @discardableResult
  public func write(_ name: String, _ contents: Data) throws -> String {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    try contents.write(to: file)
    return file.path
  }

  /// The names of everything inside, at any depth, sorted.
  public func listing(_ name: String = "") -> [String] {
    (FileManager.default.subpaths(atPath: path(name)) ?? []).sorted()
  }
}
