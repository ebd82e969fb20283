import Testing

@testable import GramdexStorage

@Suite("Limits of machine and process")
struct MachineLimitsTests {
  func groups(_ files: [String: String]) -> ControlGroups {
    ControlGroups { files[$0] ?? "" }
  }

  @Test func `version 2 groups limit, and so do those above them`() {
    let found = groups([
      "/proc/self/cgroup": "0::/a/b\n",
      "/sys/fs/cgroup/a/memory.max": "1048576\n",
      "/sys/fs/cgroup/a/b/memory.max": "max\n",
      "/sys/fs/cgroup/a/b/cpu.max": "150000 100000\n",
      "/sys/fs/cgroup/a/cpu.max": "max 100000\n",
    ])
    #expect(found.memoryBytes == 1_048_576)
    #expect(found.cores == 1.5)
    let limits = MachineLimits(machineBytes: 1 << 30, machineCores: 8, groups: found)
    #expect(limits.memoryBytes == 1_048_576)
    #expect(limits.cores == 2)
  }

  @Test func `version 1 groups limit`() {
    let found = groups([
      "/proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/x/y\n1:name=systemd:/z\n",
      "/sys/fs/cgroup/memory/x/y/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": "4096\n",
      "/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n",
    ])
    #expect(found.memoryBytes == 4096)
    #expect(found.cores == nil)
  }

  @Test func `without groups the machine is the limit`() {
    let limits = MachineLimits(machineBytes: 77, machineCores: 3, groups: groups([:]))
    #expect(limits == MachineLimits(machineBytes: 77, machineCores: 3, groups: groups([:])))
    #expect(limits.memoryBytes == 77)
    #expect(limits.cores == 3)
  }

  @Test func `this machine has memory and cores`() {
    let limits = MachineLimits()
    #expect(limits.memoryBytes > 1 << 20)
    #expect(limits.cores >= 1)
  }

  @Test func `anonymous memory that was used is remembered`() {
    let peak = AnonymousMemoryPeak()
    let before = ProcessMemory.currentAnonymousBytes
    do {
      let buffer = RecordBuffer<UInt8>(repeating: 1, count: 32 << 20)
      #expect(peak.bytes >= before + 16 << 20)
      #expect(buffer[5] == 1)
    }
    #expect(peak.bytes >= before + 16 << 20)
    #expect(ProcessMemory.peakResidentBytes > 0)
    #expect(ProcessCPU.seconds > 0)
  }

  @Test func `checksums of pieces are those of the whole`() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    var stream = ChecksumStream()
    for start in stride(from: 0, to: 1000, by: 300) {
      let piece = Array(bytes[start..<min(1000, start + 300)])
      unsafe piece.withUnsafeBytes { unsafe stream.update($0) }
    }
    #expect(stream.value == Checksum.xxh3(bytes))
    // The empty input's value is that of the reference implementation.
    #expect(Checksum.xxh3([]) == 0x2D06_8005_38D3_94C2)
    #expect(Hexadecimal.parse(Hexadecimal.format(0xAB)) == 0xAB)
    #expect(Hexadecimal.format(0xAB) == "00000000000000ab")
    #expect(Hexadecimal.parse("+0000000000000ab") == nil)
  }
}
