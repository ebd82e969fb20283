/// Sizes as people write them: `512M`, `4G`, powers of 1024.
public enum ByteSize {
  private static let units: [(suffix: Character, shift: UInt64)] = [
    ("K", 10), ("M", 20), ("G", 30), ("T", 40),
  ]

  /// The number of bytes in `text` (`64M`, `4g`, `1048576`, `1.5G`), or nil when it is none.
  public static func parse(_ text: String) -> UInt64? {
    var digits = text[...]
    if digits.last == "B" || digits.last == "b" { digits.removeLast() }
    var shift: UInt64 = 0
    if let last = digits.last,
      let unit = units.first(where: { $0.suffix == Character(last.uppercased()) })
    {
      shift = unit.shift
      digits.removeLast()
    }
    if let whole = UInt64(digits) {
      let (bytes, overflow) = whole.multipliedReportingOverflow(by: 1 << shift)
      return overflow ? nil : bytes
    }
    guard digits.allSatisfy({ $0.isNumber || $0 == "." }), let number = Double(digits), number >= 0
    else { return nil }
    let bytes = number * Double(UInt64(1) << shift)
    return bytes < 1e18 ? UInt64(bytes) : nil
  }

  /// `bytes` with one decimal in the largest unit that keeps it at least 1: `1.5G`.
  public static func format(_ bytes: UInt64) -> String {
    format(bytes, addingTenths: 0)
  }

  /// As `format`, but never less than `bytes`.
  public static func formatAtLeast(_ bytes: UInt64) -> String {
    let text = format(bytes)
    return parse(text).map { $0 >= bytes } == true ? text : format(bytes, addingTenths: 1)
  }

  private static func format(_ bytes: UInt64, addingTenths more: UInt64) -> String {
    guard let unit = units.last(where: { bytes >> $0.shift >= 1 }) else { return "\(bytes)" }
    let tenths = (bytes >> (unit.shift - 10)) * 10 / 1024 + more
    return tenths % 10 == 0
      ? "\(tenths / 10)\(unit.suffix)" : "\(tenths / 10).\(tenths % 10)\(unit.suffix)"
  }
}
