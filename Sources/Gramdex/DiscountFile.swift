import Foundation
import GramdexCore
import GramdexStorage

/// Discounts in a file: written by one estimation, read by another.
///
/// `{"discounts": [[0.61, 1.11, 1.49], …], "smoothing": "modified-kneser-ney"}`: a list an order, unigrams first.
public struct DiscountFile: Sendable, Codable, Equatable {
  /// The smoothing that the discounts belong to.
  public var smoothing: Smoothing
  /// Element k−1 for order k: one discount, or D1, D2 and D3+.
  public var discounts: [[Double]]

  private static let maximumBytes = 1 << 20

  /// Makes the contents of a file.
  public init(smoothing: Smoothing, discounts: [[Double]]) {
    self.smoothing = smoothing
    self.discounts = discounts
  }

  /// Reads a file.
  ///
  /// - Throws: `EstimateError.discountFile` when it is something else, or what the system says.
  public init(path: String) throws {
    let bytes = try Files.read(path, maximumBytes: Self.maximumBytes)
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(bytes))
    } catch {
      throw EstimateError.discountFile(path: path)
    }
  }

  /// Writes the file; what was at `path` is replaced when all is written.
  public func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try Files.replace(path, contents: Array(try encoder.encode(self)) + [UInt8(ascii: "\n")])
  }
}
