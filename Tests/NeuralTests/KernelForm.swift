import CNeuralKernels
import Testing

/// A form of the kernels that this processor has, called with arrays.
///
/// Each function copies its arguments to guarded memory and returns what the kernel made of them.
struct KernelForm: Sendable, CustomTestStringConvertible {
  var form: gramdex_neural_form

  static let plain = KernelForm(form: GRAMDEX_NEURAL_PLAIN)

  static let all: [KernelForm] = [
    GRAMDEX_NEURAL_PLAIN, GRAMDEX_NEURAL_AVX2, GRAMDEX_NEURAL_AVX512,
    GRAMDEX_NEURAL_AVX512_BFLOAT16,
  ].filter { unsafe gramdex_neural_kernels_of($0) != nil }.map { KernelForm(form: $0) }

  var testDescription: String {
    let names = ["plain", "AVX2", "AVX-512", "AVX-512 with bfloat16"]
    return names[Int(form.rawValue)]
  }

  var kernels: gramdex_neural_kernels {
    guard let table = unsafe gramdex_neural_kernels_of(form) else {
      preconditionFailure("the processor has no form \(form)")
    }
    return unsafe table.pointee
  }
}

// MARK: - Numbers and vectors

extension KernelForm {
  func bfloat16(_ values: [Float]) -> [UInt16] {
    let input = GuardedArray(values)
    let rounded = GuardedArray<UInt16>(count: values.count, of: 7)
    unsafe kernels.to_bfloat16(values.count, input.pointer, rounded.pointer)
    return rounded.elements
  }

  func widened(_ values: [UInt16]) -> [Float] {
    let input = GuardedArray(values)
    let widened = GuardedArray<Float>(count: values.count, of: 7)
    unsafe kernels.from_bfloat16(values.count, input.pointer, widened.pointer)
    return widened.elements
  }

  func allFinite(_ values: [Float]) -> Bool {
    let input = GuardedArray(values)
    return unsafe kernels.all_finite(values.count, input.pointer)
  }

  func dot(_ x: [Float], _ y: [Float]) -> Float {
    let x = GuardedArray(x)
    let y = GuardedArray(y)
    return unsafe kernels.dot(x.count, x.pointer, y.pointer)
  }

  func sumOfSquares(_ x: [Float]) -> Double {
    let x = GuardedArray(x)
    return unsafe kernels.sum_of_squares(x.count, x.pointer)
  }

  func adding(_ factor: Float, times x: [Float], to y: [Float]) -> [Float] {
    let x = GuardedArray(x)
    let y = GuardedArray(y)
    unsafe kernels.add_scaled(x.count, factor, x.pointer, y.pointer)
    return y.elements
  }

  func scaling(_ x: [Float], by factor: Float) -> [Float] {
    let x = GuardedArray(x)
    unsafe kernels.scale(x.count, factor, x.pointer)
    return x.elements
  }

  func multiplying(_ x: [Float], by y: [Float]) -> [Float] {
    let x = GuardedArray(x)
    let y = GuardedArray(y)
    unsafe kernels.multiply(x.count, y.pointer, x.pointer)
    return x.elements
  }

  func adding(row: [Float], to x: [Float]) -> [Float] {
    let row = GuardedArray(row)
    let x = GuardedArray(x)
    unsafe kernels.add_row(x.count / row.count, row.count, row.pointer, x.pointer)
    return x.elements
  }

  func addingColumnSums(of x: [Float], to sums: [Float]) -> [Float] {
    let x = GuardedArray(x)
    let sums = GuardedArray(sums)
    unsafe kernels.add_column_sums(x.count / sums.count, sums.count, x.pointer, sums.pointer)
    return sums.elements
  }

  func dropoutMask(count: Int, key: UInt64, first: UInt64, rate: Float) -> [Float] {
    let mask = GuardedArray<Float>(count: count, of: 7)
    unsafe kernels.dropout_mask(count, key, first, rate, mask.pointer)
    return mask.elements
  }
}

/// What a kernel wrote as floats, and as bfloat16 numbers.
struct Rounded: Equatable {
  var values: [Float]
  var rounded: [UInt16]

  /// Whether the bfloat16 numbers are the rounded floats.
  var agrees: Bool { rounded == values.map(KernelTwin.bfloat16) }
}
