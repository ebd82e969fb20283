/// Checks the trees of a table file before LMDB sees it, and finds where its values are.
///
/// LMDB trusts its pages: a wrong offset makes it read outside the file or stop the process. So every meta,
/// branch and leaf page is walked here, with plain reads and checked offsets (`LMDBPage` has the layout).
/// A file passes when
/// 1. both meta pages are LMDB's, with the size of page and file that the manifest says;
/// 2. the main database has exactly the databases of `TableDatabase`, of the plain kind;
/// 3. every tree has its stated depth and number of entries, every page is reached once and is structural
///    by the manifest, every node lies within its page, keys ascend;
/// 4. every value has pages of its own, and these are exactly the pages that are not structural.
struct TableTree {
  /// A value and the pages that it takes.
  struct Place {
    var database: TableDatabase
    var key: [UInt8]
    var page: UInt64
  }

  /// The record of a database.
  private struct Root {
    var depth: Int
    var entries: UInt64
    var page: UInt64
  }

  /// The first value found, which tells LMDB's addresses from page numbers; nil when there is none.
  private(set) var anyValue: Place?
  /// How many values each database has.
  private(set) var valueCounts: [TableDatabase: UInt64] = [:]

  private let layout: TableFileLayout
  private let path: String
  private let pageCount: UInt64
  private var visited: Set<UInt64> = []
  private var valueRuns = PageRuns()
  private var roots: [TableDatabase: Root] = [:]
  private var entries: UInt64 = 0
  private var lastKey: [UInt8] = []

  /// Walks the whole file.
  init(checking file: borrowing FileDescriptor, layout: TableFileLayout) throws(StorageError) {
    guard let pageCount = layout.pageCount else { throw .damagedStructure(path: file.path) }
    self.layout = layout
    self.pageCount = pageCount
    path = file.path
    try walk(nil, from: try mainRoot(of: file), of: file)
    for database in TableDatabase.allCases {
      guard let root = roots[database] else { throw .damagedStructure(path: path) }
      valueCounts[database] = root.entries
      try walk(database, from: root, of: file)
    }
    guard valueRuns.complement(pages: pageCount) == layout.structuralRuns else {
      throw .damagedStructure(path: path)
    }
  }

  /// The main database of the newer meta page.
  private func mainRoot(of file: borrowing FileDescriptor) throws(StorageError) -> Root {
    var newest: (transaction: UInt64, page: TreePage)?
    for number in [UInt64(0), 1] {
      let page = try TreePage(number, of: file, pageBytes: layout.pageBytes)
      guard page.load(0) == number, page.load(10) == LMDBPage.metaFlag,
        page.load(16) == LMDBPage.magic, page.load(20) == LMDBPage.dataVersion,
        page.load(LMDBPage.freeRecordOffset, as: UInt32.self) == UInt32(layout.pageBytes),
        page.load(24, as: UInt64.self) == 0
      else { throw page.flaw("is not a meta page of LMDB") }
      let transaction: UInt64 = page.load(LMDBPage.transactionOffset)
      if newest.map({ $0.transaction < transaction }) ?? true { newest = (transaction, page) }
    }
    guard let page = newest?.page, page.load(LMDBPage.lastPageOffset) == pageCount - 1 else {
      throw .damagedPage(path: path, page: 0, reason: "states another size of the file")
    }
    return try root(in: page, at: LMDBPage.mainRecordOffset)
  }

  /// The record of a database at `offset`, where the page has room for it.
  private func root(in page: TreePage, at offset: Int) throws(StorageError) -> Root {
    let depth = Int(page.load(offset + 6, as: UInt16.self))
    guard page.load(offset + 4) == UInt16(0), depth < LMDBPage.maximumDepth else {
      throw page.flaw("has a database of an unknown kind")
    }
    return Root(depth: depth, entries: page.load(offset + 32), page: page.load(offset + 40))
  }

  /// Walks one database, or the main one when `database` is nil.
  private mutating func walk(
    _ database: TableDatabase?,
    from root: Root,
    of file: borrowing FileDescriptor
  ) throws(StorageError) {
    entries = 0
    lastKey = []
    if root.page == LMDBPage.noPage {
      guard root.depth == 0 else { throw .damagedStructure(path: path) }
    } else {
      guard root.depth >= 1 else { throw .damagedStructure(path: path) }
      try walk(database, page: root.page, depth: root.depth, of: file)
    }
    guard entries == root.entries else { throw .damagedStructure(path: path) }
  }

  private mutating func walk(
    _ database: TableDatabase?,
    page number: UInt64,
    depth: Int,
    of file: borrowing FileDescriptor
  ) throws(StorageError) {
    guard number >= 2, number < pageCount, layout.isStructural(number) else {
      throw .damagedPage(path: path, page: number, reason: "is not a page of keys, but is used so")
    }
    guard visited.insert(number).inserted else {
      throw .damagedPage(path: path, page: number, reason: "is used twice")
    }
    let page = try TreePage(number, of: file, pageBytes: layout.pageBytes)
    let isBranch = try page.isBranch
    guard isBranch == (depth > 1) else { throw page.flaw("is at a wrong depth") }
    for node in try page.nodes(isBranch: isBranch) {
      if isBranch {
        try walk(database, page: node.child, depth: depth - 1, of: file)
      } else {
        try note(node, of: page, database)
      }
    }
  }

  private mutating func note(
    _ node: TreePage.Node,
    of page: TreePage,
    _ database: TableDatabase?
  ) throws(StorageError) {
    guard lastKey.lexicographicallyPrecedes(node.key) else {
      throw page.flaw("has keys out of order")
    }
    lastKey = node.key
    entries += 1
    guard let database else {
      guard node.flags == LMDBPage.databaseFlag, node.dataBytes == UInt64(LMDBPage.recordBytes),
        let name = TableDatabase.allCases.first(where: { Array($0.rawValue.utf8) == node.key })
      else { throw page.flaw("has a database that does not belong here") }
      roots[name] = try root(in: page, at: node.dataOffset)
      return
    }
    guard node.flags == LMDBPage.bigDataFlag else { throw page.flaw("has a value among its keys") }
    let first: UInt64 = page.load(node.dataOffset)
    let pages =
      (node.dataBytes + UInt64(LMDBPage.headerBytes) + layout.pageBytes - 1) / layout.pageBytes
    guard first >= 2, first < pageCount, pages <= pageCount - first else {
      throw page.flaw("has a value outside the file")
    }
    valueRuns.append(PageRun(first: first, count: pages))
    if anyValue == nil { anyValue = Place(database: database, key: node.key, page: first) }
  }
}

extension TableFileLayout {
  /// How many pages the file has; nil unless sizes are possible and the structural runs ascend within them.
  var pageCount: UInt64? {
    guard (512...32768).contains(pageBytes), pageBytes.nonzeroBitCount == 1,
      bytes % pageBytes == 0, bytes >= 2 * pageBytes, bytes <= UInt64(Int64.max)
    else { return nil }
    let count = bytes / pageBytes
    var next: UInt64 = 0
    for run in structuralRuns {
      guard run.first >= next, run.first < count, run.count >= 1, run.count <= count - run.first
      else {
        return nil
      }
      next = run.first + run.count
    }
    return count
  }

  /// Whether a page is in the structural runs.
  func isStructural(_ page: UInt64) -> Bool {
    var low = 0
    var high = structuralRuns.count
    while low < high {
      let middle = (low + high) / 2
      if structuralRuns[middle].first <= page { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return false }
    return page - structuralRuns[low - 1].first < structuralRuns[low - 1].count
  }
}
