public import GramdexScoring
import GramdexStorage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension FilterOptions {
  private struct Thresholds: Decodable {
    var thresholds: [Double]
    var unit: ScoreUnit?
  }

  /// Reads the two thresholds in a file of JSON: the summary of an earlier filter, or `{"thresholds": [120, 480]}`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - unit: what perplexities are given by; a file that says otherwise is refused.
  /// - Returns: the thresholds.
  /// - Throws: `FilterError.thresholdsFile`, and `StorageError` when the file cannot be read.
  public static func thresholds(in path: String, unit: ScoreUnit) throws -> [Double] {
    let bytes = try Files.read(path, maximumBytes: 1 << 20)
    guard let found = try? JSONDecoder().decode(Thresholds.self, from: Data(bytes)),
      found.thresholds.count == 2, found.unit == nil || found.unit == unit
    else { throw FilterError.thresholdsFile(path: path, wanted: unit.rawValue) }
    return found.thresholds
  }
}
