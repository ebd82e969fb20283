package import GramdexStorage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

// The file of a neural model: a table file with the databases `network` and `parameters`.
//
//   network     description   a JSON object: what the model is, how it was trained; `architecture` is a string
//   network     vocabulary    the network's words in the order of their ids, an LF after each
//   network     shapes        a JSON array, an object a parameter: `name`, `shape` (one or two sizes, rows first)
//   parameters  <name>        the parameter's numbers: little-endian 32-bit floats, row-major, without gaps
//
// It is valid when every parameter of `shapes` is there with as many numbers as its shape says, no other is, the words
// end with an LF, and all numbers are finite.

/// The name and the shape of a parameter.
package struct ParameterShape: Hashable, Sendable, Codable {
  /// The name, such as `recurrent.0.input`.
  package var name: String
  /// One size (a vector) or two (rows, columns).
  package var shape: [Int]

  /// Makes a shape.
  package init(name: String, shape: [Int]) {
    self.name = name
    self.shape = shape
  }

  /// How many numbers there are; nil unless there are one or two sizes, none of them negative, and the number is possible.
  package var count: Int? {
    guard (1...2).contains(shape.count), shape.allSatisfy({ $0 >= 0 }) else { return nil }
    let (count, overflow) = shape[0].multipliedReportingOverflow(
      by: shape.count == 2 ? shape[1] : 1
    )
    return overflow || count > Int.max / 4 ? nil : count
  }
}

/// Numbers of a stored parameter, in the mapped file; keeps the file open.
@safe
package struct StoredParameter: Sendable {
  /// Its name and shape.
  package let shape: ParameterShape
  /// The bytes of its numbers, at an address that is a multiple of 64.
  private let bytes: MappedBytes

  fileprivate init(_ shape: ParameterShape, _ bytes: MappedBytes) {
    self.shape = shape
    self.bytes = bytes
  }

  /// How many numbers there are.
  package var count: Int { bytes.count / 4 }

  /// Calls `body` with the numbers, row-major, where they lie in the mapped file: nothing is copied.
  package func withUnsafeFloats<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe bytes.withUnsafeBytes { (bytes) throws(Failure) in
      // SAFETY: payloads are 64-byte aligned and hold whole floats, see `NeuralModelFile`; processors that gramdex is
      // built for are little-endian.
      let floats = unsafe bytes.baseAddress?.assumingMemoryBound(to: Float.self)
      return try unsafe body(UnsafeBufferPointer(start: floats, count: bytes.count / 4))
    }
  }

  /// Copies the numbers to `target`, which has as many elements.
  package func copy(to target: borrowing RecordBuffer<Float>) {
    precondition(target.count == count)
    unsafe withUnsafeFloats { numbers in
      if let start = numbers.baseAddress {
        // SAFETY: both have `count` elements, and the buffer is memory of its own.
        unsafe target.pointer.update(from: start, count: numbers.count)
      }
    }
  }

  /// Whether all numbers are finite.
  package var isFinite: Bool { unsafe withUnsafeFloats { unsafe NeuralModelFile.areFinite($0) } }
}

/// A neural model of an index, open for reading from any number of threads.
///
/// At open the description and the shapes are read and all sizes checked; parameters stay in the mapped file.
package struct NeuralModelFile: Sendable {
  static let descriptionKey = Array("description".utf8)
  static let vocabularyKey = Array("vocabulary".utf8)
  static let shapesKey = Array("shapes".utf8)

  /// What the manifest says of the model.
  package let entry: NeuralModelEntry
  /// What the index holds.
  package let manifest: Manifest
  /// Its parameters, in the order in which they were stored.
  package let shapes: [ParameterShape]
  private let file: TableFile

  /// Opens the neural model `name` of the index at `path`; takes no lock and writes nothing.
  ///
  /// - Throws: `NeuralFileError`, `IndexError` or `StorageError`, each saying what to do.
  package static func open(_ path: String, model name: String) throws -> Self {
    let folder = IndexFolder(path)
    return try folder.withCurrent { manifest in
      guard let entry = manifest.neuralModel(name) else {
        throw NeuralFileError.noModel(
          name: name,
          path: path,
          names: manifest.neuralModels.map(\.name)
        )
      }
      return try Self(folder, entry, manifest: manifest)
    }
  }

  /// Opens a model that the manifest names.
  package init(_ folder: IndexFolder, _ entry: NeuralModelEntry, manifest: Manifest) throws {
    guard let listed = manifest.files.first(where: { $0.name == entry.file }) else {
      throw IndexError.damagedManifest(
        path: folder.path(IndexFolder.manifestName),
        reason: "it does not list \(entry.file), the file of model \(entry.name)"
      )
    }
    let file = try folder.open(listed)
    self.entry = entry
    self.manifest = manifest
    self.file = file
    shapes = try Self.shapes(in: file)
    var keys: Set<[UInt8]> = []
    for shape in shapes {
      let key = Array(shape.name.utf8)
      guard let count = shape.count, keys.insert(key).inserted else {
        throw Self.flaw(file, "the shape of parameter \(shape.name) is impossible")
      }
      guard let bytes = try file.value(.parameters, key: key), bytes.count == count * 4 else {
        throw Self.flaw(file, "parameter \(shape.name) is missing or has another shape")
      }
    }
    guard try Set(file.keys(.parameters)) == keys else {
      throw Self.flaw(file, "it has parameters without a shape")
    }
    guard shapes.reduce(UInt64(0), { $0 &+ UInt64($1.count ?? 0) }) == entry.parameters else {
      throw Self.flaw(file, "the manifest states another number of parameters")
    }
  }

  /// Where the file is.
  package var path: String { file.path }

  /// Bytes of the file.
  package var bytes: UInt64 { file.layout.bytes }

  /// The description, a JSON object.
  package func description() throws -> [UInt8] {
    try Self.value(file, Self.descriptionKey).copy()
  }

  /// The network's words in the order of their ids.
  ///
  /// Memory: the words, while the result is kept.
  package func words() throws -> [[UInt8]] {
    let bytes = try Self.value(file, Self.vocabularyKey).copy()
    var words = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
    guard words.popLast() == [], UInt64(words.count) == entry.words else {
      throw Self.flaw(file, "it does not have the \(entry.words) words that the manifest states")
    }
    return words
  }

  /// A parameter; nil when the model has none of this name.
  package func parameter(_ name: String) throws -> StoredParameter? {
    guard let shape = shapes.first(where: { $0.name == name }),
      let bytes = try file.value(.parameters, key: Array(name.utf8))
    else { return nil }
    return StoredParameter(shape, bytes)
  }

  /// Checks what opening does not: the words are there, the description is one, all numbers are finite.
  ///
  /// `progress` is told the numbers that were looked at; what it throws ends the search.
  ///
  /// - Returns: what is wrong, one line each.
  package func findDamage(progress: (UInt64) throws -> Void = { _ in }) throws -> [String] {
    var problems: [String] = []
    func note(_ rule: String) { problems.append("\(Self.flaw(file, rule))") }
    do {
      _ = try words()
    } catch let error as NeuralFileError {
      problems.append("\(error)")
    }
    if Self.architecture(in: try description()) != entry.architecture {
      note("its description is not the one that the manifest states")
    }
    var done: UInt64 = 0
    for shape in shapes {
      guard let parameter = try parameter(shape.name) else { continue }
      if !parameter.isFinite { note("parameter \(shape.name) has values that are no numbers") }
      done += UInt64(parameter.count)
      try progress(done)
    }
    return problems
  }

  /// The architecture that a description names; nil when it is no JSON object that does.
  static func architecture(in description: [UInt8]) -> String? {
    struct Named: Decodable {
      var architecture: String
    }
    return try? JSONDecoder().decode(Named.self, from: Data(description)).architecture
  }

  /// Whether all numbers are finite.
  static func areFinite(_ numbers: UnsafeBufferPointer<Float>) -> Bool {
    // In blocks, so that the inner loop has no exit and is vectorized.
    var start = 0
    while start < numbers.count {
      let end = min(start + 4096, numbers.count)
      var isOdd: UInt32 = 0
      // SAFETY: index < numbers.count.
      for index in start..<end {
        let bits = unsafe numbers[index].bitPattern & 0x7F80_0000
        isOdd |= bits == 0x7F80_0000 ? 1 : 0
      }
      if isOdd != 0 { return false }
      start = end
    }
    return true
  }

  private static func shapes(in file: TableFile) throws -> [ParameterShape] {
    let bytes = try value(file, shapesKey).copy()
    guard let shapes = try? JSONDecoder().decode([ParameterShape].self, from: Data(bytes)) else {
      throw flaw(file, "the shapes of its parameters cannot be read")
    }
    return shapes
  }

  private static func value(_ file: TableFile, _ key: [UInt8]) throws -> MappedBytes {
    guard let value = try file.value(.network, key: key) else {
      throw flaw(file, "the part \(String(decoding: key, as: UTF8.self)) is missing")
    }
    return value
  }

  private static func flaw(_ file: TableFile, _ rule: String) -> NeuralFileError {
    .damaged(path: file.path, rule: rule)
  }
}
