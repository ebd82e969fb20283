import Foundation
import GramdexNeural
import GramdexStorage
import TestSupport
import Testing

/// The golden files of this module.
let fixtures = SharedData.package.appending(path: "Tests/NeuralTests/Fixtures")

/// A Python with PyTorch and safetensors, named by the environment.
enum TorchPython {
  static let program = ProcessInfo.processInfo.environment["GRAMDEX_PYTHON"]
  static let absent = "needs GRAMDEX_PYTHON=a Python with torch, numpy and safetensors"
}

@Suite("Safetensors files")
struct SafetensorsTests {
  let folder: TemporaryFolder
  let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path("a.safetensors")
  }

  /// Writes a file with this header, padded or not, and so many bytes of tensors.
  private func writeFile(_ header: [UInt8], dataBytes: Int, length: UInt64? = nil) throws {
    let length = length ?? UInt64(header.count)
    let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
    try folder.write(
      "a.safetensors",
      Data(prefix + header + [UInt8](repeating: 0, count: dataBytes))
    )
  }

  private func write(
    _ tensors: [(name: String, shape: [Int], numbers: [Float])],
    metadata: [String: String] = [:]
  ) throws {
    var writer = try SafetensorsWriter(
      path: path,
      tensors: tensors.map { .init($0.name, $0.shape) },
      metadata: metadata
    )
    for tensor in tensors { try writer.append(tensor.numbers.span) }
    try writer.finish()
  }

  @Test func `what is written is read`() throws {
    let numbers: [Float] = [0, -0.0, 1, -1.5, .infinity, .leastNonzeroMagnitude, 3.4e38, 1 / 3]
    let many = (0..<100_003).map { Float($0) / 7 }
    let metadata = ["": "x", "a\"\\\n\u{1}": "é 語 😀\t", "b": ""]
    try write(
      [
        ("weight", [2, 4], numbers), ("none", [0, 9], []), ("", [], [2.5]),
        ("é\"\\\n\u{1F}/語", [1, 1, 1], [7]), ("e\u{301}", [1], [8]), ("many", [100_003], many),
      ],
      metadata: metadata
    )
    let file = try SafetensorsFile(path: path)
    #expect(file.header.metadata == metadata)
    #expect(file.header.entries.count == 6)
    #expect(
      try file.floats("weight", shape: [2, 4]).map(\.bitPattern) == numbers.map(\.bitPattern)
    )
    #expect(try file.floats("none", shape: [0, 9]) == [])
    #expect(try file.floats("", shape: []) == [2.5])
    #expect(try file.floats("é\"\\\n\u{1F}/語") == [7])
    #expect(try file.floats("e\u{301}") == [8])
    #expect(file.entry("é") == nil, "names are compared by their bytes")
    #expect(try file.floats("many") == many)
    #expect(file.header.entries[0].byteOffset % 8 == 0)
  }

  @Test func `a tensor can be written in parts`() throws {
    var writer = try SafetensorsWriter(path: path, tensors: [.init("a", [5]), .init("b", [1])])
    for part: [Float] in [[1, 2], [], [3], [4, 5], [6]] { try writer.append(part.span) }
    try writer.finish()
    let file = try SafetensorsFile(path: path)
    #expect(try file.floats("a") == [1, 2, 3, 4, 5])
    #expect(try file.floats("b") == [6])
  }

  @Test func `a file without tensors is valid`() throws {
    try write([])
    #expect(try SafetensorsFile(path: path).header.entries.isEmpty)
  }

  @Test func `a writer that does not finish changes nothing`() throws {
    try folder.write("a.safetensors", "old")
    do {
      var writer = try SafetensorsWriter(path: path, tensors: [.init("a", [2])])
      try writer.append([1].span)
      _ = consume writer
    }
    #expect(folder.listing() == ["a.safetensors"])
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
  }

  @Test func `names that a file cannot have are refused`() throws {
    for names in [["__metadata__"], ["a", "b", "a"]] {
      #expect(throws: SafetensorsError.self) {
        _ = try SafetensorsWriter(path: path, tensors: names.map { .init($0, [1]) })
      }
    }
    #expect(throws: SafetensorsError.self) {
      let text = String(repeating: "x", count: 100_000_000)
      _ = try SafetensorsWriter(path: path, tensors: [], metadata: ["a": text])
    }
    #expect(folder.listing() == [])
  }

  @Test func `every type of float that Python writes is read`() throws {
    let file = try SafetensorsFile(path: fixtures.appending(path: "types.safetensors").path)
    for type in ["F64", "F32", "F16", "BF16"] {
      let found = try file.floats(type, shape: [12])
      let wanted = try file.floats("F32/" + type)
      #expect(found.map(\.bitPattern) == wanted.map(\.bitPattern), "\(type)")
    }
    for type in ["F64", "F16", "BF16"] {
      let special = try file.floats("special." + type)
      #expect(special[0] == .infinity && special[1] == -.infinity && special[2].isNaN, "\(type)")
    }
    #expect(try file.integers("I64", shape: [2, 2]) == [.min, -1, 0, .max])
    #expect(try file.integers("I32") == [Int(Int32.min), Int(Int32.max)])
    #expect(try file.integers("U8") == [0, 255])
    #expect(try file.floats("scalar", shape: []) == [2.5])
    #expect(try file.floats("empty", shape: [0, 3]) == [])
    #expect(try file.floats("cube", shape: [2, 3, 4]) == (0..<24).map { Float($0) })
    #expect(try file.floats("a \"name\" with \\ and é 語 \n") == [1])
    #expect(file.header.metadata == ["title": "é 語 😀 \"quoted\" \\ \n", "empty": ""])
  }

  @Test(.enabled(if: TorchPython.program != nil, Comment(rawValue: TorchPython.absent)))
  func `python reads what is written`() throws {
    let python = try #require(TorchPython.program)
    try write(
      [("weight", [2, 3], [1, 2, 3, 4, 5, 6.5]), ("none", [0, 3], []), ("é\"\\\n語", [], [7])],
      metadata: ["title": "é\"\n"]
    )
    let script = """
      import sys
      from safetensors import safe_open
      with safe_open(sys.argv[1], "numpy") as file:
          print(sorted(file.keys()), file.metadata())
          for name in sorted(file.keys()):
              tensor = file.get_tensor(name)
              print(tensor.dtype, tensor.shape, tensor.tolist())
      """
    let output = try Subprocess.output(of: python, ["-c", script, path])
    #expect(
      String(decoding: output, as: UTF8.self) == """
        ['none', 'weight', 'é"\\\\\\n語'] {'title': 'é"\\n'}
        float32 (0, 3) []
        float32 (2, 3) [[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]]
        float32 () 7.0

        """
    )
  }

  @Test func `what is asked for and not there is an error`() throws {
    let file = try SafetensorsFile(path: fixtures.appending(path: "types.safetensors").path)
    func failure(_ body: () throws -> Void) -> SafetensorsError? {
      do { try body() } catch { return error as? SafetensorsError }
      return nil
    }
    guard case .missingTensor(_, "nothing", _)? = failure({ _ = try file.floats("nothing") }) else {
      Issue.record("a missing tensor was read")
      return
    }
    guard
      case .wrongShape(_, "cube", _, [2, 3, 4], [4, 3, 2])? = failure({
        _ = try file.floats("cube", shape: [4, 3, 2])
      })
    else {
      Issue.record("a wrong shape was read")
      return
    }
    guard case .wrongType(_, "I64", _, "I64", _)? = failure({ _ = try file.floats("I64") }),
      case .wrongType(_, "F32", _, "F32", _)? = failure({ _ = try file.integers("F32") })
    else {
      Issue.record("a wrong type was read")
      return
    }
    #expect(throws: StorageError.missing(path: folder.path("no"))) {
      _ = try SafetensorsFile(path: folder.path("no"))
    }
    #expect(throws: StorageError.notAFile(path: folder.url.path)) {
      _ = try SafetensorsFile(path: folder.url.path)
    }
  }

  /// Headers that are wrong, the bytes of tensors that follow them, the tensor that the error names, and what it says.
  static let damaged: [(header: String, dataBytes: Int, tensor: String?, says: String)] = [
    ("", 0, nil, "does not begin with {"),
    (" {}", 0, nil, "does not begin with {"),
    ("[]", 0, nil, "does not begin with {"),
    ("{", 0, nil, "the header ends too early"),
    ("{}x", 0, nil, "something follows"),
    ("{}", 1, nil, "1 bytes follow that belong to no tensor"),
    (#"{"a"}"#, 0, nil, ": is expected"),
    (#"{"a":1}"#, 0, "a", "{ is expected"),
    (#"{"a":{}}"#, 0, "a", "lacks dtype"),
    (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, "a", "lacks dtype"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, 4, "a", "x is none of"),
    (
      #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "a",
      "dtype occurs twice"
    ),
    (
      #"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#, 4, "a", "data type F31 is unknown"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}"#, 4, nil, "\" is expected"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "a", "1 numbers instead of 2"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4, "a", "3 numbers instead of 2"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "a",
      "a whole number is expected"
    ),
    (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, 4, "a", "] is expected"),
    (#"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#, 4, "a", "begins with 0"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "a", "in the wrong order"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3, "a", "ends at 4 of the 3 bytes"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#, 8, "a",
      "has 8 bytes, which the shape"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "a",
      "has 4 bytes, which the shape"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "a",
      "no tensor covers the bytes from 0"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      8, "b", "within the tensor before it"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      8, "a", "the name occurs twice"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}"#, 4, "a",
      "a number is too large"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0, "a",
      "has 0 bytes, which the shape"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[0,18446744073709551615],"data_offsets":[0,0]}}"#, 0, "a",
      "has 0 bytes, which the shape"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}"#, 4, "a",
      "of the 4 bytes"
    ),
    (#"{"__metadata__":{"a":1}}"#, 0, nil, "\" is expected"),
    (#"{"__metadata__":{"a":"1","a":"2"}}"#, 0, nil, "have the name a twice"),
    (#"{"__metadata__":{},"__metadata__":{}}"#, 0, nil, "__metadata__ occurs twice"),
    (#"{"__metadata__":{"a":"\ud800"}}"#, 0, nil, "half a surrogate pair"),
    (#"{"__metadata__":{"a":"\ud800\u0041"}}"#, 0, nil, "half a surrogate pair"),
    (#"{"__metadata__":{"a":"\udc00"}}"#, 0, nil, "half a surrogate pair"),
    (#"{"__metadata__":{"a":"\u12"}}"#, 0, nil, "no four hexadecimal digits"),
    (#"{"__metadata__":{"a":"\x"}}"#, 0, nil, "unknown escape"),
    (#"{"__metadata__":{"a":"\"#, 0, nil, "does not end"),
    (#"{"__metadata__":{"a":"x"#, 0, nil, "does not end"),
    ("{\"__metadata__\":{\"a\":\"\n\"}}", 0, nil, "control character"),
  ]

  @Test(arguments: damaged)
  func `a wrong header is an error with its place`(
    header: String,
    dataBytes: Int,
    tensor: String?,
    says: String
  ) throws {
    try writeFile(Array(header.utf8), dataBytes: dataBytes)
    let error = #expect(throws: SafetensorsError.self) { _ = try SafetensorsFile(path: path) }
    let message = try #require(error).description
    #expect(
      message.contains(path) && message.contains("byte ") && message.contains(says),
      "\(message)"
    )
    #expect(tensor.map { message.contains("tensor \($0)") } ?? true, "\(message)")
  }

  @Test func `a header that is no UTF-8 is an error`() throws {
    for bytes: [UInt8] in [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80]] {
      try writeFile(
        Array("{\"__metadata__\":{\"a\":\"".utf8) + bytes + Array("\"}}".utf8),
        dataBytes: 0
      )
      let error = #expect(throws: SafetensorsError.self) { _ = try SafetensorsFile(path: path) }
      #expect(try #require(error).description.contains("not UTF-8"))
    }
  }

  @Test func `a wrong length of the header is an error`() throws {
    for length: UInt64 in [3, 100_000_000, 100_000_001, 1 << 40, 1 << 63, .max] {
      try writeFile(Array("{}".utf8), dataBytes: 0, length: length)
      let error = #expect(throws: SafetensorsError.self) { _ = try SafetensorsFile(path: path) }
      #expect(try #require(error).description.contains("byte 0"))
    }
    for bytes in 0..<8 {
      try folder.write("a.safetensors", Data(count: bytes))
      #expect(throws: SafetensorsError.self) { _ = try SafetensorsFile(path: path) }
    }
  }

  @Test func `a file cut off anywhere is an error`() throws {
    let whole = try Data(contentsOf: fixtures.appending(path: "types.safetensors"))
    for length in 0..<whole.count {
      try folder.write("a.safetensors", whole.prefix(length))
      #expect(throws: SafetensorsError.self, "\(length) bytes") {
        _ = try SafetensorsFile(path: path)
      }
    }
  }

  @Test func `a changed byte of the header is an error or another header, never a crash`() throws {
    let whole = try Data(contentsOf: fixtures.appending(path: "types.safetensors"))
    let original = try SafetensorsFile(path: fixtures.appending(path: "types.safetensors").path)
      .header
    let headerEnd = 8 + whole.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    var (refused, accepted) = (0, 0)
    for position in 0..<headerEnd {
      for mask: UInt8 in [0x01, 0x10, 0x80] {
        var changed = whole
        changed[position] ^= mask
        try folder.write("a.safetensors", changed)
        do {
          let file = try SafetensorsFile(path: path)
          for entry in file.header.entries { _ = try? file.floats(entry.name) }
          // A byte of a name, of a text, of a type of the same size, or a space that became another.
          accepted += 1
          #expect(file.header != original || whole[position] == 0x20)
        } catch {
          #expect(error is SafetensorsError)
          refused += 1
        }
      }
    }
    #expect(refused > accepted)
  }
}
