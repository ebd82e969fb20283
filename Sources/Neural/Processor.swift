import CNeuralKernels

/// What computes: results are the same bytes on the same kind of processor with the same oneDNN.
public enum Processor {
  /// The form of our kernels, oneDNN's version, and the instructions that it uses:
  /// `avx512-bfloat16, oneDNN 2.6.3 avx512_core_bf16`.
  public static var description: String {
    let form: String
    switch gramdex_neural_form_in_use() {
    case GRAMDEX_NEURAL_PLAIN: form = "plain"
    case GRAMDEX_NEURAL_AVX2: form = "avx2"
    case GRAMDEX_NEURAL_AVX512: form = "avx512"
    default: form = "avx512-bfloat16"
    }
    let version = Int(gramdex_product_library_version())
    // SAFETY: a constant string of the library.
    let instructions = unsafe String(cString: gramdex_product_library_instructions())
    return """
      \(form), oneDNN \(version / 10_000).\(version / 100 % 100).\(version % 100) \(instructions)
      """
  }
}
