#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A page of one of LMDB's trees, whose every offset is checked before use.
@safe
struct TreePage {
  /// The page's number.
  let number: UInt64
  private let path: String
  private let bytes: UnsafeRawBufferPointer
  private let count: Int
  /// Keeps the bytes in memory.
  private let file: MappedFile

  /// A branch or leaf node: key and the rest of it lie within the page.
  struct Node {
    /// Where the key stands in the page.
    var key: Range<Int>
    var flags: UInt16
    /// Bytes of the node's data (leaf).
    var dataBytes: UInt64
    /// The child's page number (branch).
    var child: UInt64

    /// Where the data starts in the page (leaf).
    var dataOffset: Int { key.upperBound }
  }

  /// Page `number` of a mapped file, which has it.
  init(_ number: UInt64, of file: MappedFile, path: String, pageBytes: UInt64) {
    self.number = number
    self.path = path
    self.file = file
    // SAFETY: the file is kept with the bytes.
    unsafe bytes = unsafe file.slice(at: Int(number * pageBytes), count: Int(pageBytes))
    count = Int(pageBytes)
  }

  /// The error that says what is wrong with this page.
  func flaw(_ reason: String) -> StorageError {
    .damagedPage(path: path, page: number, reason: reason)
  }

  /// The little-endian integer at `offset`, which the caller has checked.
  func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type = T.self) -> T {
    precondition(offset >= 0 && offset <= count - MemoryLayout<T>.size)
    // SAFETY: checked one line above.
    return unsafe T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
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

  /// How many nodes a branch or leaf page has.
  func nodeCount(isBranch: Bool) throws(StorageError) -> Int {
    let lower = Int(load(12, as: UInt16.self))
    let upper = Int(load(14, as: UInt16.self))
    guard lower >= LMDBPage.headerBytes, lower % 2 == 0, lower <= upper, upper <= count else {
      throw flaw("has a wrong free space")
    }
    let count = (lower - LMDBPage.headerBytes) / 2
    guard count >= (isBranch ? 2 : 1) else { throw flaw("has too few nodes") }
    return count
  }

  /// Node `index`, below `nodeCount`, of a branch or leaf page.
  func node(_ index: Int, isBranch: Bool) throws(StorageError) -> Node {
    let upper = Int(load(14, as: UInt16.self))
    let offset = Int(load(LMDBPage.headerBytes + 2 * index, as: UInt16.self))
    guard offset >= upper, offset % 2 == 0, offset + LMDBPage.nodeBytes <= count else {
      throw flaw("has a node outside")
    }
    let low = UInt64(load(offset, as: UInt16.self))
    let high = UInt64(load(offset + 2, as: UInt16.self))
    let flags = load(offset + 4, as: UInt16.self)
    let keyStart = offset + LMDBPage.nodeBytes
    let keyEnd = keyStart + Int(load(offset + 6, as: UInt16.self))
    guard keyEnd <= count else { throw flaw("has a key that does not fit") }
    let node = Node(
      key: keyStart..<keyEnd,
      flags: flags,
      dataBytes: low | high << 16,
      child: low | high << 16 | UInt64(flags) << 32
    )
    if isBranch { return node }
    guard (1...511).contains(node.key.count) else { throw flaw("has a key of a wrong length") }
    let bytesHere = flags == LMDBPage.bigDataFlag ? 8 : node.dataBytes
    guard flags == LMDBPage.bigDataFlag || flags == LMDBPage.databaseFlag else {
      throw flaw("has a value of an unknown kind")
    }
    guard bytesHere <= UInt64(count - keyEnd) else {
      throw flaw("has a value that does not fit")
    }
    return node
  }

  /// A node's key.
  func key(of node: Node) -> [UInt8] {
    unsafe Array(UnsafeRawBufferPointer(rebasing: bytes[node.key]))
  }

  /// Less than 0, 0 or more than 0, as `key` sorts before, with or after a node's.
  func compare(_ key: [UInt8], with node: Node) -> Int {
    let common = min(key.count, node.key.count)
    // SAFETY: both have `common` bytes; a node's key lies within the page.
    let order = unsafe key.withUnsafeBytes { (left) -> Int32 in
      guard common > 0, let left = left.baseAddress, let right = unsafe bytes.baseAddress
      else { return 0 }
      return unsafe memcmp(left, right + node.key.lowerBound, common)
    }
    return order != 0 ? Int(order) : key.count - node.key.count
  }
}
