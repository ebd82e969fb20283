import Foundation
import GramdexCore

/// Numbers as people read them; programs get JSON.
package enum Readable {
  /// Three digits and a unit of thousands: `3.14 M`, `512`.
  package static func number(_ value: Double) -> String {
    let units: [(limit: Double, suffix: String)] = [(1e9, " G"), (1e6, " M"), (1e3, " k")]
    guard let unit = units.first(where: { value >= $0.limit * 0.9995 }) else {
      return fixed(value, value < 10 ? 1 : 0)
    }
    let scaled = value / unit.limit
    return fixed(scaled, scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0) + unit.suffix
  }

  /// All digits, grouped by thousands: `13,622`.
  package static func grouped(_ value: UInt64) -> String {
    var digits = Array(String(value))
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: index)
      index -= 3
    }
    return String(digits)
  }

  /// A duration: `0.4 s`, `75 s`, `12 min`, `3.5 h`.
  package static func seconds(_ value: Double) -> String {
    switch value {
    case ..<9.95: "\(fixed(value, 1)) s"
    case ..<120: "\(fixed(value, 0)) s"
    case ..<7200: "\(fixed(value / 60, 0)) min"
    default: "\(fixed(value / 3600, 1)) h"
    }
  }

  /// A part of a whole: `12.34 %`.
  package static func percent(_ share: Double) -> String {
    fixed(100 * share, 2) + " %"
  }

  /// The number with this decimal logarithm: three digits and a power of ten, `6.68e-2`.
  package static func scientific(log10Probability logarithm: Double) -> String {
    guard logarithm.isFinite else { return "\(logarithm)" }
    let exponent = logarithm.rounded(.down)
    let mantissa = fixed(pow(10, logarithm - exponent), 2)
    return mantissa == "10.00" ? "1.00e\(Int(exponent) + 1)" : mantissa + "e\(Int(exponent))"
  }

  /// `value` with this many digits after the point, whatever the locale.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (value.magnitude * scale).rounded()
    guard rounded < 1e15 else { return "\(value)" }
    let whole = UInt64(rounded)
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let text = String(whole)
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
  }
}

/// Rows whose columns line up, right-aligned but for the first.
package struct TextTable {
  private var rows: [[String]] = []

  /// Makes a table with these column heads.
  package init(_ heads: [String]) {
    rows = [heads]
  }

  /// Adds a row; rows may be shorter than the heads.
  package mutating func add(_ row: [String]) {
    rows.append(row)
  }

  /// The lines, each ended by a newline.
  package var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + padding : padding + cell
      }
      let line = cells.joined(separator: "  ")
      return line.reversed().drop { $0 == " " }.reversed() + "\n"
    }.joined()
  }
}
