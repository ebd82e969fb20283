import Foundation
import TestSupport
import Testing

@Suite("gramdex on disks that fill up or are read-only", .needsBinary)
struct FaultTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  /// Every command that reads an index, without writing to its folder.
  private func readers(_ index: String, _ arpa: String) -> [[String]] {
    [
      ["query", index, "--text", "the cat sat", "--check"], ["verify", index], ["info", index],
      ["perplexity", index, workshop.folder.path("small.txt")], ["count", index, "the cat"],
      ["export", index, "--output", arpa],
    ]
  }

  @Test(.enabled(if: SmallDisk.canBeMade, "needs the right to mount a small file system"))
  func `an index on a read-only file system answers`() throws {
    let disk = try SmallDisk(at: workshop.folder.path("disk"), bytes: 4 << 20)
    let index = disk.path + "/index"
    let text = try workshop.folder.write("small.txt", Texts.small)
    let built = try BuiltBinary.run("build", text, "--output", index)
    try #require(built.exitCode == 0, "\(built)")
    try disk.makeReadOnly()
    for arguments in readers(index, workshop.folder.path("out.arpa")) {
      let outcome = try BuiltBinary.run(arguments)
      #expect(outcome.exitCode == 0, "\(arguments): \(outcome)")
    }
    let refused = try BuiltBinary.run("build", text, "--output", index, "--replace")
    #expect(refused.exitCode == 74, "\(refused)")
    #expect(refused.errorText.contains(index), "\(refused)")
  }

  @Test(.enabled(if: BuiltBinary.canBeUnprivileged, "root may write everywhere"))
  func `an index whose folder and files may only be read answers`() throws {
    let index = try workshop.mustBuild(Texts.small, "small")
    for name in workshop.folder.listing("small") {
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o444],
        ofItemAtPath: "\(index)/\(name)"
      )
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: index)
    defer {
      try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: index)
    }
    var setting = BuiltBinary.Setting()
    setting.isUnprivileged = true
    for arguments in readers(index, "/dev/null") {
      let outcome = try BuiltBinary.run(arguments, setting: setting)
      #expect(outcome.exitCode == 0, "\(arguments): \(outcome)")
    }
  }

  /// Sizes from nothing to enough, so that the disk is full at one stage after the other.
  private static let sizes = (3...12).flatMap { [(1 << $0) << 10, (3 << $0) << 9] }

  @Test(.enabled(if: SmallDisk.canBeMade, "needs the right to mount a small file system"))
  func `a disk for the output that is full at any stage is an error without leftovers`() throws {
    let text = try workshop.folder.write("text.txt", Texts.random(bytes: 120_000))
    let whole = try workshop.mustBuild(Texts.random(bytes: 120_000), "whole", ["--order", "3"])
    let arpa = workshop.folder.path("whole.arpa")
    try #require(try BuiltBinary.run("export", whole, "--output", arpa).exitCode == 0)
    var codes: [String: Set<Int32>] = [:]
    for size in Self.sizes {
      let disk = try SmallDisk(at: workshop.folder.path("disk\(size)"), bytes: size)
      for arguments in [
        ["build", text, "--order", "3", "--memory", "16M", "--output", disk.path + "/index"],
        ["import", arpa, "--memory", "16M", "--output", disk.path + "/index"],
        ["export", whole, "--output", disk.path + "/out.arpa"],
      ] {
        let outcome = try BuiltBinary.run(arguments)
        #expect([0, 74].contains(outcome.exitCode), "\(size), \(arguments[0]): \(outcome)")
        codes[arguments[0], default: []].insert(outcome.exitCode ?? -1)
        if outcome.exitCode == 0 && arguments[0] != "export" {
          #expect(try BuiltBinary.run("verify", disk.path + "/index").exitCode == 0)
          try FileManager.default.removeItem(atPath: disk.path + "/index")
        } else if outcome.exitCode != 0 {
          let left = workshop.folder.listing("disk\(size)")
          #expect(left == [], "\(size), \(arguments[0]): \(left)")
        } else {
          try FileManager.default.removeItem(atPath: disk.path + "/out.arpa")
        }
      }
    }
    // The sizes reach from too little to enough.
    for command in ["build", "import", "export"] { #expect(codes[command] == [0, 74]) }
  }

  @Test(.enabled(if: SmallDisk.canBeMade, "needs the right to mount a small file system"))
  func `a disk for temporary files that is full is an error that names it`() throws {
    let whole = try workshop.mustBuild(Texts.random(bytes: 300_000), "whole", ["--order", "4"])
    let arpa = workshop.folder.path("whole.arpa")
    try #require(try BuiltBinary.run("export", whole, "--output", arpa).exitCode == 0)
    let before = try workshop.contents(of: "whole")
    var codes: Set<Int32> = []
    for size in [64 << 10, 1 << 20, 64 << 20] {
      let disk = try SmallDisk(at: workshop.folder.path("disk\(size)"), bytes: size)
      let outcome = try BuiltBinary.run(
        [
          "import", arpa, "--memory", "16M", "--temporary", disk.path, "--output", whole,
          "--replace",
        ]
      )
      codes.insert(outcome.exitCode ?? -1)
      #expect(workshop.folder.listing("disk\(size)") == [], "\(outcome)")
      guard outcome.exitCode != 0 else { continue }
      #expect(outcome.errorText.contains(disk.path), "\(outcome)")
      #expect(try workshop.contents(of: "whole") == before)
    }
    #expect(codes == [0, 74])
  }

  @Test(arguments: [1, 20, 200, 1000])
  func `an import and an export whose files may not grow are errors without leftovers`(
    blocks: Int
  ) throws {
    let whole = try workshop.mustBuild(Texts.random(bytes: 300_000), "whole", ["--order", "4"])
    let arpa = workshop.folder.path("whole.arpa")
    try #require(try BuiltBinary.run("export", whole, "--output", arpa).exitCode == 0)
    let before = workshop.folder.listing()
    var setting = BuiltBinary.Setting()
    setting.limits = ["-f \(blocks)"]
    for arguments in [
      ["import", arpa, "--memory", "16M", "--output", workshop.folder.path("new")],
      ["export", whole, "--output", workshop.folder.path("new.arpa")],
    ] {
      let outcome = try BuiltBinary.run(arguments, setting: setting)
      #expect(outcome.exitCode == 74, "\(arguments[0]): \(outcome)")
      #expect(workshop.folder.listing() == before)
    }
  }

  @Test func `folders and missing files in place of files are named`() throws {
    let index = try workshop.mustBuild(Texts.small)
    let folder = workshop.folder.path("folder")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let other = workshop.folder.path("other")
    for arguments in [
      ["import", folder, "--output", other], ["import", folder + "/none", "--output", other],
      ["export", index, "--output", folder], ["perplexity", index, folder + "/none"],
      ["query", index, folder + "/none"], ["run", folder], ["run", folder + "/none"],
      ["query", folder + "/none", "--text", "a"],
      ["build", index + ".txt", "--vocabulary", folder, "--output", other],
    ] {
      let outcome = try BuiltBinary.run(arguments)
      #expect(outcome.exitCode == 74, "\(arguments): \(outcome)")
      #expect(outcome.errorText.contains(folder), "\(arguments): \(outcome)")
      #expect(!FileManager.default.fileExists(atPath: other))
    }
  }
}
