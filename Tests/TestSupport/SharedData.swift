public import Foundation

/// Finds the reference data beside the package; tests that need it are skipped where it is absent.
public enum SharedData {
  /// The root of this package.
  public static let package = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The folder with the reference data.
  public static let root = package.deletingLastPathComponent().appending(path: "shared")

  /// Whether the golden files of other programs are there.
  public static let hasGolden = exists("golden/arpa/COMMANDS.txt")

  /// Whether the development corpora are there.
  public static let hasData = exists("data/dev/lm/nasty.txt")

  /// Why a test is skipped without the reference data.
  public static let absent = "needs the reference data in ../shared"

  /// The address of a file of the reference data, such as `golden/in/toy.txt`.
  public static func url(_ path: String) -> URL {
    root.appending(path: path)
  }

  /// Whether a file of the reference data exists.
  public static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: url(path).path)
  }

  /// The bytes of a file of the reference data, unpacked if its name ends in `.gz`.
  public static func contents(_ path: String) throws -> Data {
    let url = url(path)
    return path.hasSuffix(".gz") ? try Subprocess.gunzip(url) : try Data(contentsOf: url)
  }

  /// The bytes of `path`, or of `path` with `.gz` added, whichever exists.
  public static func contentsMaybePacked(_ path: String) throws -> Data {
    try contents(exists(path) ? path : path + ".gz")
  }
}
