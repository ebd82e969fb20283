/// A failure of files, memory maps or LMDB.
public enum StorageError: Error, Equatable, Sendable {
  /// Nothing is at this path.
  case missing(path: String)
  /// Something is at this path that must not be replaced.
  case exists(path: String)
  /// A folder was expected.
  case notAFolder(path: String)
  /// A file was expected.
  case notAFile(path: String)
  /// The system does not allow it.
  case permissionDenied(action: String, path: String)
  /// No space is left on the device, or the user's quota is used up.
  case diskFull(path: String, wantedBytes: UInt64)
  /// Any other failure of a system call, with its `errno`.
  case system(action: String, path: String, code: Int32)
  /// A failure reported by LMDB, with its code and text.
  case lmdb(action: String, path: String, code: Int32, text: String)
  /// A table file grew beyond the size that its writer was given.
  case mapFull(path: String, mapBytes: UInt64)
  /// A value does not fit into one LMDB value (4 GiB).
  case valueTooLarge(path: String, database: String, bytes: UInt64)
  /// A key is empty or longer than LMDB's limit of 511 bytes.
  case badKey(path: String, bytes: Int)
  /// The same key was written twice.
  case duplicateKey(path: String, database: String, key: String)
  /// A file does not have the size that the manifest says.
  case wrongSize(path: String, expectedBytes: UInt64, foundBytes: UInt64)
  /// The pages of a file other than values are not what they must be.
  case damagedStructure(path: String, reason: String)
  /// A page of a file is not what it must be.
  case damagedPage(path: String, page: UInt64, reason: String)
  /// A stored value is not what it must be.
  case damagedValue(path: String, database: String, key: String, reason: String)
  /// A value was written by another version of the format.
  case wrongValueVersion(path: String, database: String, key: String, found: UInt32)
}

extension StorageError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .missing(let path):
      "\(path) does not exist; check the spelling"
    case .exists(let path):
      "\(path) exists already; remove it, or choose another name"
    case .notAFolder(let path):
      "\(path) is not a folder; name a folder"
    case .notAFile(let path):
      "\(path) is not a file; name a file"
    case .permissionDenied(let action, let path):
      "cannot \(action) \(path): permission denied; change its permissions, or run as its owner"
    case .diskFull(let path, let bytes):
      """
      no space left on the device of \(path) (\(bytes) bytes more were wanted); \
      free some space, or choose another place
      """
    case .system(let action, let path, let code):
      "cannot \(action) \(path): \(SystemCall.text(of: code)) (errno \(code))"
    case .lmdb(let action, let path, let code, let text):
      "cannot \(action) \(path): LMDB says \"\(text)\" (code \(code))"
    case .mapFull(let path, let mapBytes):
      "\(path) does not fit into the \(mapBytes) bytes planned for it; report this as a bug"
    case .valueTooLarge(let path, let database, let bytes):
      """
      a value of \(bytes) bytes does not fit into \(path), database \(database): the limit is 4 GiB; \
      use a smaller vocabulary (--vocabulary)
      """
    case .badKey(let path, let bytes):
      "a key of \(bytes) bytes cannot be stored in \(path): keys have 1 to 511 bytes; use a shorter name"
    case .duplicateKey(let path, let database, let key):
      "\(path), database \(database): key \(key) is written twice; report this as a bug"
    case .wrongSize(let path, let expected, let found):
      """
      \(path) is damaged: it has \(found) bytes where the manifest says \(expected); \
      restore it from a copy, or build the index again
      """
    case .damagedStructure(let path, let reason):
      """
      \(path) is damaged: \(reason); \
      restore it from a copy, or build the index again
      """
    case .damagedPage(let path, let page, let reason):
      """
      \(path) is damaged: page \(page) \(reason); \
      restore it from a copy, or build the index again
      """
    case .damagedValue(let path, let database, let key, let reason):
      """
      \(path) is damaged: database \(database), key \(key): \(reason); \
      restore it from a copy, or build the index again
      """
    case .wrongValueVersion(let path, let database, let key, let found):
      """
      \(path), database \(database), key \(key) has value version \(found), this program reads version \
      \(Envelope.version); use the gramdex that wrote it, or build the index again
      """
    }
  }
}
