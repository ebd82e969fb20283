/// A file that a tokenizer needs, read and checked: shared by all who cut text with it.
public final class TokenizerModel: Sendable {
  /// What tells one model from another.
  public struct Reference: Hashable, Sendable, Codable {
    /// The size of the file.
    public var bytes: Int
    /// XXH3-64 of its bytes, 16 hexadecimal digits.
    public var xxh3: String

    /// Makes a reference.
    public init(bytes: Int, xxh3: String) {
      self.bytes = bytes
      self.xxh3 = xxh3
    }
  }

  /// The bytes of the file.
  public let bytes: [UInt8]
  /// What tells it from others.
  public let reference: Reference
  /// The model in the form that cuts text: of a type that the module knows which made it.
  package let compiled: any Sendable

  /// Makes a model of parts that belong together.
  package init(bytes: [UInt8], reference: Reference, compiled: any Sendable) {
    self.bytes = bytes
    self.reference = reference
    self.compiled = compiled
  }
}
