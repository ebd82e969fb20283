/// What the manifest says of one neural model.
package struct NeuralModelEntry: Hashable, Sendable, Codable {
  /// The model's name in the index.
  package var name: String
  /// The name of its file.
  package var file: String
  /// What sort of network it is, as its description says.
  package var architecture: String
  /// The network's words, `<unk>` and `</s>` included.
  package var words: UInt64
  /// How many numbers its parameters have altogether.
  package var parameters: UInt64

  /// Makes an entry.
  package init(
    name: String,
    file: String,
    architecture: String,
    words: UInt64,
    parameters: UInt64
  ) {
    self.name = name
    self.file = file
    self.architecture = architecture
    self.words = words
    self.parameters = parameters
  }
}
