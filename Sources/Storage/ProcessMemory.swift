import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What this process uses.
package enum ProcessMemory {
  /// Anonymous memory in use: what `--memory` bounds; pages of mapped files are the kernel's to take back.
  ///
  /// 0 where the system does not tell.
  package static var currentAnonymousBytes: UInt64 {
    ProcText.kilobytes("RssAnon", in: ProcText.read("/proc/self/status")) ?? 0
  }

  /// Gives memory that was freed back to the system, where the allocator keeps it.
  package static func returnFreedMemory() {
    gramdex_return_freed_memory()
  }

  /// The most memory of any kind that was in use at once, mapped files included; 0 where the system does not tell.
  package static var peakResidentBytes: UInt64 {
    ProcText.kilobytes("VmHWM", in: ProcText.read("/proc/self/status")) ?? 0
  }
}

/// The processor time of this process.
package enum ProcessCPU {
  /// Seconds of all threads so far, in the program and in the kernel.
  package static var seconds: Double {
    var time = timespec()
    // SAFETY: the call fills in the structure.
    guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// The kernel's small text files.
enum ProcText {
  /// A file's text, or nothing when it cannot be read; such files state no size.
  static func read(_ path: String) -> String {
    guard let file = try? FileDescriptor(path, flags: O_RDONLY, action: "open") else { return "" }
    let buffer = RecordBuffer<UInt8>(uninitialized: 1 << 16)
    // SAFETY: the buffer has the stated size; the count read is at most that.
    let count = SystemCall.retrying {
      unsafe pread(file.number, buffer.pointer, buffer.count, 0)
    }
    guard count > 0 else { return "" }
    return unsafe String(
      decoding: UnsafeBufferPointer(start: buffer.pointer, count: count),
      as: UTF8.self
    )
  }

  /// The bytes of a line `name:   123 kB`.
  static func kilobytes(_ name: String, in text: String) -> UInt64? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
      let number = line.dropFirst(name.count + 1).split { $0 == " " || $0 == "\t" }.first
      return number.flatMap { UInt64($0) }.map { $0 << 10 }
    }
    return nil
  }

  /// A text without white space around it.
  static func trimmed(_ text: some StringProtocol) -> String {
    var rest = Substring(text).drop { $0.isWhitespace }
    while rest.last?.isWhitespace ?? false { rest.removeLast() }
    return String(rest)
  }
}
