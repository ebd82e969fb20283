import GramdexStorage

/// A safetensors file being written: tensors of 32-bit floats, one after the other.
///
/// The file appears under its name in `finish()`, complete and on the disk; until then, and when the value goes away before,
/// what stood there stays. Same tensors and metadata give the same bytes.
/// Layout: see `SafetensorsHeader`. The header ends on a multiple of 8 bytes.
package struct SafetensorsWriter: ~Copyable {
  /// A tensor that is going to be written.
  package struct Plan: Equatable, Sendable {
    /// Its name.
    package let name: String
    /// Its sizes, the slowest first: row-major.
    package let shape: [Int]

    package init(_ name: String, _ shape: [Int]) {
      precondition(shape.allSatisfy { $0 >= 0 }, "a size is negative")
      self.name = name
      self.shape = shape
    }

    fileprivate var count: Int { shape.reduce(1, *) }
  }

  private let plans: [Plan]
  private var output: CompressedOutput
  private var next = 0
  /// The numbers of the next tensor that are written already.
  private var writtenCount = 0

  /// Begins a file with these tensors, which `append` is then given in the same order.
  ///
  /// - Throws: `SafetensorsError.badName` or `headerTooLong`; `CompressionError` when it cannot be made.
  package init(path: String, tensors: [Plan], metadata: [String: String] = [:]) throws {
    var names: Set<[UInt8]> = []
    for plan in tensors {
      func bad(_ reason: String) -> SafetensorsError {
        .badName(path: path, tensor: plan.name, reason: reason)
      }
      if plan.name == "__metadata__" { throw bad("the format keeps this name for itself") }
      guard names.insert(Array(plan.name.utf8)).inserted else { throw bad("the name is taken") }
    }
    let header = Self.header(tensors, metadata)
    guard header.count <= SafetensorsHeader.maximumBytes else {
      throw SafetensorsError.headerTooLong(path: path, bytes: header.count)
    }
    var output = try CompressedOutput(path: path, format: .plain)
    try output.write((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) })
    try output.write(header)
    self.plans = tensors
    self.output = output
  }

  /// Writes the numbers of the next tensor, or the next part of them.
  package mutating func append(_ numbers: Span<Float>) throws {
    passFinished()
    precondition(
      next < plans.count && writtenCount + numbers.count <= plans[next].count,
      "more numbers than the tensors have"
    )
    writtenCount += numbers.count
    if UInt32(1).littleEndian == 1 {
      // SAFETY: the span's memory is alive and not changed within the call.
      try unsafe numbers.withUnsafeBytes { bytes in try unsafe output.write(bytes) }
    } else {
      for index in numbers.indices {
        let bits = numbers[index].bitPattern
        try output.write((0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) })
      }
    }
  }

  /// Ends the file and gives it its name.
  package consuming func finish() throws {
    passFinished()
    precondition(next == plans.count, "a tensor was not written")
    try output.finish()
  }

  /// Goes on to the next tensor that still wants numbers.
  private mutating func passFinished() {
    while next < plans.count, writtenCount == plans[next].count {
      next += 1
      writtenCount = 0
    }
  }

  private static func header(_ tensors: [Plan], _ metadata: [String: String]) -> [UInt8] {
    var text = "{"
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { "\(quoted($0.key)):\(quoted($0.value))" }
      text += "\"__metadata__\":{\(texts.joined(separator: ","))}"
    }
    var offset = 0
    for plan in tensors {
      let end = offset + plan.count * MemoryLayout<Float>.size
      let shape = plan.shape.map(String.init).joined(separator: ",")
      if text.utf8.count > 1 { text += "," }
      text += quoted(plan.name)
      text += ":{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
      offset = end
    }
    text += "}"
    let padding = (8 - text.utf8.count % 8) % 8
    return Array(text.utf8) + [UInt8](repeating: 0x20, count: padding)
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
