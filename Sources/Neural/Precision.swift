import CNeuralKernels

/// What the operands of matrix products are rounded to; parameters, gradients and sums are 32-bit floats in any case.
public enum Precision: String, Sendable, Codable, CaseIterable {
  /// No rounding.
  case float32
  /// To bfloat16, to nearest even: 8 bits of mantissa, twice as fast where the processor multiplies them.
  case bfloat16

  /// bfloat16 where the processor multiplies such numbers faster than floats, else float32.
  public static var fastest: Precision {
    gramdex_neural_prefers_bfloat16() ? .bfloat16 : .float32
  }
}
