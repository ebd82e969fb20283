#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the system says about failed calls, as errors of this module.
enum SystemCall {
  /// The system's text for an `errno`.
  static func text(of code: Int32) -> String {
    // SAFETY: strerror returns a C string for every number.
    unsafe String(cString: strerror(code))
  }

  /// The error for a failed call on `path`.
  ///
  /// `action` is a verb, such as `open`.
  static func error(
    _ action: String,
    _ path: String,
    code: Int32 = errno,
    wantedBytes: UInt64 = 0
  ) -> StorageError {
    switch code {
    case ENOENT: .missing(path: path)
    case EEXIST: .exists(path: path)
    case ENOTDIR: .notAFolder(path: path)
    case EISDIR: .notAFile(path: path)
    case EACCES, EPERM, EROFS: .permissionDenied(action: action, path: path)
    case ENOSPC, EDQUOT: .diskFull(path: path, wantedBytes: wantedBytes)
    default: .system(action: action, path: path, code: code)
    }
  }

  /// Repeats a call that returns −1 when a signal interrupted it.
  static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
      let result = call()
      if result != -1 || errno != EINTR { return result }
    }
  }
}
