import CNeuralKernels

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
