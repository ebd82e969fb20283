import CNeuralKernels

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
