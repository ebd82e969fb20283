internal import CKernels

/// Turns the values of records into the decimal logarithms that tables store.
enum Logarithms {
  /// What an ARPA file's -inf becomes: the convention of ARPA files for log 0.
  static let log10OfZero: Float = -99

  /// Replaces `values` by what is stored: decimal logarithms, finite, and +0 in place of −0.
  static func replace(_ values: inout [Float], areLog10: Bool) {
    // SAFETY: the buffer does not leave the closure.
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      // SAFETY: the buffer lives for the closure and holds `count` floats.
      unsafe replace(start, count: buffer.count, areLog10: areLog10)
    }
  }

  /// As `replace`, but NaN stands for "none" and becomes −0.
  static func replaceOrNone(_ values: inout [Float], areLog10: Bool) {
    // SAFETY: the buffer does not leave the closure.
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      // SAFETY: the buffer lives for the closure and holds `count` floats.
      unsafe replaceOrNone(start, count: buffer.count, areLog10: areLog10)
    }
  }

  /// Replaces `count` values at `start` by what is stored.
  static func replace(_ start: UnsafeMutablePointer<Float>, count: Int, areLog10: Bool) {
    if !areLog10 {
      // SAFETY: the caller owns `count` floats at `start`.
      unsafe gramdex_log10(start, count)
      return
    }
    for index in 0..<count {
      // SAFETY: index < count.
      let value = unsafe start[index]
      unsafe start[index] = value.isFinite ? value + 0 : log10OfZero
    }
  }

  /// As `replace`, but NaN stands for "none" and becomes −0.
  static func replaceOrNone(_ start: UnsafeMutablePointer<Float>, count: Int, areLog10: Bool) {
    if !areLog10 {
      // SAFETY: the caller owns `count` floats at `start`.
      unsafe gramdex_log10_or_none(start, count)
      return
    }
    for index in 0..<count {
      // SAFETY: index < count.
      let value = unsafe start[index]
      unsafe start[index] = value.isFinite ? value + 0 : value.isNaN ? -0.0 : log10OfZero
    }
  }
}
