import Foundation
import GramdexRescoring
import TestSupport

/// Files with lists, for tests.
enum ListFiles {
  /// The folder with the samples of the formats.
  static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures")

  /// The path of a sample.
  static func fixture(_ name: String) -> String { fixtures.appending(path: name).path }

  /// The development lists of the shared data.
  static let shared = "data/dev/rescoring"

  /// All lists of files.
  static func read(
    _ paths: [String],
    _ options: NBestReadingOptions = NBestReadingOptions()
  ) throws -> [NBestList] {
    let reader = try NBestReader(paths, options: options)
    var lists: [NBestList] = []
    while let list = try reader.next() { lists.append(list) }
    return lists
  }

  /// All lists of a file with these contents.
  static func lists(
    _ contents: String,
    name: String = "lists",
    _ options: NBestReadingOptions = NBestReadingOptions()
  ) throws -> [NBestList] {
    let folder = try TemporaryFolder()
    return try read([folder.write(name, contents)], options)
  }

  /// The error that reading a file with these contents ends with, the folder's path left out; nil when there is none.
  static func error(
    _ contents: String,
    name: String = "lists",
    _ options: NBestReadingOptions = NBestReadingOptions()
  ) throws -> NBestError? {
    let folder = try TemporaryFolder()
    let path = try folder.write(name, contents)
    do {
      _ = try read([path], options)
      return nil
    } catch var error as NBestError {
      error.file = name
      return error
    }
  }
}
