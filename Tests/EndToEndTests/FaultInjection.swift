import Foundation
import TestSupport

/// The library of Fixtures/fault.c, which makes the n-th call that changes a file fail.
enum FaultInjection {
  /// What happens at the call.
  enum Fault: String, CaseIterable, Sendable {
    /// It fails with ENOSPC, and so do all later ones.
    case diskFull
    /// It fails with EIO.
    case inputOutputError
    /// The process is killed.
    case kill

    var code: Int32 {
      switch self {
      case .diskFull: ENOSPC
      case .inputOutputError: EIO
      case .kill: 0
      }
    }
  }

  /// The compiled library, or nil where there is no compiler or no LD_PRELOAD.
  static let library: String? = {
    #if os(Linux)
      let source = SharedData.package.appending(path: "Tests/EndToEndTests/Fixtures/fault.c").path
      let target = NSTemporaryDirectory() + "gramdex-fault-\(getpid()).so"
      for compiler in ["clang", "cc"] {
        let flags = ["-shared", "-fPIC", "-O1", "-o", target, source, "-ldl"]
        if (try? Subprocess.output(of: "/usr/bin/env", [compiler] + flags)) != nil {
          return target
        }
      }
    #endif
    return nil
  }()

  /// The setting that lets call number `call` fail.
  static func setting(_ fault: Fault, at call: Int) -> BuiltBinary.Setting {
    var setting = BuiltBinary.Setting()
    setting.environment = [
      "LD_PRELOAD": library ?? "",
      "GRAMDEX_FAULT_AT": "\(call)",
      "GRAMDEX_FAULT_CODE": "\(fault.code)",
    ]
    return setting
  }

  /// How many calls a run of `arguments` makes.
  static func calls(_ arguments: [String], in folder: TemporaryFolder) throws -> Int {
    var setting = BuiltBinary.Setting()
    setting.environment = [
      "LD_PRELOAD": library ?? "", "GRAMDEX_FAULT_COUNTS": folder.path("calls"),
    ]
    _ = try BuiltBinary.run(arguments, setting: setting)
    let text = try String(contentsOfFile: folder.path("calls"), encoding: .utf8)
    return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }
}
