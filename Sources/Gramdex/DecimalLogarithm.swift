#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Between probabilities and their decimal logarithms.
enum DecimalLogarithm {
  /// What stands for log10 of 0, as in ARPA files.
  static let ofZero = -99.0

  /// 10 to the power of `exponent`; 0 for what stands for log10 of 0.
  static func power(_ exponent: Double) -> Double {
    exponent <= ofZero ? 0 : pow(10, exponent)
  }

  /// log10 of `value`, `ofZero` for 0 and less.
  static func logarithm(_ value: Double) -> Double {
    value > 0 ? max(log10(value), ofZero) : ofZero
  }
}
