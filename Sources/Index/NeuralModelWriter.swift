package import GramdexStorage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Stores a neural model in an index: parameters one after the other, then publication.
///
/// Nothing that readers see changes before `publish`. The index's writer holds the lock, and removes the file if it goes
/// without having published. Numbers are written from the caller's memory straight to the file. Used by one thread.
package final class NeuralModelWriter {
  private let writer: IndexWriter
  private let name: String
  private let fileName: String
  private let file: TableFileWriter
  private var manifest: Manifest
  private let words: UInt64
  private var shapes: [ParameterShape] = []
  private var parameters: UInt64 = 0

  /// Bytes of a part, which has a checksum of its own.
  private let partBytes: Int

  /// Begins a model.
  ///
  /// - Parameters:
  ///   - writer: the index's writer, of the mode `update`; it publishes once.
  ///   - name: the model's name, different from all others in the index.
  ///   - replaces: whether a neural model of that name is replaced.
  ///   - words: the network's words in the order of their ids, none of which is empty or has an LF.
  ///   - parameterBytes: bytes of all parameters together, or more: address space is set aside for them.
  ///   - partBytes: bytes of a part of a larger parameter, a multiple of 4.
  /// - Throws: `NeuralFileError`, `IndexError` or `StorageError`.
  package init(
    _ writer: IndexWriter,
    name: String,
    replaces: Bool,
    words: [[UInt8]],
    parameterBytes: UInt64,
    partBytes: Int = 16 << 20
  ) throws {
    let path = writer.folder.path
    guard let manifest = writer.current else { throw IndexError.missing(path: path) }
    try Self.check(name: name, replaces: replaces, in: manifest, path: path)
    var text: [UInt8] = []
    for word in words {
      precondition(!word.isEmpty && !word.contains(0x0A), "words have no line end")
      text += word + [0x0A]
    }
    fileName = try writer.nextFile(name)
    file = try TableFileWriter(
      path: writer.folder.path(fileName),
      mapBytes: parameterBytes + parameterBytes / 8 + UInt64(text.count) + 256 << 20,
      databases: TableDatabase.ofNetwork
    )
    self.partBytes = partBytes
    self.writer = writer
    self.name = name
    self.manifest = manifest
    self.words = UInt64(words.count)
    try file.put(.network, key: NeuralModelFile.vocabularyKey, payload: text)
  }

  /// Whether a model may get this name: also asked before a training of hours begins.
  ///
  /// - Throws: `NeuralFileError`.
  package static func check(
    name: String,
    replaces: Bool,
    in manifest: Manifest,
    path: String
  ) throws(NeuralFileError) {
    if !TableFileName.isPrefix(name) { throw .badName(name) }
    if manifest.models.contains(where: { $0.name == name }) {
      throw .isNGramModel(name: name, path: path)
    }
    if !replaces && manifest.neuralModel(name) != nil {
      throw .modelExists(name: name, path: path)
    }
  }

  /// Stores a parameter.
  ///
  /// - Parameters:
  ///   - parameter: its name, 1 to 511 bytes, new in the model.
  ///   - shape: one size, or rows and columns.
  ///   - values: the numbers, row-major, as many as the shape says.
  /// - Throws: `NeuralFileError.notFinite`, and `StorageError` when the disk is full.
  package func add(
    _ parameter: String,
    shape: [Int],
    values: UnsafeBufferPointer<Float>
  ) throws {
    let stored = ParameterShape(name: parameter, shape: shape)
    precondition(stored.count == values.count, "a shape fits its numbers")
    guard unsafe NeuralModelFile.areFinite(values) else {
      throw NeuralFileError.notFinite(model: name, parameter: parameter)
    }
    let bytes = UnsafeRawBufferPointer(values)
    let isCut = bytes.count > partBytes
    let value = try file.reserve(
      .parameters,
      key: Array(parameter.utf8),
      payloadBytes: bytes.count,
      partBytes: isCut ? partBytes : nil
    )
    if isCut {
      for (part, start) in stride(from: 0, to: bytes.count, by: partBytes).enumerated() {
        let end = min(start + partBytes, bytes.count)
        // SAFETY: start ..< end lies within the bytes.
        try unsafe value.seal(
          part: part,
          with: UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        )
      }
    } else {
      try unsafe value.seal(with: bytes)
    }
    shapes.append(stored)
    parameters += UInt64(values.count)
  }

  /// Stores a parameter whose numbers are a whole buffer; see the other `add`.
  package func add(
    _ parameter: String,
    shape: [Int],
    values: borrowing RecordBuffer<Float>
  ) throws {
    // SAFETY: the buffer has `count` elements and lives during the call.
    try unsafe add(
      parameter,
      shape: shape,
      values: UnsafeBufferPointer(start: values.pointer, count: values.count)
    )
  }

  /// Completes the file and publishes the index with it: from here on readers see the model.
  ///
  /// The file of a model that is replaced is unlinked, unless its generation is kept.
  ///
  /// - Parameters:
  ///   - description: a JSON object whose `architecture` is a string.
  ///   - keepingPrevious: whether the generation before is kept, for `roll-back`.
  /// - Returns: what was published.
  /// - Throws: `StorageError` when the disk is full, and then nothing is published.
  @discardableResult
  package func publish(description: [UInt8], keepingPrevious: Bool = false) throws -> Manifest {
    guard let architecture = NeuralModelFile.architecture(in: description) else {
      preconditionFailure("a description names its architecture")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try file.put(.network, key: NeuralModelFile.descriptionKey, payload: description)
    try file.put(
      .network,
      key: NeuralModelFile.shapesKey,
      payload: [UInt8](try encoder.encode(shapes))
    )
    let summary = try file.finish()
    manifest.neuralModels.removeAll { $0.name == name }
    manifest.neuralModels.append(
      NeuralModelEntry(
        name: name,
        file: fileName,
        architecture: architecture,
        words: words,
        parameters: parameters
      )
    )
    manifest.files.append(Manifest.File(name: fileName, summary: summary))
    manifest.dropUnusedFiles()
    return try writer.publish(manifest, keepingPrevious: keepingPrevious)
  }
}
