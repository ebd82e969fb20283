#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The disk space of a table file under construction: allocated ahead of what LMDB uses.
///
/// LMDB tells the page of a value, and may take some pages for keys around each value; a bound on the
/// pages in use follows from that.
struct AllocatedSpace: ~Copyable, Sendable {
  /// The file.
  let file: OpenFile
  private var allocatedBytes: UInt64 = 0
  /// Where the highest value seen so far ends.
  private var valuesEnd: UInt64 = 2
  /// A bound on the pages that were taken from there on.
  private var pagesAfter: UInt64 = 0

  /// Pages that LMDB may take for keys when it stores one value: copies and halves of the path to it.
  private static let pagesOfKeys: UInt64 = 16
  /// Pages allocated beyond what is known to be needed.
  private static let sparePages: UInt64 = 64
  /// Pages that a commit may need for its list of free pages.
  static let commitPages: UInt64 = 512
  private static let stepBytes: UInt64 = 8 << 20

  /// Creates an empty file that must not exist.
  init(creating path: String) throws(StorageError) {
    file = OpenFile(
      try FileDescriptor(path, flags: O_RDWR | O_CREAT | O_EXCL, action: "create")
    )
  }

  /// Removes the file.
  borrowing func remove() {
    // SAFETY: the path is a C string for the call.
    _ = unsafe unlink(file.descriptor.path)
  }

  /// Sees to it that `pages` more pages for a value, and some for keys, can be touched.
  mutating func prepare(pages: UInt64, pageBytes: UInt64) throws(StorageError) {
    let needed = (valuesEnd + pagesAfter + pages + Self.sparePages) * pageBytes
    guard needed > allocatedBytes else { return }
    let missing = needed - allocatedBytes
    do {
      try file.descriptor.allocate(offset: allocatedBytes, bytes: max(missing, Self.stepBytes))
      allocatedBytes += max(missing, Self.stepBytes)
    } catch {
      guard case .diskFull = error, missing < Self.stepBytes else { throw error }
      try file.descriptor.allocate(offset: allocatedBytes, bytes: missing)
      allocatedBytes = needed
    }
  }

  /// Notes where a value's pages are.
  ///
  /// LMDB takes new pages in ascending order: when a value is the highest, all pages taken before are lower.
  mutating func used(pages run: PageRun) {
    if run.first + run.count > valuesEnd {
      valuesEnd = run.first + run.count
      pagesAfter = Self.pagesOfKeys
    } else {
      pagesAfter += Self.pagesOfKeys
    }
  }

  /// Notes how many pages there are, exactly.
  mutating func used(allPages pages: UInt64) {
    valuesEnd = pages
    pagesAfter = 0
  }

  /// Cuts the file to `pages` pages, writes it to the disk, and describes it.
  ///
  /// `values` are the pages of values; all others are structural.
  borrowing func finish(
    pages: UInt64,
    pageBytes: UInt64,
    values: PageRuns
  ) throws(StorageError) -> TableFileLayout {
    guard let structural = values.complement(pages: pages) else {
      preconditionFailure("LMDB put two values on one page")
    }
    let bytes = pages * pageBytes
    // The size of the map, which LMDB notes in both meta pages, is not a property of the contents.
    for meta in [0, pageBytes] {
      // SAFETY: the eight bytes are read during the call.
      try unsafe withUnsafeBytes(of: bytes.littleEndian) { (size) throws(StorageError) in
        try unsafe file.descriptor.write(size, at: meta + LMDBPage.mapSizeOffset)
      }
    }
    try file.descriptor.truncate(to: bytes)
    try file.descriptor.synchronize()
    let checksum = try StructuralPages.checksum(
      of: file.descriptor,
      runs: structural,
      pageBytes: pageBytes
    )
    guard let checksum else {
      throw .wrongSize(
        path: file.descriptor.path,
        expectedBytes: bytes,
        foundBytes: try file.descriptor.size
      )
    }
    return TableFileLayout(
      bytes: bytes,
      pageBytes: pageBytes,
      structuralChecksum: checksum
    )
  }
}
