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

// MARK: - Hidden units and cells

extension KernelForm {
  func activating(
    _ values: [Float],
    rows: Int,
    _ function: gramdex_neural_activation,
    bias: [Float]?,
    rounds: Bool = true
  ) -> Rounded {
    let bias = bias.map(GuardedArray.init)
    let values = GuardedArray(values)
    let rounded = GuardedArray<UInt16>(count: values.count, of: 7)
    let columns = values.count / max(rows, 1)
    unsafe kernels.activate(
      rows,
      columns,
      function,
      bias?.pointer,
      values.pointer,
      rounds ? rounded.pointer : nil
    )
    return Rounded(values: values.elements, rounded: rounded.elements)
  }

  func activationGradient(
    _ gradient: [Float],
    _ function: gramdex_neural_activation,
    result: [Float],
    rounds: Bool = true
  ) -> Rounded {
    let result = GuardedArray(result)
    let gradient = GuardedArray(gradient)
    let rounded = GuardedArray<UInt16>(count: gradient.count, of: 7)
    unsafe kernels.activate_backward(
      gradient.count,
      function,
      result.pointer,
      gradient.pointer,
      rounds ? rounded.pointer : nil
    )
    return Rounded(values: gradient.elements, rounded: rounded.elements)
  }

  struct LSTMStep: Equatable {
    var gates, cell, cellTanh, output: [Float]
    var rounded: [UInt16]
  }

  func lstm(
    rows: Int,
    bias: [Float],
    before: [Float],
    sums: [Float],
    rounds: Bool = true
  ) -> LSTMStep {
    let bias = GuardedArray(bias)
    let before = GuardedArray(before)
    let gates = GuardedArray(sums)
    let cell = GuardedArray<Float>(count: before.count, of: 7)
    let cellTanh = GuardedArray<Float>(count: before.count, of: 7)
    let output = GuardedArray<Float>(count: before.count, of: 7)
    let rounded = GuardedArray<UInt16>(count: before.count, of: 7)
    unsafe kernels.lstm(
      rows,
      before.count / rows,
      bias.pointer,
      before.pointer,
      gates.pointer,
      cell.pointer,
      cellTanh.pointer,
      output.pointer,
      rounds ? rounded.pointer : nil
    )
    return LSTMStep(
      gates: gates.elements,
      cell: cell.elements,
      cellTanh: cellTanh.elements,
      output: output.elements,
      rounded: rounded.elements
    )
  }

  /// The gradients of the sums and of the cell before.
  func lstmGradient(
    rows: Int,
    before: [Float],
    step: LSTMStep,
    dOutput: [Float],
    dCell: [Float],
    rounds: Bool = true
  ) -> (sums: Rounded, before: [Float]) {
    let before = GuardedArray(before)
    let cellTanh = GuardedArray(step.cellTanh)
    let gates = GuardedArray(step.gates)
    let dOutput = GuardedArray(dOutput)
    let dCell = GuardedArray(dCell)
    let rounded = GuardedArray<UInt16>(count: gates.count, of: 7)
    unsafe kernels.lstm_backward(
      rows,
      before.count / rows,
      before.pointer,
      cellTanh.pointer,
      dOutput.pointer,
      dCell.pointer,
      gates.pointer,
      rounds ? rounded.pointer : nil
    )
    return (Rounded(values: gates.elements, rounded: rounded.elements), dCell.elements)
  }

  struct GRUStep: Equatable {
    var input, recurrent, output: [Float]
    var rounded: [UInt16]
  }

  func gru(
    rows: Int,
    inputBias: [Float],
    recurrentBias: [Float],
    before: [Float],
    input: [Float],
    recurrent: [Float],
    rounds: Bool = true
  ) -> GRUStep {
    let inputBias = GuardedArray(inputBias)
    let recurrentBias = GuardedArray(recurrentBias)
    let before = GuardedArray(before)
    let input = GuardedArray(input)
    let recurrent = GuardedArray(recurrent)
    let output = GuardedArray<Float>(count: before.count, of: 7)
    let rounded = GuardedArray<UInt16>(count: before.count, of: 7)
    unsafe kernels.gru(
      rows,
      before.count / rows,
      inputBias.pointer,
      recurrentBias.pointer,
      before.pointer,
      input.pointer,
      recurrent.pointer,
      output.pointer,
      rounds ? rounded.pointer : nil
    )
    return GRUStep(
      input: input.elements,
      recurrent: recurrent.elements,
      output: output.elements,
      rounded: rounded.elements
    )
  }

  /// The gradients of the sums W x + b and U h + b, and what goes past the gates to the state before.
  func gruGradient(
    rows: Int,
    before: [Float],
    step: GRUStep,
    dOutput: [Float],
    rounds: Bool = true
  ) -> (input: Rounded, recurrent: Rounded, before: [Float]) {
    let before = GuardedArray(before)
    let dOutput = GuardedArray(dOutput)
    let input = GuardedArray(step.input)
    let recurrent = GuardedArray(step.recurrent)
    let dBefore = GuardedArray<Float>(count: before.count, of: 7)
    let inputRounded = GuardedArray<UInt16>(count: input.count, of: 7)
    let recurrentRounded = GuardedArray<UInt16>(count: input.count, of: 7)
    unsafe kernels.gru_backward(
      rows,
      before.count / rows,
      before.pointer,
      dOutput.pointer,
      input.pointer,
      recurrent.pointer,
      dBefore.pointer,
      rounds ? inputRounded.pointer : nil,
      rounds ? recurrentRounded.pointer : nil
    )
    return (
      Rounded(values: input.elements, rounded: inputRounded.elements),
      Rounded(values: recurrent.elements, rounded: recurrentRounded.elements),
      dBefore.elements
    )
  }
}

// MARK: - Losses and updates

extension KernelForm {
  struct SoftmaxLoss: Equatable {
    var gradient, logProbabilities: [Float]
  }

  func softmaxLoss(
    logits: [Float],
    bias: [Float]?,
    targets: [Int32],
    factor: Float
  ) -> SoftmaxLoss {
    let (logits, bias) = (GuardedArray(logits), bias.map(GuardedArray.init))
    let targets = GuardedArray(targets)
    let logProbabilities = GuardedArray<Float>(count: targets.count, of: 7)
    unsafe kernels.softmax_loss(
      targets.count,
      logits.count / targets.count,
      bias?.pointer,
      targets.pointer,
      factor,
      logits.pointer,
      logProbabilities.pointer,
      nil
    )
    return SoftmaxLoss(
      gradient: logits.elements,
      logProbabilities: logProbabilities.elements
    )
  }

  /// The gradient as floats and as bfloat16 numbers.
  func roundedSoftmaxLoss(
    logits: [Float],
    bias: [Float]?,
    targets: [Int32],
    factor: Float
  ) -> (gradient: Rounded, logProbabilities: [Float]) {
    let (logits, bias) = (GuardedArray(logits), bias.map(GuardedArray.init))
    let targets = GuardedArray(targets)
    let logProbabilities = GuardedArray<Float>(count: targets.count, of: 7)
    let rounded = GuardedArray<UInt16>(count: logits.count, of: 7)
    unsafe kernels.softmax_loss(
      targets.count,
      logits.count / targets.count,
      bias?.pointer,
      targets.pointer,
      factor,
      logits.pointer,
      logProbabilities.pointer,
      rounded.pointer
    )
    return (
      Rounded(values: logits.elements, rounded: rounded.elements),
      logProbabilities.elements
    )
  }

  func logSumExp(logits: [Float], rows: Int, bias: [Float]?) -> [Float] {
    let (logits, bias) = (GuardedArray(logits), bias.map(GuardedArray.init))
    let normalizers = GuardedArray<Float>(count: rows, of: 7)
    unsafe kernels.log_sum_exp(
      rows,
      logits.count / rows,
      bias?.pointer,
      logits.pointer,
      normalizers.pointer
    )
    return normalizers.elements
  }

  func logSoftmax(logits: [Float], rows: Int, bias: [Float]?) -> [Float] {
    let (logits, bias) = (GuardedArray(logits), bias.map(GuardedArray.init))
    unsafe kernels.log_softmax(rows, logits.count / rows, bias?.pointer, logits.pointer)
    return logits.elements
  }

  func noiseLoss(
    logits: [Float],
    offsets: [Float],
    factor: Float,
    rounds: Bool = true
  ) -> (gradient: Rounded, logProbability: Double) {
    let (logits, offsets) = (GuardedArray(logits), GuardedArray(offsets))
    let rounded = GuardedArray<UInt16>(count: logits.count, of: 7)
    let sum = unsafe kernels.noise_loss(
      logits.count / offsets.count,
      offsets.count,
      offsets.pointer,
      factor,
      logits.pointer,
      rounds ? rounded.pointer : nil
    )
    return (Rounded(values: logits.elements, rounded: rounded.elements), sum)
  }

  func descend(value: [Float], gradient: [Float], rate: Float, factor: Float) -> [Float] {
    let (value, gradient) = (GuardedArray(value), GuardedArray(gradient))
    unsafe kernels.descend(value.count, rate, factor, gradient.pointer, value.pointer)
    return value.elements
  }

  func adagrad(
    value: [Float],
    squares: [Float],
    gradient: [Float],
    rate: Float,
    factor: Float
  ) -> (value: [Float], squares: [Float]) {
    let (value, gradient) = (GuardedArray(value), GuardedArray(gradient))
    let squares = GuardedArray(squares)
    unsafe kernels.adagrad(
      value.count,
      rate,
      factor,
      gradient.pointer,
      squares.pointer,
      value.pointer
    )
    return (value.elements, squares.elements)
  }

  /// Adam with rate 0.01, first 0.9, second 0.99, epsilon 1e-6.
  func adam(
    value: [Float],
    mean: [Float],
    squares: [Float],
    gradient: [Float],
    factor: Float
  ) -> (value: [Float], mean: [Float], squares: [Float]) {
    let (value, gradient) = (GuardedArray(value), GuardedArray(gradient))
    let (mean, squares) = (GuardedArray(mean), GuardedArray(squares))
    unsafe kernels.adam(
      value.count,
      0.01,
      0.9,
      0.99,
      1e-6,
      factor,
      gradient.pointer,
      mean.pointer,
      squares.pointer,
      value.pointer
    )
    return (value.elements, mean.elements, squares.elements)
  }
}

/// What a kernel wrote as floats, and as bfloat16 numbers.
struct Rounded: Equatable {
  var values: [Float]
  var rounded: [UInt16]

  /// Whether the bfloat16 numbers are the rounded floats.
  var agrees: Bool { rounded == values.map(KernelTwin.bfloat16) }
}
