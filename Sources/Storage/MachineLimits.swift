#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a job may use of this machine: the machine's own size, or less where a container limits it.
package struct MachineLimits: Sendable, Equatable {
  /// Memory in bytes.
  package var memoryBytes: UInt64
  /// Processor cores that may be used at once, at least 1.
  package var cores: Int

  /// Asks the system.
  package init() {
    let pages = UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES))))
    let pageBytes = UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
    self.init(
      machineBytes: pages * pageBytes,
      machineCores: Self.usableCores,
      groups: ControlGroups()
    )
  }

  /// The smaller of the machine's size and what its control groups allow.
  init(machineBytes: UInt64, machineCores: Int, groups: ControlGroups) {
    let limit = groups.memoryBytes ?? .max
    memoryBytes = machineBytes == 0 ? limit : min(machineBytes, limit)
    let quota = groups.cores.map { Int($0.rounded(.up)) } ?? machineCores
    cores = max(1, min(machineCores, quota))
  }

  /// The cores that the scheduler may give to this process.
  private static var usableCores: Int {
    for line in ProcText.read("/proc/self/status").split(separator: "\n")
    where line.hasPrefix("Cpus_allowed:") {
      let mask = line.dropFirst("Cpus_allowed:".count)
      let count = mask.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
      if count > 0 { return count }
    }
    return max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }
}

/// The limits that Linux's control groups put on this process, in either version of their file system.
///
/// A group is limited by every group above it, so all of them are looked at.
struct ControlGroups {
  /// The smallest limit on memory; nil when there is none.
  var memoryBytes: UInt64?
  /// The smallest limit on processor time, in cores; nil when there is none.
  var cores: Double?

  /// Reads the limits; `read` returns a file's text, or nothing when it is missing.
  init(read: (String) -> String = ProcText.read) {
    for line in read("/proc/self/cgroup").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",")
      for group in Self.upwards(String(fields[2])) {
        if controllers.isEmpty {
          note(memory: read("/sys/fs/cgroup\(group)/memory.max"))
          let quota = read("/sys/fs/cgroup\(group)/cpu.max").split { $0.isWhitespace }
          if quota.count == 2 { note(quota: quota[0], period: quota[1]) }
        }
        if controllers.contains("memory") {
          note(memory: read("/sys/fs/cgroup/memory\(group)/memory.limit_in_bytes"))
        }
        if controllers.contains("cpu") {
          note(
            quota: Substring(read("/sys/fs/cgroup/cpu\(group)/cpu.cfs_quota_us")),
            period: Substring(read("/sys/fs/cgroup/cpu\(group)/cpu.cfs_period_us"))
          )
        }
      }
    }
  }

  /// `/a/b`, `/a` and the empty path of the top.
  private static func upwards(_ path: String) -> [String] {
    var paths = [""]
    for part in path.split(separator: "/") where part != ".." {
      paths.append((paths.last ?? "") + "/" + part)
    }
    return paths
  }

  private mutating func note(memory text: String) {
    // Version 1 writes almost 2⁶³ for no limit, version 2 writes `max`.
    guard let bytes = UInt64(ProcText.trimmed(text)), bytes < 1 << 60 else { return }
    memoryBytes = min(memoryBytes ?? .max, bytes)
  }

  private mutating func note(quota: Substring, period: Substring) {
    guard let quota = Double(ProcText.trimmed(quota)),
      let period = Double(ProcText.trimmed(period)),
      quota > 0, period > 0
    else { return }
    cores = min(cores ?? .infinity, quota / period)
  }
}
