public import Gramdex
import GramdexStorage

/// A number or a word of a table.
public enum StudyValue: Hashable, Sendable {
  /// A word.
  case text(String)
  /// A whole number.
  case integer(Int)
  /// A number, of which people see so many digits after the point.
  case number(Double, digits: Int)
  /// A number by its decimal logarithm: it may be far too small or too large for a `Double`.
  case power(log10: Double)
  /// Nothing.
  case missing

  /// As people read it.
  var shown: String {
    switch self {
    case .text(let text): text
    case .integer(let number): "\(number)"
    case .number(let number, let digits): Readable.fixed(number, digits)
    case .power(let log10):
      log10 == -.infinity ? "0" : Readable.scientific(log10Probability: log10)
    case .missing: "-"
    }
  }

  /// As programs read it, in CSV.
  var field: String {
    switch self {
    case .text(let text):
      text.contains { ",\"\n".contains($0) } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
    case .integer(let number): "\(number)"
    case .number(let number, _): "\(number)"
    case .power(let log10): "\(tenTo(log10))"
    case .missing: ""
    }
  }

  /// As programs read it, in JSON.
  var json: JSONValue {
    switch self {
    case .text(let text): .string(text)
    case .integer(let number): .integer(Int64(number))
    case .number(let number, _): number.isFinite ? .number(number) : .null
    case .power(let log10): .number(tenTo(log10))
    case .missing: .null
    }
  }
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// 10 to the power of `log10`: 0 below the range of `Double`, the greatest number above it.
private func tenTo(_ log10: Double) -> Double {
  min(pow(10, log10), .greatestFiniteMagnitude)
}

/// A table of what a study found.
public struct StudyTable: Hashable, Sendable {
  /// The table's name among those of the study.
  public var name: String
  /// The heads of the columns.
  public var columns: [String]
  /// The rows, as long as the heads.
  public var rows: [[StudyValue]]

  /// A table.
  public init(_ name: String, columns: [String], rows: [[StudyValue]] = []) {
    self.name = name
    self.columns = columns
    self.rows = rows
  }

  /// Lines whose columns line up.
  public var text: String {
    var table = TextTable(columns)
    for row in rows { table.add(row.map(\.shown)) }
    return table.text
  }

  /// Comma-separated values with heads (RFC 4180).
  public var csv: String {
    ([columns.joined(separator: ",")]
      + rows.map { $0.map(\.field).joined(separator: ",") })
      .map { $0 + "\n" }.joined()
  }

  /// An object a row.
  var json: JSONValue {
    .array(
      rows.map { row in
        .object(Dictionary(zip(columns, row.map(\.json)), uniquingKeysWith: { first, _ in first }))
      }
    )
  }
}

/// What a study of gradients found.
public struct StudyReport: Sendable, Encodable {
  /// A drawing as SVG.
  public struct Drawing: Hashable, Sendable {
    /// What follows the prefix in the file's name; empty for nothing.
    public var name: String
    /// The text of the file.
    public var svg: String
  }

  /// The study's name.
  public var study: String
  /// What was asked.
  public var settings: [String: JSONValue]
  /// What people read: tables in few columns and rows.
  public var summaries: [StudyTable]
  /// What was found, in sentences.
  public var notes: [String]
  /// Everything that was found; the first table is the study's.
  public var tables: [StudyTable]
  /// The drawings.
  public var drawings: [Drawing]

  /// As people read it.
  public var text: String {
    (summaries.map(\.text) + [notes.map { $0 + "\n" }.joined()]).filter { !$0.isEmpty }
      .joined(separator: "\n")
  }

  /// The study's table as comma-separated values.
  public var csv: String { tables.first?.csv ?? "" }

  /// Settings, notes, and the tables as lists of objects.
  public func encode(to encoder: any Encoder) throws {
    var fields: [String: JSONValue] = [
      "study": .string(study),
      "settings": .object(settings),
      "notes": .array(notes.map(JSONValue.string)),
    ]
    for table in tables { fields[table.name] = table.json }
    try JSONValue.object(fields).encode(to: encoder)
  }

  /// Writes every table to `PREFIX.csv` or `PREFIX-NAME.csv`, and every drawing to `PREFIX.svg` or `PREFIX-NAME.svg`.
  ///
  /// - Returns: the files, in order.
  /// - Throws: `StorageError`.
  @discardableResult
  public func write(to prefix: String) throws -> [String] {
    var files: [(path: String, contents: String)] = []
    for (place, table) in tables.enumerated() {
      files.append((prefix + (place == 0 ? "" : "-" + table.name) + ".csv", table.csv))
    }
    for drawing in drawings {
      files.append(
        (prefix + (drawing.name.isEmpty ? "" : "-" + drawing.name) + ".svg", drawing.svg)
      )
    }
    for file in files { try Files.replace(file.path, contents: Array(file.contents.utf8)) }
    return files.map(\.path)
  }
}
