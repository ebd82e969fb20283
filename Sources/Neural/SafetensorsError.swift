/// A failure to read or write a safetensors file, other than the system's own.
public enum SafetensorsError: Error, Equatable, Sendable {
  /// The file is cut off, changed, or no safetensors file: at this byte, in the entry of this tensor if it is in one.
  case damaged(path: String, tensor: String?, byte: UInt64, reason: String)
  /// A tensor has a data type that the format does not have, or that this program does not know.
  case unknownType(path: String, tensor: String, byte: UInt64, type: String)
  /// No tensor has this name.
  case missingTensor(path: String, tensor: String, near: String?)
  /// A tensor has another shape than the one that is wanted.
  case wrongShape(path: String, tensor: String, byte: UInt64, found: [Int], wanted: [Int])
  /// A tensor does not hold the kind of numbers that is wanted.
  case wrongType(path: String, tensor: String, byte: UInt64, found: String, wanted: String)
  /// A tensor cannot be written under this name, which is taken or reserved.
  case badName(path: String, tensor: String, reason: String)
  /// The header would be longer than the format allows.
  case headerTooLong(path: String, bytes: Int)
}

extension SafetensorsError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .damaged(let path, let tensor, let byte, let reason):
      """
      \(path) is damaged or no safetensors file: byte \(byte)\(tensor.map { ", tensor \($0)" } ?? ""): \
      \(reason); restore it from a copy, or write it again
      """
    case .unknownType(let path, let tensor, let byte, let type):
      """
      \(path), tensor \(tensor), byte \(byte): the data type \(type) is unknown; \
      store it as \(SafetensorsType.floats)
      """
    case .missingTensor(let path, let tensor, let near):
      """
      \(path) has no tensor \(tensor)\(near.map { "; it has \($0)" } ?? ""); \
      compare its names with those in docs/INTERCHANGE.md
      """
    case .wrongShape(let path, let tensor, let byte, let found, let wanted):
      """
      \(path), tensor \(tensor), byte \(byte): its shape is \(found) where \(wanted) is wanted; \
      store it so, or say the sizes that it has
      """
    case .wrongType(let path, let tensor, let byte, let found, let wanted):
      """
      \(path), tensor \(tensor), byte \(byte): its data type is \(found) where \(wanted) is wanted; \
      store it so
      """
    case .badName(let path, let tensor, let reason):
      "cannot write the tensor \"\(tensor)\" to \(path): \(reason); give it another name"
    case .headerTooLong(let path, let bytes):
      """
      cannot write \(path): its header would have \(bytes) bytes, the limit is \
      \(SafetensorsHeader.maximumBytes); leave metadata out
      """
    }
  }
}
