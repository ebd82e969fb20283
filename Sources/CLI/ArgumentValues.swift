import ArgumentParser
import Gramdex
import GramdexCore

/// A number of bytes as people write it: `512M`.
struct SizeArgument: ExpressibleByArgument {
  /// The size in bytes.
  var bytes: UInt64

  init(bytes: UInt64) {
    self.bytes = bytes
  }

  init?(argument: String) {
    guard let bytes = ByteSize.parse(argument) else { return nil }
    self.bytes = bytes
  }

  var defaultValueDescription: String { ByteSize.format(bytes) }
}

/// Numbers separated by commas: `0,0,1`.
struct ListArgument<Element: LosslessStringConvertible & Sendable>: ExpressibleByArgument, Sendable
{
  /// The numbers.
  var values: [Element]

  init(values: [Element]) {
    self.values = values
  }

  init?(argument: String) {
    values = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = Element(String(part)) else { return nil }
      values.append(value)
    }
  }

  var defaultValueDescription: String { values.map(\.description).joined(separator: ",") }
}
