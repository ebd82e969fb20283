import Foundation
import TestSupport
import Testing

@Suite("gramdex build on outputs that cannot be written", .needsBinary)
struct OutputTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  @Test func `an index that exists is kept, unless --replace is given`() throws {
    try workshop.mustBuild("a b\n")
    let before = try workshop.contents()
    let refused = try workshop.build("c d\n")
    #expect([64, 74].contains(refused.exitCode), "\(refused)")
    #expect(refused.errorText.contains("--replace"), "\(refused)")
    #expect(try workshop.contents() == before)
    let replaced = try workshop.build("c d\n", "index", ["--replace"])
    #expect(replaced.exitCode == 0, "\(replaced)")
    #expect(try workshop.scores("c d\n").report["OOVs"] == 0)
    #expect(workshop.files().count == 2, "\(workshop.files())")
  }

  @Test func `a file or a foreign folder at the place of the output is left alone`() throws {
    let file = try workshop.folder.write("file", "precious")
    let text = try workshop.folder.write("text.txt", "a b\n")
    for flags in [[], ["--replace"]] {
      let outcome = try BuiltBinary.run(["build", text, "--output", file] + flags)
      #expect([64, 74].contains(outcome.exitCode), "\(outcome)")
      #expect(try Data(contentsOf: URL(filePath: file)) == Data("precious".utf8))
    }
    try workshop.folder.write("folder/thesis.txt", "precious")
    let outcome = try BuiltBinary.run(
      "build",
      text,
      "--output",
      workshop.folder.path("folder"),
      "--replace"
    )
    #expect(workshop.folder.listing("folder").contains("thesis.txt"), "\(outcome)")
  }

  @Test(.enabled(if: BuiltBinary.canBeUnprivileged, "root may write everywhere"))
  func `a folder without permission`() throws {
    let path = workshop.folder.path("locked")
    try FileManager.default.createDirectory(
      atPath: path,
      withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o500]
    )
    let text = try workshop.folder.write("text.txt", "a b\n")
    var setting = BuiltBinary.Setting()
    setting.isUnprivileged = true
    let outcome = try BuiltBinary.run(
      ["build", text, "--output", path + "/index"],
      setting: setting
    )
    #expect(outcome.exitCode == 74, "\(outcome)")
    #expect(outcome.errorText.contains(path))
  }

  @Test func `a parent that does not exist is made or named`() throws {
    let text = try workshop.folder.write("text.txt", "a b\n")
    let path = workshop.folder.path("no/such/folder/index")
    let outcome = try BuiltBinary.run("build", text, "--output", path)
    #expect([0, 74].contains(outcome.exitCode), "\(outcome)")
    if outcome.exitCode == 74 { #expect(outcome.errorText.contains("no/such")) }
  }

  @Test(arguments: [1, 50, 500, 2000])
  func `files that may not grow are an error without leftovers`(blocks: Int) throws {
    try workshop.mustBuild(Texts.small)
    let before = try workshop.contents()
    let text = try workshop.folder.write("large.txt", Texts.random(bytes: 300_000))
    var setting = BuiltBinary.Setting()
    setting.limits = ["-f \(blocks)"]
    let outcome = try BuiltBinary.run(
      ["build", text, "--output", workshop.index(), "--replace"],
      setting: setting
    )
    #expect(outcome.exitCode == 74, "\(outcome)")
    #expect(try workshop.contents() == before, "what was published still answers")
    #expect(try workshop.scores("the cat\n").report["OOVs"] == 0)
    #expect(workshop.folder.listing("index/work").isEmpty)
  }

  @Test(.enabled(if: SmallDisk.canBeMade, "needs the right to mount a small file system"))
  func `a full disk is an error without leftovers`() throws {
    let disk = try SmallDisk(at: workshop.folder.path("disk"), bytes: 6 << 20)
    let small = try workshop.folder.write("small.txt", Texts.small)
    let large = try workshop.folder.write("large.txt", Texts.random(bytes: 2_000_000))
    let index = disk.path + "/index"
    let first = try BuiltBinary.run("build", small, "--output", index)
    try #require(first.exitCode == 0, "\(first)")
    let before = workshop.folder.listing("disk/index")
    for flags in [[], ["--memory", "64M"]] {
      let outcome = try BuiltBinary.run(["build", large, "--output", index, "--replace"] + flags)
      #expect(outcome.exitCode == 74, "\(outcome)")
      #expect(workshop.folder.listing("disk/index") == before)
    }
    #expect(try BuiltBinary.run("verify", index).exitCode == 0)
    let other = try BuiltBinary.run("build", large, "--output", disk.path + "/other")
    #expect(other.exitCode == 74, "\(other)")
    #expect(workshop.folder.listing("disk").filter { $0.hasSuffix(".mdb") }.count == 1)
  }

  @Test func `results that cannot be written are an error, a closed pipe is none`() throws {
    let index = try workshop.mustBuild(Texts.small)
    let text = try workshop.folder.write("t.txt", Texts.random(bytes: 500_000))
    let program = try #require(BuiltBinary.url?.path)
    for (sink, code) in [("> /dev/full", 74), ("| head -c 10 > /dev/null", 0)] {
      let script = "\(program) query \(index) \(text) --format kenlm \(sink)"
      let status = Process()
      status.executableURL = URL(filePath: "/bin/bash")
      status.arguments = ["-o", "pipefail", "-c", script]
      status.standardError = FileHandle.nullDevice
      try status.run()
      status.waitUntilExit()
      #expect(status.terminationStatus == Int32(code), "\(sink)")
    }
    let export = try BuiltBinary.run("export", index, "--output", "/dev/full")
    #expect(export.exitCode == 74, "\(export)")
  }
}

/// A file system in memory of a few megabytes, unmounted when the value is released.
final class SmallDisk {
  let path: String

  /// Whether this process may mount one.
  static let canBeMade: Bool = {
    guard getuid() == 0, let folder = try? TemporaryFolder() else { return false }
    return (try? SmallDisk(at: folder.path("try"), bytes: 1 << 20)) != nil
  }()

  init(at path: String, bytes: Int) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Subprocess.output(
      of: "/usr/bin/env",
      ["mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path]
    )
  }

  /// Makes the file system read-only.
  func makeReadOnly() throws {
    try Subprocess.output(of: "/usr/bin/env", ["mount", "-o", "remount,ro", path])
  }

  deinit {
    _ = try? Subprocess.output(of: "/usr/bin/env", ["umount", "-l", path])
  }
}
