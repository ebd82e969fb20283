import CNeuralKernels
import Testing

@Suite("Kernels: forms, numbers and vectors")
struct KernelTests {
  @Test func `the best form is in use, and others are chosen only where the processor has them`()
    async
  {
    // In a process of its own, since the choice is for the whole process.
    await #expect(processExitsWith: .success) {
      let best = gramdex_neural_best_form()
      precondition(gramdex_neural_form_in_use() == best)
      precondition(gramdex_neural_has_bfloat16() == (best == GRAMDEX_NEURAL_AVX512_BFLOAT16))
      let x = KernelSamples.floats(1001, seed: 1)
      let y = KernelSamples.floats(1001, seed: 2)
      for form in KernelForm.all {
        precondition(gramdex_neural_use(form.form))
        precondition(gramdex_neural_form_in_use() == form.form)
        precondition(unsafe gramdex_neural_dot(1001, x, y) == form.dot(x, y))
      }
      precondition(!gramdex_neural_use(gramdex_neural_form(rawValue: 17)))
      precondition(gramdex_neural_form_in_use() == KernelForm.all.last?.form)
      precondition(KernelForm.all.last?.form == best)
    }
  }

  @Test(arguments: KernelForm.all)
  func `bfloat16 numbers are the nearest, and all forms write the same`(form: KernelForm) {
    // All upper halves, each with the lower halves about which rounding turns.
    for low: UInt32 in [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF] {
      let values = (0..<UInt32(1 << 16)).map { Float(bitPattern: $0 << 16 | low) }
      let rounded = form.bfloat16(values)
      let wrong = values.indices.first { rounded[$0] != KernelTwin.bfloat16(values[$0]) }
      #expect(wrong == nil, "of \(wrong.map { values[$0] } ?? 0)")
    }
    for count in KernelSamples.counts {
      let values = KernelSamples.floats(count, seed: 3)
      #expect(form.bfloat16(values) == values.map(KernelTwin.bfloat16))
    }
  }

  @Test(arguments: KernelForm.all)
  func `all bfloat16 numbers are widened exactly`(form: KernelForm) {
    let all = (0...UInt16.max).map { $0 }
    #expect(form.widened(all).bits == all.map { UInt32($0) << 16 })
    for count in KernelSamples.counts {
      #expect(form.widened(Array(all[0x4000..<0x4000 + count])).count == count)
    }
  }

  @Test(arguments: KernelForm.all)
  func `one number that is not finite is found wherever it is`(form: KernelForm) {
    #expect(form.allFinite([]))
    for count in KernelSamples.counts {
      var values = KernelSamples.floats(count, seed: 4, range: 3e38)
      #expect(form.allFinite(values))
      for index in values.indices {
        let kept = values[index]
        for bad: Float in [.infinity, -.infinity, .nan] {
          values[index] = bad
          #expect(!form.allFinite(values))
        }
        values[index] = kept
      }
    }
  }

  @Test(arguments: KernelForm.all, KernelSamples.counts + [0, 1000])
  func `vectors are added, multiplied and summed`(form: KernelForm, count: Int) {
    let x = KernelSamples.floats(count, seed: 5)
    let y = KernelSamples.floats(count, seed: 6)
    let products = zip(x.doubles, y.doubles).map { $0 * $1 }
    let size = products.reduce(0) { $0 + abs($1) }
    // A few lanes' sums of floats, of up to 250 each.
    #expect(abs(Double(form.dot(x, y)) - products.reduce(0, +)) <= 1e-6 * size)
    let squares = x.doubles.reduce(0) { $0 + $1 * $1 }
    // Squares are exact and sums are of doubles.
    #expect(abs(form.sumOfSquares(x) - squares) <= 1e-14 * squares)
    let sums = zip(x.doubles, y.doubles).map { -1.25 * $0 + $1 }
    // One or two roundings of numbers up to 4.
    expect(form.adding(-1.25, times: x, to: y), sums, absolute: 1e-6)
    #expect(form.scaling(x, by: 0.3).bits == x.map { $0 * 0.3 }.bits)
    #expect(form.multiplying(x, by: y).bits == zip(x, y).map { $0 * $1 }.bits)
  }

  @Test(arguments: KernelForm.all)
  func `sums of squares do not overflow, and keep small numbers beside great ones`(
    form: KernelForm
  ) {
    #expect(form.sumOfSquares([3e38, 3e38]) == 2 * Double(3e38 as Float) * Double(3e38 as Float))
    let small = Float(0x1p-20)
    #expect(form.sumOfSquares([1] + Array(repeating: small, count: 1024)) == 1 + 0x1p-30)
  }

  @Test(arguments: KernelForm.all, KernelSamples.counts)
  func `rows are added to, and columns are summed`(form: KernelForm, columns: Int) {
    let rows = 5
    let x = KernelSamples.floats(rows * columns, seed: 7)
    let row = KernelSamples.floats(columns, seed: 8)
    let moved = x.indices.map { x[$0] + row[$0 % columns] }
    #expect(form.adding(row: row, to: x).bits == moved.bits)
    let sums = row.indices.map { c in
      (0..<rows).reduce(Double(row[c])) { $0 + Double(x[$1 * columns + c]) }
    }
    // Five roundings of numbers up to 18.
    expect(form.addingColumnSums(of: x, to: row), sums, absolute: 5e-6)
  }

  // MARK: - Updates

  @Test(arguments: KernelForm.all, KernelSamples.counts)
  func `parameters are updated as their papers say`(form: KernelForm, count: Int) {
    let value = KernelSamples.floats(count, seed: 9)
    let gradient = KernelSamples.floats(count, seed: 10)
    let mean = KernelSamples.floats(count, seed: 11)
    let squares = KernelSamples.floats(count, seed: 12).map { abs($0) }
    let g = gradient.doubles.map { 0.5 * $0 }
    // A few roundings of numbers up to 5.
    let absolute = 1e-6
    let descended = form.descend(value: value, gradient: gradient, rate: 0.1, factor: 0.5)
    expect(descended, (0..<count).map { Double(value[$0]) - 0.1 * g[$0] }, absolute: absolute)

    let adagrad = form.adagrad(
      value: value,
      squares: squares,
      gradient: gradient,
      rate: 0.1,
      factor: 0.5
    )
    let sums = (0..<count).map { Double(squares[$0]) + g[$0] * g[$0] }
    expect(adagrad.squares, sums, absolute: absolute)
    let moved = (0..<count).map { Double(value[$0]) - 0.1 * g[$0] / (sums[$0] + 1e-8).squareRoot() }
    expect(adagrad.value, moved, absolute: absolute)

    let adam = form.adam(
      value: value,
      mean: mean,
      squares: squares,
      gradient: gradient,
      factor: 0.5
    )
    let m = (0..<count).map { 0.9 * Double(mean[$0]) + 0.1 * g[$0] }
    let v = (0..<count).map { 0.99 * Double(squares[$0]) + 0.01 * g[$0] * g[$0] }
    expect(adam.mean, m, absolute: absolute)
    expect(adam.squares, v, absolute: absolute)
    let stepped = (0..<count).map { Double(value[$0]) - 0.01 * m[$0] / (v[$0].squareRoot() + 1e-6) }
    expect(adam.value, stepped, absolute: absolute)
  }

  @Test(arguments: KernelForm.all)
  func `a gradient of zero leaves parameters as they are`(form: KernelForm) {
    let value = KernelSamples.floats(33, seed: 13)
    let none = [Float](repeating: 0, count: 33)
    #expect(form.descend(value: value, gradient: none, rate: 1, factor: 1) == value)
    let adagrad = form.adagrad(value: value, squares: none, gradient: none, rate: 1, factor: 1)
    #expect(adagrad.value == value)
    let adam = form.adam(value: value, mean: none, squares: none, gradient: none, factor: 1)
    #expect(adam.value == value)
  }

  // MARK: - Dropout

  @Test(arguments: KernelForm.all)
  func `dropout masks are told by the position alone`(form: KernelForm) {
    for first: UInt64 in [0, 1, (1 << 32) - 5, .max - 100] {
      let mask = form.dropoutMask(count: 97, key: 42, first: first, rate: 0.3)
      let expected = (0..<97).map {
        KernelTwin.dropout(key: 42, position: first + $0, rate: 0.3)
      }
      #expect(mask == expected)
      for cut in [1, 5, 16, 50] {
        let split =
          form.dropoutMask(count: cut, key: 42, first: first, rate: 0.3)
          + form.dropoutMask(count: 97 - cut, key: 42, first: first + UInt64(cut), rate: 0.3)
        #expect(split == mask)
      }
    }
  }

  @Test(arguments: KernelForm.all, [0, 0.1, 0.5, 0.9] as [Float])
  func `dropout masks have their rate, and those of two keys have nothing in common`(
    form: KernelForm,
    rate: Float
  ) {
    let count = 20_000
    let mask = form.dropoutMask(count: count, key: 1, first: 0, rate: rate)
    #expect(mask.allSatisfy { $0 == 0 || $0 == 1 / (1 - rate) })
    // Numbers are fixed by the key; five standard deviations is what independent ones would keep.
    let p = Double(rate)
    func isNear(_ share: Double, _ expected: Double) -> Bool {
      abs(share - expected) <= 5 * (expected * (1 - expected) / Double(count)).squareRoot()
    }
    let dropped = mask.map { $0 == 0 }
    #expect(isNear(Double(dropped.count(where: \.self)) / Double(count), p))
    let other = form.dropoutMask(count: count, key: 2, first: 0, rate: rate).map { $0 == 0 }
    let both = zip(dropped, other).count { $0 && $1 }
    #expect(isNear(Double(both) / Double(count), p * p))
    let inTurn = zip(dropped, dropped.dropFirst()).count { $0 && $1 }
    #expect(isNear(Double(inTurn) / Double(count), p * p))
  }
}

/// Expects that numbers differ by no more than `absolute`.
func expect(
  _ actual: [Float],
  _ expected: [Double],
  relative: Double = 0,
  absolute: Double,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let found = difference(actual, expected, relative: relative, absolute: absolute)
  #expect(found == nil, sourceLocation: sourceLocation)
}
