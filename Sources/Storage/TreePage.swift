/// A page of one of LMDB's trees, read with plain reads, whose every offset is checked before use.
struct TreePage {
  /// The file, for messages.
  let path: String
  /// The page's number.
  let number: UInt64
  /// The page's bytes.
  let bytes: [UInt8]

  /// A branch or leaf node: key and the rest of it lie within the page.
  struct Node {
    var key: [UInt8]
    var flags: UInt16
    /// Bytes of the node's data (leaf).
    var dataBytes: UInt64
    /// The child's page number (branch).
    var child: UInt64
    /// Where the data starts in the page (leaf).
    var dataOffset: Int
  }

  /// Reads a page; throws when the file ends before.
  init(
    _ number: UInt64,
    of file: borrowing FileDescriptor,
    pageBytes: UInt64
  ) throws(StorageError) {
    let buffer = RecordBuffer<UInt8>(uninitialized: Int(pageBytes))
    // SAFETY: the buffer has a page's size and outlives the call.
    let target = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: buffer.count)
    guard try unsafe file.read(into: target, at: number * pageBytes) else {
      throw .damagedPage(path: file.path, page: number, reason: "is cut off")
    }
    path = file.path
    self.number = number
    bytes = unsafe [UInt8](target)
  }

  /// The error that says what is wrong with this page.
  func flaw(_ reason: String) -> StorageError {
    .damagedPage(path: path, page: number, reason: reason)
  }

  /// The little-endian integer at `offset`, which the caller has checked.
  func load<T: FixedWidthInteger>(_ offset: Int, as type: T.Type = T.self) -> T {
    var value: T = 0
    for i in (0..<(T.bitWidth / 8)).reversed() { value = value << 8 | T(bytes[offset + i]) }
    return value
  }

  /// Whether the page is a branch page; throws when it is no page of a tree, or another page's copy.
  var isBranch: Bool {
    get throws(StorageError) {
      guard load(0) == number else { throw flaw("has another page's number") }
      switch load(10, as: UInt16.self) {
      case LMDBPage.branchFlag: return true
      case LMDBPage.leafFlag: return false
      default: throw flaw("is neither a branch nor a leaf page")
      }
    }
  }

  /// The nodes of a branch or leaf page, in the order of the page.
  func nodes(isBranch: Bool) throws(StorageError) -> [Node] {
    let lower = Int(load(12, as: UInt16.self))
    let upper = Int(load(14, as: UInt16.self))
    guard lower >= LMDBPage.headerBytes, lower % 2 == 0, lower <= upper, upper <= bytes.count else {
      throw flaw("has a wrong free space")
    }
    let count = (lower - LMDBPage.headerBytes) / 2
    guard count >= (isBranch ? 2 : 1) else { throw flaw("has too few nodes") }
    var nodes: [Node] = []
    nodes.reserveCapacity(count)
    for i in 0..<count {
      let offset = Int(load(LMDBPage.headerBytes + 2 * i, as: UInt16.self))
      nodes.append(try node(at: offset, from: upper, isBranch: isBranch))
    }
    return nodes
  }

  private func node(
    at offset: Int,
    from upper: Int,
    isBranch: Bool
  ) throws(StorageError) -> Node {
    guard offset >= upper, offset % 2 == 0, offset + LMDBPage.nodeBytes <= bytes.count else {
      throw flaw("has a node outside")
    }
    let low = UInt64(load(offset, as: UInt16.self))
    let high = UInt64(load(offset + 2, as: UInt16.self))
    let flags = load(offset + 4, as: UInt16.self)
    let keyStart = offset + LMDBPage.nodeBytes
    let keyEnd = keyStart + Int(load(offset + 6, as: UInt16.self))
    guard keyEnd <= bytes.count else { throw flaw("has a key that does not fit") }
    let node = Node(
      key: Array(bytes[keyStart..<keyEnd]),
      flags: flags,
      dataBytes: low | high << 16,
      child: low | high << 16 | UInt64(flags) << 32,
      dataOffset: keyEnd
    )
    if isBranch { return node }
    guard (1...511).contains(node.key.count) else { throw flaw("has a key of a wrong length") }
    let bytesHere = flags == LMDBPage.bigDataFlag ? 8 : node.dataBytes
    guard flags == LMDBPage.bigDataFlag || flags == LMDBPage.databaseFlag else {
      throw flaw("has a value of an unknown kind")
    }
    guard bytesHere <= UInt64(bytes.count - keyEnd) else {
      throw flaw("has a value that does not fit")
    }
    return node
  }
}
